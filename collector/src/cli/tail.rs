use std::{
    collections::{HashSet, VecDeque},
    fmt, io,
    path::{Path, PathBuf},
    process::ExitCode,
    thread,
    time::Duration,
};

use clap::Args;

use super::{
    Failure,
    folder::default_dir,
    output::{Colour, Stop, print},
};
use crate::{
    spool::{Reader, segments},
    stderr::say,
    tail::{Condition, Filter, Level, Lines, Record, clean, tree},
};

/// How often a file is looked at for what is new.
const POLL: Duration = Duration::from_millis(200);

/// So much text is gathered before it is printed.
const PAGE: usize = 64 << 10;

/// Show stored events, and follow as more arrive; or show whole requests as trees
///
/// Prints the last events, then each new one until it is interrupted.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 shown; 1 could not read; 2 wrong usage; 3 there is no event of that request"
)]
pub(super) struct Arguments {
    /// The folder of the events [default: /var/lib/throughline for root, else ~/.local/state/throughline]
    #[arg(long, env = "THROUGHLINE_DIR")]
    dir: Option<PathBuf>,

    #[cfg(feature = "nats")]
    #[command(flatten)]
    jetstream: super::jetstream::FromJetStream,

    /// How many of the stored events to begin with
    #[arg(short = 'n', long, default_value_t = 10)]
    lines: usize,

    /// End after the stored events
    #[arg(long)]
    no_follow: bool,

    /// Show this request, over all services, as a tree, and end
    #[arg(long, value_name = "ID")]
    request: Option<String>,

    /// Show all requests that have a matching event as trees, and end
    #[arg(long, conflicts_with = "json")]
    tree: bool,

    /// Print matching events as they are stored, one JSON object a line
    #[arg(long)]
    json: bool,

    /// Only events of this name, or whose name begins with these parts: `user` matches `user.login_failed`; repeatable
    #[arg(long, value_name = "NAME")]
    event: Vec<String>,

    /// Only events of this level or above: trace, debug, info, warn, error
    #[arg(long, value_parser = |text: &str| Level::parse(text).ok_or("no such level"))]
    level: Option<Level>,

    /// Only events of this service
    #[arg(long, value_name = "NAME")]
    service: Option<String>,

    /// Only events with this value of a field or a context entry; repeatable, and all must hold
    #[arg(long = "where", value_name = "FIELD=VALUE", value_parser = Condition::parse)]
    conditions: Vec<Condition>,

    /// End each line with the id of its request
    #[arg(long)]
    ids: bool,

    /// When to use colours
    #[arg(long, value_enum, default_value_t = Colour::Auto)]
    color: Colour,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let dir = arguments.dir.clone().unwrap_or_else(default_dir);
    let view = View { filter: arguments.filter(), stored: arguments.stored(dir)?, arguments };
    let done = match &arguments.request {
        Some(id) if arguments.json => view.request_json(id),
        Some(id) => view.request(id),
        None if arguments.tree => view.trees(),
        None => view.events(),
    };
    match done {
        Ok(()) | Err(Stop::NobodyReads) => Ok(ExitCode::SUCCESS),
        Err(Stop::Failed(failure)) => Err(failure),
    }
}

impl Arguments {
    fn stored(&self, dir: PathBuf) -> Result<Stored, Failure> {
        #[cfg(feature = "nats")]
        if let Some(stream) = self.jetstream.named()? {
            return Ok(Stored::JetStream(stream.into()));
        }
        Ok(Stored::Folder(dir))
    }

    fn filter(&self) -> Filter {
        Filter {
            events: self.event.clone(),
            level: self.level,
            service: self.service.clone(),
            request: self.request.clone(),
            conditions: self.conditions.clone(),
        }
    }
}

/// Where the events are.
enum Stored {
    Folder(PathBuf),
    #[cfg(feature = "nats")]
    JetStream(Box<super::jetstream::JetStream>),
}

/// What to show of what is stored.
struct View<'a> {
    arguments: &'a Arguments,
    stored: Stored,
    filter: Filter,
}

impl View<'_> {
    fn request(&self, id: &str) -> Result<(), Stop> {
        let mut records = Vec::new();
        self.each_stored(id, |_, record| {
            records.extend(record);
            Ok(())
        })?;
        if records.is_empty() {
            return Err(self.not_found(id).into());
        }
        print(&tree::render(&records, &self.arguments.color.style()))
    }

    fn request_json(&self, id: &str) -> Result<(), Stop> {
        let mut found = false;
        self.each_stored(id, |line, record| match record {
            Some(_) => {
                found = true;
                print(&format!("{line}\n"))
            }
            None => Ok(()),
        })?;
        if found { Ok(()) } else { Err(self.not_found(id).into()) }
    }

    fn trees(&self) -> Result<(), Stop> {
        let mut records = Vec::new();
        let mut wanted = HashSet::new();
        self.each_line(|line| {
            if let Ok(record) = Record::parse(line)
                && let Some(id) = record.request_id()
            {
                if self.filter.matches(&record) {
                    wanted.insert(id.to_owned());
                }
                records.push(record);
            }
            Ok(())
        })?;
        records.retain(|record| record.request_id().is_some_and(|id| wanted.contains(id)));
        print(&tree::render(&records, &self.arguments.color.style()))
    }

    /// Calls `each` with the stored lines that may name the request `id`, and their records where they match.
    fn each_stored(
        &self,
        id: &str,
        mut each: impl FnMut(&str, Option<Record>) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        // Some writers of JSON spell characters such as `/`, `+` or `=` by their codes.
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
        let needle = if id.chars().all(is_plain) { id } else { "" };
        self.each_line(|line| {
            if !line.contains(needle) {
                return Ok(());
            }
            let record = Record::parse(line).ok();
            each(line, record.filter(|record| self.filter.matches(record)))
        })
    }

    /// Calls `each` with every line that is stored now.
    fn each_line(&self, mut each: impl FnMut(&str) -> Result<(), Stop>) -> Result<(), Stop> {
        match &self.stored {
            Stored::Folder(dir) => {
                let mut reader = Reader::open(dir).map_err(|error| unreadable(dir, &error))?;
                for line in &mut reader {
                    each(&line.map_err(|error| unreadable(dir, &error))?)?;
                }
                say_missed(reader.missed());
                Ok(())
            }
            #[cfg(feature = "nats")]
            Stored::JetStream(stream) => stream.each_line(None, false, |line, _| each(line)),
        }
    }

    fn events(&self) -> Result<(), Stop> {
        let mut printer = Printer {
            filter: &self.filter,
            json: self.arguments.json,
            columns: Lines::new(self.arguments.color.style(), self.arguments.ids),
            page: String::new(),
        };
        match &self.stored {
            Stored::Folder(dir) => self.events_of_folder(dir, &mut printer),
            #[cfg(feature = "nats")]
            Stored::JetStream(stream) => {
                let (last, follow) = (self.arguments.lines as u64, !self.arguments.no_follow);
                stream.each_line(Some(last), follow, |line, more| {
                    printer.line(line)?;
                    if more { Ok(()) } else { printer.flush() }
                })?;
                printer.flush()
            }
        }
    }

    fn events_of_folder(&self, dir: &Path, printer: &mut Printer<'_>) -> Result<(), Stop> {
        let unreadable = |error| unreadable(dir, &error);
        let backlog = self.backlog(dir, printer).map_err(unreadable)?;
        for line in &backlog.lines {
            if let Ok(record) = Record::parse(line) {
                printer.columns.fit(&record);
            }
        }
        for line in &backlog.lines {
            printer.line(line)?;
        }
        printer.flush()?;
        if self.arguments.no_follow {
            return Ok(());
        }
        let reader = match backlog.end {
            Some((sequence, position)) => Reader::open_at(dir, sequence, position),
            None => Reader::open(dir),
        };
        let mut reader = reader.map_err(unreadable)?;
        let mut told = 0;
        loop {
            for line in &mut reader {
                printer.line(&line.map_err(unreadable)?)?;
            }
            printer.flush()?;
            say_missed(reader.missed() - told);
            told = reader.missed();
            thread::sleep(POLL);
        }
    }

    /// The last lines to begin with, found from the newest file backwards.
    fn backlog(&self, dir: &Path, printer: &Printer<'_>) -> io::Result<Backlog> {
        let wanted = self.arguments.lines;
        let mut backlog = Backlog { lines: VecDeque::new(), end: None };
        let sequences = segments(dir)?;
        for (from_end, &sequence) in sequences.iter().rev().enumerate() {
            let mut lines = VecDeque::new();
            let mut reader = Reader::open_at(dir, sequence, 0)?;
            let room = wanted - backlog.lines.len();
            let mut end = (sequence, 0);
            while reader.position().is_some_and(|(now, _)| now == sequence) {
                let Some(line) = reader.next().transpose()? else {
                    break;
                };
                match reader.position() {
                    Some(position) if position.0 == sequence => end = position,
                    _ => break,
                }
                if printer.wants(&line) {
                    lines.push_back(line);
                    if lines.len() > room {
                        lines.pop_front();
                    }
                }
            }
            if from_end == 0 {
                backlog.end = Some(end);
            }
            lines.append(&mut backlog.lines);
            backlog.lines = lines;
            if backlog.lines.len() >= wanted {
                break;
            }
        }
        Ok(backlog)
    }

    fn not_found(&self, id: &str) -> Failure {
        Failure::nothing_found(format_args!(
            "{} has no matching event of the request {}; `throughline tail --ids` shows the ids of those it has",
            self.stored,
            clean(id)
        ))
    }
}

impl fmt::Display for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(dir) => dir.display().fmt(f),
            #[cfg(feature = "nats")]
            Self::JetStream(stream) => stream.fmt(f),
        }
    }
}

fn unreadable(dir: &Path, error: &io::Error) -> Failure {
    let dir = dir.display();
    if error.kind() == io::ErrorKind::NotFound {
        return Failure::new(format_args!(
            "there is no folder {dir}: say where a collector stores with --dir, or start one with `throughline collect`"
        ));
    }
    Failure::new(format_args!("cannot read {dir}: {error}"))
}

/// Says that what was stored in so many files is not shown.
fn say_missed(files: u64) {
    if files > 0 {
        let plural = if files == 1 { "" } else { "s" };
        say(format_args!("up to {files} file{plural} of events deleted before they were read"));
    }
}

/// The stored lines to begin with.
struct Backlog {
    lines: VecDeque<String>,
    /// The number of the newest file, if there is one, and the position after its last line.
    end: Option<(u64, u64)>,
}

/// Prints the lines that pass.
struct Printer<'a> {
    filter: &'a Filter,
    json: bool,
    columns: Lines,
    page: String,
}

impl Printer<'_> {
    /// Whether a line is to be shown. One that is no event passes where no filter asks for something.
    fn wants(&self, line: &str) -> bool {
        if self.filter.is_empty() {
            return true;
        }
        Record::parse(line).is_ok_and(|record| self.filter.matches(&record))
    }

    fn line(&mut self, line: &str) -> Result<(), Stop> {
        if !self.wants(line) {
            return Ok(());
        }
        match Record::parse(line) {
            _ if self.json => {
                self.page.push_str(line);
                self.page.push('\n');
            }
            Ok(record) => self.columns.write(&record, &mut self.page),
            Err(_) => self.columns.write_raw(line, &mut self.page),
        }
        if self.page.len() > PAGE {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Stop> {
        if self.page.is_empty() {
            return Ok(());
        }
        let printed = print(&self.page);
        self.page.clear();
        printed
    }
}
