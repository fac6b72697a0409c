//! What lock files say, in other forms.

use std::{fs, path::PathBuf, process::ExitCode};

use clap::Args;
use throughline_schema::lock::Lock;

use super::{
    super::{Failure, output::Stop},
    files::{Files, write},
};

/// Lock files, and where to write what is made of them.
#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 written; 2 could not, or the files contradict each other")]
pub(in super::super) struct Document {
    #[command(flatten)]
    files: Files,

    /// The file to write [default: the standard output]
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Lock files, and a folder for the schemas that are made of them.
#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 written; 2 could not, or the files contradict each other")]
pub(in super::super) struct JsonSchema {
    #[command(flatten)]
    files: Files,

    /// The folder for `stream.schema.json`, and for `NAME.vVERSION.schema.json` of each event [default: the stream's alone, to the standard output]
    #[arg(long, short, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Document {
    pub(super) fn write(&self, make: impl FnOnce(&Lock) -> String) -> Result<ExitCode, Stop> {
        write(self.out.as_deref(), &make(&self.files.merged()?))?;
        Ok(ExitCode::SUCCESS)
    }
}

impl JsonSchema {
    pub(super) fn run(&self) -> Result<ExitCode, Stop> {
        let lock = self.files.merged()?;
        let Some(dir) = &self.out else {
            write(None, &lock.stream_schema())?;
            return Ok(ExitCode::SUCCESS);
        };
        fs::create_dir_all(dir)
            .map_err(|error| Failure::usage(format_args!("{}: {error}", dir.display())))?;
        write(Some(&dir.join("stream.schema.json")), &lock.stream_schema())?;
        for event in &lock.events {
            if let Some(schema) = lock.event_schema(&event.name, event.version) {
                let name = format!("{}.v{}.schema.json", event.name, event.version);
                write(Some(&dir.join(name)), &schema)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
