//! `throughline schema`: what services say of their events, from their lock files.

mod check;
mod diff;
mod export;
mod files;
mod lint;

use std::process::ExitCode;

use clap::Subcommand;
use throughline_schema::lock::Lock;

pub(super) use lint::LinesToCheck;

use super::{Failure, output::Stop};

/// Compare, check and export what services say of their events, from lock files
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Write one lock file: sorted, and merged from all that are given
    Lock(export::Document),
    /// Write JSON Schema (2020-12): of the stream, or, with --out, of each event as well
    JsonSchema(export::JsonSchema),
    /// Write Markdown for people: every event with its fields, types, units and classes, and an example
    Docs(export::Document),
    /// Write a registry for OpenTelemetry Weaver, as YAML
    Weaver(export::Document),
    Diff(diff::Arguments),
    Check(check::Arguments),
    Lint(lint::Arguments),
}

pub(super) fn run(command: Command) -> Result<ExitCode, Failure> {
    let done = match command {
        Command::Lock(arguments) => arguments.write(Lock::to_json),
        Command::JsonSchema(arguments) => arguments.run(),
        Command::Docs(arguments) => arguments.write(Lock::to_markdown),
        Command::Weaver(arguments) => arguments.write(Lock::to_weaver),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Lint(arguments) => lint::run(&arguments),
    };
    match done {
        Ok(code) => Ok(code),
        // Not all was looked at, or not all of it was read.
        Err(Stop::NobodyReads) => Ok(ExitCode::FAILURE),
        // 1 is for what is wrong with the files' content.
        Err(Stop::Failed(failure)) => Err(Failure::usage(failure.message)),
    }
}

/// 0 if there were no faults, else 1.
fn exit_code(faults: bool) -> ExitCode {
    ExitCode::from(u8::from(faults))
}
