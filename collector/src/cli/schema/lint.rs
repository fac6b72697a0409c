use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;

use super::{
    super::{
        Failure,
        output::Stop,
        report::{Finding, Format, Report},
    },
    exit_code, files,
};
use crate::lint::{Fault, Line, Lines, Linter};
use crate::stderr::say;

/// Check stored lines against lock files
///
/// Says of each fault the line, the event, the field, what was expected and what was found. Events and versions that no lock file has are reported once each, and are no faults; their lines are checked
/// against the contract alone.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 no faults; 1 faults; 2 wrong usage, or a file cannot be read, or the lock files contradict each other"
)]
pub(in super::super) struct Arguments {
    /// A lock file; repeatable
    #[arg(long, value_name = "LOCK", required = true)]
    lock: Vec<PathBuf>,

    #[command(flatten)]
    lines: LinesToCheck,
}

/// Which lines to check, and how to say what is wrong with them.
#[derive(Debug, Args)]
pub(in super::super) struct LinesToCheck {
    /// The files of lines; `-`, or none, is the standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// End after so many faults
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    max_faults: u64,

    /// How to print what is found
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Stop> {
    let locks: Result<Vec<_>, _> =
        arguments.lock.iter().map(|path| files::File::read(path)).collect();
    let linter = Linter::new(files::merged(&locks?)?);
    arguments.lines.check(linter, true)
}

impl LinesToCheck {
    /// Checks all lines. `tells_unknown` is whether events that the linter does not know are reported.
    pub(in super::super) fn check(
        &self,
        mut linter: Linter,
        tells_unknown: bool,
    ) -> Result<ExitCode, Stop> {
        let stdin = [PathBuf::from("-")];
        let files = if self.files.is_empty() { &stdin[..] } else { &self.files };
        let mut report = Report::new(self.format);
        let mut lines = 0;
        for path in files {
            lines += self.file(path, &mut linter, &mut report)?;
            if report.faults >= self.max_faults {
                say(format_args!("ended after {} faults; there may be more", report.faults));
                break;
            }
        }
        for (event, count) in linter.unknown().filter(|_| tells_unknown) {
            let (event, message) = match event {
                "" => (None, format!("more unknown events: {count} lines")),
                event => {
                    (Some(event.to_owned()), format!("{event} is in no lock file: {count} lines"))
                }
            };
            let rule = "unknown event";
            report.tell(&Finding { is_note: true, rule, event, message, ..Finding::default() })?;
        }
        let faults = report.finish()?;
        say(format_args!("{lines} lines, {faults} faults"));
        Ok(exit_code(faults > 0))
    }

    /// Returns the number of lines.
    fn file(&self, path: &Path, linter: &mut Linter, report: &mut Report) -> Result<u64, Stop> {
        let name = path.display().to_string();
        let unreadable = |error: io::Error| Failure::usage(format_args!("{name}: {error}"));
        let input: Box<dyn Read> = if name == "-" {
            Box::new(io::stdin().lock())
        } else {
            Box::new(File::open(path).map_err(unreadable)?)
        };
        let mut lines = Lines::new(input);
        let mut faults = Vec::new();
        let mut number = 0;
        loop {
            let read = lines.next(|line| match line {
                // An empty line carries no event.
                Line::Whole([]) => {}
                Line::Whole(line) => linter.check(line, &mut faults),
                Line::TooLong(length) => faults.push(Fault::too_long(length)),
            });
            if read.map_err(unreadable)?.is_none() {
                return Ok(number);
            }
            number += 1;
            for fault in faults.drain(..) {
                report.tell(&finding(&name, number, fault))?;
            }
            if report.faults >= self.max_faults {
                return Ok(number);
            }
        }
    }
}

fn finding(file: &str, line: u64, fault: Fault) -> Finding {
    Finding {
        file: file.to_owned(),
        line: Some(line),
        rule: "line",
        message: fault.to_string(),
        event: fault.event,
        field: fault.field,
        expected: Some(fault.expected),
        found: Some(fault.found),
        ..Finding::default()
    }
}
