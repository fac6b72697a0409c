use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    process::ExitCode,
};

use clap::Args;
use throughline_schema::lock::{Conflict, conflicts};

use super::{
    super::{
        Failure,
        output::Stop,
        report::{Finding, Format, Report},
    },
    exit_code,
    files::{File, Files},
};
use crate::{
    locks::shape_differences,
    names::{Likeness, Standard, likeness, standard},
    stderr::say,
};

/// Find names that mean two things across services, and names that are taken for others
///
/// Tells of a field or key with two types, units or classes; of two shapes of one version of an event; of a name that is another one but for its dots and underscores, or but for one edit
/// in a word of five letters or more (a plural `s` and digits aside); and of a name that OpenTelemetry's semantic conventions spell otherwise or have deprecated.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 nothing found; 1 something found; 2 wrong usage, or a file cannot be read"
)]
pub(in super::super) struct Arguments {
    #[command(flatten)]
    files: Files,

    /// Say nothing of this name; repeatable
    #[arg(long, value_name = "NAME")]
    allow: Vec<String>,

    /// Say nothing of the names in this file, one a line; what follows a `#` is not read
    #[arg(long, value_name = "FILE")]
    allow_file: Option<PathBuf>,

    /// How to print what is found
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Stop> {
    let files = arguments.files.read()?;
    let allowed = arguments.allowed()?;
    let mut used = BTreeSet::new();
    let mut report = Report::new(arguments.format);
    for (names, finding) in findings(&files) {
        match names.into_iter().find(|name| allowed.contains(name)) {
            Some(name) => drop(used.insert(name)),
            None => report.tell(&finding)?,
        }
    }
    let faults = report.finish()?;
    for name in allowed.difference(&used) {
        say(format_args!("nothing was found of {name:?}, which is allowed"));
    }
    Ok(exit_code(faults > 0))
}

impl Arguments {
    fn allowed(&self) -> Result<BTreeSet<String>, Failure> {
        let mut allowed: BTreeSet<_> = self.allow.iter().cloned().collect();
        if let Some(path) = &self.allow_file {
            let text = fs::read_to_string(path)
                .map_err(|error| Failure::usage(format_args!("{}: {error}", path.display())))?;
            let names = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
            allowed.extend(names.filter(|name| !name.is_empty()).map(str::to_owned));
        }
        Ok(allowed)
    }
}

/// All findings, with the names that each is about.
fn findings(files: &[File]) -> Vec<(Vec<String>, Finding)> {
    let mut all = Vec::new();
    let locks: Vec<_> = files.iter().map(|file| (file.name.as_str(), &file.lock)).collect();
    for conflict in conflicts(&locks) {
        all.push(of_conflict(files, &conflict));
    }
    let fields = uses(files, |file| {
        let fields = file.lock.events.iter().flat_map(|event| &event.fields);
        let fields = fields.map(|field| field.name.as_str());
        fields.chain(file.lock.keys.iter().map(|key| key.name.as_str())).collect()
    });
    let events =
        uses(files, |file| file.lock.events.iter().map(|event| event.name.as_str()).collect());
    for name in fields.keys() {
        all.extend(of_standard(&fields, name));
    }
    let is_key = |name: &str| standard(name) == Some(Standard::Key);
    all.extend(of_likeness(&fields, false, |a, b| is_key(a) && is_key(b)));
    all.extend(of_likeness(&events, true, |_, _| false));
    all
}

/// The names that files have, and which files have each, as often as they do.
type Uses<'a> = BTreeMap<&'a str, Vec<&'a File>>;

fn uses<'a>(files: &'a [File], names: impl Fn(&'a File) -> Vec<&'a str>) -> Uses<'a> {
    let mut uses = Uses::new();
    for file in files {
        for name in names(file) {
            uses.entry(name).or_default().push(file);
        }
    }
    uses
}

fn of_conflict(files: &[File], conflict: &Conflict) -> (Vec<String>, Finding) {
    let Conflict { name, what, here, there, .. } = conflict;
    let file_of = |place: &str| {
        let is_it =
            |file: &&File| place == file.name || place.ends_with(&format!("({})", file.name));
        files.iter().find(is_it).unwrap_or(&files[0])
    };
    let (first, file) = (file_of(&here.0), file_of(&there.0));
    let mut finding = Finding {
        file: file.name.clone(),
        rule: match *what {
            "type" => "two types",
            "unit" => "two units",
            "class" => "two classes",
            _ => "two shapes",
        },
        ..Finding::default()
    };
    let Some((event, version)) = name.split_once(" v").filter(|_| *what == "shape") else {
        finding.field = Some(name.clone());
        finding.line = file.line_of(name);
        finding.expected = Some(here.1.clone());
        finding.found = Some(there.1.clone());
        finding.message = conflict.to_string();
        return (vec![name.clone()], finding);
    };
    let version = version.parse().unwrap_or_default();
    let differences = shape_differences(event, version, &first.lock, &file.lock).join("; ");
    finding.event = Some(name.clone());
    finding.line = file.line_of(event);
    finding.message =
        format!("{name} has two shapes, in {} and in {}: {differences}", first.name, file.name);
    (vec![event.to_owned()], finding)
}

fn of_standard(uses: &Uses<'_>, name: &str) -> Option<(Vec<String>, Finding)> {
    let (rule, expected) = match standard(name)? {
        Standard::Key => return None,
        Standard::Deprecated(now) => ("deprecated by OpenTelemetry", now),
        Standard::Spelled(key) => match standard(key) {
            Some(Standard::Deprecated(Some(now))) => {
                ("another spelling of OpenTelemetry", Some(now))
            }
            _ => ("another spelling of OpenTelemetry", Some(key)),
        },
    };
    let file = uses[name][0];
    let message = match (standard(name)?, expected) {
        (Standard::Spelled(_), Some(now)) => {
            format!("{name} is {now} in OpenTelemetry's semantic conventions")
        }
        (_, Some(now)) => {
            format!(
                "{name} is deprecated in OpenTelemetry's semantic conventions, and is {now} now"
            )
        }
        (_, None) => format!("{name} is deprecated in OpenTelemetry's semantic conventions"),
    };
    let finding = Finding {
        file: file.name.clone(),
        line: file.line_of(name),
        rule,
        field: Some(name.to_owned()),
        expected: expected.map(str::to_owned),
        found: Some(name.to_owned()),
        message,
        ..Finding::default()
    };
    Some((vec![name.to_owned()], finding))
}

fn of_likeness(
    uses: &Uses<'_>,
    is_event: bool,
    are_meant: impl Fn(&str, &str) -> bool,
) -> Vec<(Vec<String>, Finding)> {
    let mut all = Vec::new();
    let names: Vec<_> = uses.keys().copied().collect();
    for (index, a) in names.iter().enumerate() {
        for b in &names[index + 1..] {
            let Some(likeness) = likeness(a, b) else { continue };
            if are_meant(a, b) {
                continue;
            }
            // The rarer one is the slip.
            let (rare, usual) = if uses[a].len() < uses[b].len() { (a, b) } else { (b, a) };
            let (file, other) = (uses[rare][0], uses[usual][0]);
            let (rule, how) = match likeness {
                Likeness::Separators => ("two spellings", "another spelling of"),
                Likeness::Slip => ("one edit apart", "one edit away from"),
            };
            let (here, there) = (&file.name, &other.name);
            let finding = Finding {
                file: here.clone(),
                line: file.line_of(rare),
                rule,
                event: is_event.then(|| (*rare).to_owned()),
                field: (!is_event).then(|| (*rare).to_owned()),
                expected: Some((*usual).to_owned()),
                found: Some((*rare).to_owned()),
                message: format!("{rare} ({here}) is {how} {usual} ({there})"),
                ..Finding::default()
            };
            all.push((vec![(*rare).to_owned(), (*usual).to_owned()], finding));
        }
    }
    all
}
