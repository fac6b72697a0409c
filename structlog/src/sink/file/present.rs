use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use super::rotation::Rotation;
use crate::sink::whole::Whole;

/// The file that lines go to.
#[derive(Debug)]
pub(super) struct Present {
    pub(super) out: Whole,
    pub(super) len: u64,
    /// The period of the rotation in which it began.
    pub(super) period: u128,
}

impl Present {
    /// The file at `path`, which is made if there is none.
    pub(super) fn open(path: &Path, rotation: Option<&Rotation>) -> io::Result<Present> {
        let cannot = |error: io::Error| {
            io::Error::new(error.kind(), format!("cannot append to {}: {error}", path.display()))
        };
        let not_rotated = || cannot(io::Error::other("what is no regular file cannot be rotated"));
        // A pipe would keep us waiting until somebody reads from it.
        if rotation.is_some() && fs::metadata(path).is_ok_and(|there| !there.is_file()) {
            return Err(not_rotated());
        }
        let mut options = OpenOptions::new();
        let file = options.append(true).create(true).mode(0o640).open(path).map_err(cannot)?;
        let metadata = file.metadata().map_err(cannot)?;
        if rotation.is_some() && !metadata.is_file() {
            return Err(not_rotated());
        }
        let len = if metadata.is_file() { metadata.len() } else { 0 };
        // If it cannot be told, or another process is just writing, there is an empty line, which carries no event.
        let torn = len > 0 && !ends_whole(path, &metadata).unwrap_or(false);
        let out = Whole::new(file, torn);
        let began = metadata.created().or_else(|_| metadata.modified()).map_err(cannot)?;
        Ok(Present { out, len, period: rotation.map_or(0, |rotation| rotation.period_of(began)) })
    }
}

/// Whether the file at `path` ends with a whole line; or is another by now, which leaves nothing to mend here.
fn ends_whole(path: &Path, metadata: &Metadata) -> io::Result<bool> {
    let reader = File::open(path)?;
    let mut last = [0];
    let is_ours = same(&reader.metadata()?, metadata);
    Ok(!is_ours || reader.read_exact_at(&mut last, metadata.len() - 1).map(|()| last == *b"\n")?)
}

/// Whether this is one file.
pub(super) fn same(a: &Metadata, b: &Metadata) -> bool {
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}
