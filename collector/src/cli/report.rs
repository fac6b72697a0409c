//! What is wrong with files, as people, programs and GitHub read it.

use std::io::{self, BufWriter, StdoutLock, Write};

use clap::ValueEnum;
use serde::Serialize;

use super::{Failure, output::Stop};
use crate::tail::clean;

/// How to print what was found.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Format {
    /// One line each, for people
    Text,
    /// One JSON object a line
    Json,
    /// Workflow commands, which GitHub shows beside the line
    Github,
}

/// One thing that is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Finding {
    /// Whether it is told without being a fault.
    #[serde(skip)]
    pub(super) is_note: bool,
    /// Empty, if it is not about one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) line: Option<u64>,
    /// What kind of thing it is: a constant.
    pub(super) rule: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) event: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expected: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) found: Option<String>,
    /// All of it, as one sentence.
    pub(super) message: String,
}

/// Prints what was found.
pub(super) struct Report {
    format: Format,
    out: BufWriter<StdoutLock<'static>>,
    /// How many faults there were.
    pub(super) faults: u64,
}

impl Report {
    pub(super) fn new(format: Format) -> Self {
        Self { format, out: BufWriter::new(io::stdout().lock()), faults: 0 }
    }

    pub(super) fn tell(&mut self, finding: &Finding) -> Result<(), Stop> {
        self.faults += u64::from(!finding.is_note);
        let text = match self.format {
            Format::Text => text(finding),
            Format::Json => json(finding),
            Format::Github => github(finding),
        };
        writeln!(self.out, "{text}").map_err(stopped)
    }

    pub(super) fn finish(mut self) -> Result<u64, Stop> {
        self.out.flush().map_err(stopped)?;
        Ok(self.faults)
    }
}

fn stopped(error: io::Error) -> Stop {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Stop::NobodyReads,
        _ => Stop::Failed(Failure::usage(format_args!("cannot write the output: {error}"))),
    }
}

fn text(finding: &Finding) -> String {
    let Finding { file, line, message, .. } = finding;
    let line = line.map(|line| format!(":{line}")).unwrap_or_default();
    let note = if finding.is_note { "note: " } else { "" };
    let place = if file.is_empty() { String::new() } else { format!("{file}{line}: ") };
    clean(&format!("{place}{note}{message}")).into_owned()
}

fn json(finding: &Finding) -> String {
    #[derive(Serialize)]
    struct Line<'a> {
        severity: &'a str,
        #[serde(flatten)]
        finding: &'a Finding,
    }
    let severity = if finding.is_note { "note" } else { "error" };
    // Strings and numbers can always be written.
    serde_json::to_string(&Line { severity, finding }).unwrap_or_default()
}

/// A workflow command: <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>.
fn github(finding: &Finding) -> String {
    let Finding { file, line, rule, message, .. } = finding;
    let command = if finding.is_note { "notice" } else { "error" };
    // No control character is left to be escaped.
    let data = |text: &str| clean(text).replace('%', "%25");
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let mut place = String::new();
    if !file.is_empty() {
        place.push_str(&format!("file={},", property(file)));
    }
    if let Some(line) = line {
        place.push_str(&format!("line={line},"));
    }
    format!("::{command} {place}title={}::{}", property(rule), data(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_finding_ends_a_workflow_command_or_steers_a_terminal() {
        let finding = Finding {
            file: "a,b:c%.json".into(),
            line: Some(7),
            rule: "type",
            message: "50%\n::error::x\u{1b}[2J".into(),
            ..Finding::default()
        };
        let command = github(&finding);
        assert_eq!(
            command,
            "::error file=a%2Cb%3Ac%25.json,line=7,title=type::50%25\\n::error::x\\u001b[2J"
        );
        assert!(!text(&finding).contains(['\n', '\u{1b}']) && !json(&finding).contains('\n'));
    }
}
