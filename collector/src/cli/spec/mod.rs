//! `throughline spec`: whether other programs keep to the contract.

mod candidate;
mod vectors;

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use throughline_schema::lock::Lock;

use super::{Failure, output::Stop, schema::LinesToCheck};
use crate::lint::Linter;

/// Check whether programs in any language keep to the contract
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Check(Arguments),
}

/// Check the lines that a program wrote, or, with --vectors, how it reads
///
/// With --vectors, COMMAND is started once and asked about one vector after the other: a line of JSON each way, as `spec/conformance.md` says.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 it keeps to the contract; 1 it does not; 2 wrong usage, or a file cannot be read"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    lines: LinesToCheck,

    /// The folder of the contract's vectors: `spec/vectors`
    #[arg(long, value_name = "DIR", requires = "command", conflicts_with_all = ["files", "max_faults", "format"])]
    vectors: Option<PathBuf>,

    /// The program to ask, and its arguments
    #[arg(last = true, requires = "vectors")]
    command: Vec<OsString>,
}

pub(super) fn run(command: &Command) -> Result<ExitCode, Failure> {
    let Command::Check(arguments) = command;
    let done = match &arguments.vectors {
        Some(folder) => vectors::check(folder, &arguments.command),
        None => contract().and_then(|linter| arguments.lines.check(linter, false)),
    };
    match done {
        Ok(code) => Ok(code),
        // Not all was looked at.
        Err(Stop::NobodyReads) => Ok(ExitCode::FAILURE),
        Err(Stop::Failed(failure)) => Err(Failure::usage(failure.message)),
    }
}

/// Knows of no events, and so of nothing but the contract.
fn contract() -> Result<Linter, Stop> {
    let lock = Lock::parse(r#"{"format":1,"events":[],"keys":[]}"#);
    Ok(Linter::new(lock.map_err(Failure::usage)?))
}
