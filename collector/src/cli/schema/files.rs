use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use clap::Args;
use throughline_schema::lock::Lock;

use super::super::{
    Failure,
    output::{Stop, print},
};
use crate::locks::merge;

/// A lock file that was read.
pub(super) struct File {
    pub(super) name: String,
    text: String,
    pub(super) lock: Lock,
}

impl File {
    /// Reads a lock file; `-` is the standard input.
    pub(super) fn read(path: &Path) -> Result<File, Failure> {
        let name = path.display().to_string();
        let text = if name == "-" {
            let mut text = String::new();
            io::stdin().read_to_string(&mut text).map(|_| text)
        } else {
            fs::read_to_string(path)
        };
        let text = text.map_err(|error| Failure::usage(format_args!("{name}: {error}")))?;
        let lock =
            Lock::parse(&text).map_err(|error| Failure::usage(format_args!("{name}: {error}")))?;
        Ok(File { name, text, lock })
    }

    /// The first line on which something has this name.
    pub(super) fn line_of(&self, name: &str) -> Option<u64> {
        let named = format!("\"name\":\"{name}\"");
        let is_it = |line: &str| line.replace("\": \"", "\":\"").contains(&named);
        let at = self.text.lines().position(is_it)?;
        u64::try_from(at + 1).ok()
    }
}

/// Several lock files.
#[derive(Debug, Args)]
pub(super) struct Files {
    /// The lock files; `-`, or none, is the standard input
    #[arg(value_name = "LOCK")]
    files: Vec<PathBuf>,
}

impl Files {
    pub(super) fn read(&self) -> Result<Vec<File>, Failure> {
        let stdin = [PathBuf::from("-")];
        let files = if self.files.is_empty() { &stdin[..] } else { &self.files };
        files.iter().map(|path| File::read(path)).collect()
    }

    /// All of them as one.
    pub(super) fn merged(&self) -> Result<Lock, Failure> {
        merged(&self.read()?)
    }
}

/// All of `files` as one lock.
pub(super) fn merged(files: &[File]) -> Result<Lock, Failure> {
    let locks: Vec<_> = files.iter().map(|file| (file.name.as_str(), &file.lock)).collect();
    merge(&locks).map_err(|faults| {
        Failure::usage(format_args!("the lock files contradict each other: {}", faults.join("; ")))
    })
}

/// Writes to a file, or to the standard output.
pub(super) fn write(out: Option<&Path>, text: &str) -> Result<(), Stop> {
    let Some(path) = out else { return print(text) };
    let written = fs::write(path, text);
    written.map_err(|error| Failure::usage(format_args!("{}: {error}", path.display())).into())
}
