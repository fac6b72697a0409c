use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use throughline_schema::lock::compare;

use super::{
    super::output::{Stop, print},
    exit_code,
    files::File,
};

/// Say how one lock file differs from another, one line for each difference
///
/// Says of each what it is, where, whether readers survive it and why, and what to do.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 no difference breaks readers; 1 one does, without a new version; 2 wrong usage, or a file cannot be read"
)]
pub(in super::super) struct Arguments {
    /// The lock file that readers know
    old: PathBuf,

    /// The lock file of now
    new: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Stop> {
    let old = File::read(&arguments.old)?;
    let new = File::read(&arguments.new)?;
    let differences = compare(&old.lock, &new.lock);
    let lines: String = differences.iter().map(|difference| format!("{difference}\n")).collect();
    print(&lines)?;
    Ok(exit_code(differences.iter().any(|difference| difference.rule.breaks)))
}
