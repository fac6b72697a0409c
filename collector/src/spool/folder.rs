use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use super::{
    Held,
    recover::{self, Recovered},
    segment::Segment,
};
use crate::{
    error::{Error, Kind},
    stderr::say,
};

/// A folder that this collector alone stores in, with what it held at the start.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    handle: File,
    held: Held,
    next: u64,
    /// As many open files as a segment needs, so that the first one can be made however many clients there are.
    reserve: Vec<File>,
    /// The kernel releases the lock with the file, however the process ends.
    _lock: File,
}

impl Folder {
    /// Takes the folder at `path`, made where missing, and repairs what a sudden end may have left.
    pub(crate) fn take(path: &Path) -> Result<Self, Error> {
        let unusable = |source| Error::io(Kind::Folder, path, source);
        fs::create_dir_all(path).map_err(unusable)?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join("collector.lock"))
            .map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::new(Kind::FolderTaken, path)),
            Err(TryLockError::Error(source)) => return Err(unusable(source)),
        }
        let Recovered { held, next, notes } = recover::recover(path)?;
        for note in notes {
            say(format_args!("{note}"));
        }
        let open = || File::open(path).map_err(unusable);
        let (handle, reserve) = (open()?, vec![open()?, open()?]);
        Ok(Self { path: path.to_owned(), handle, held, next, reserve, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Up to which offset each stream is durable.
    pub(crate) fn held(&self) -> &Held {
        &self.held
    }

    /// The number that the next segment will have.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// Makes the next segment. Each attempt has a number of its own.
    pub(crate) fn create_segment(&mut self) -> io::Result<Segment> {
        let sequence = self.next;
        self.next = sequence.saturating_add(1);
        self.reserve.clear();
        Segment::create(&self.path, &self.handle, sequence)
    }
}
