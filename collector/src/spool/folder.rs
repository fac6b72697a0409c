use std::{
    fs::{self, File, TryLockError},
    io,
    os::unix::fs::FileExt,
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
    /// The kernel releases the lock with the file, however the process ends. It says which number was given last.
    lock: File,
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
            .open(path.join(LOCK))
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
        let next = next.max(last_number(path).map_err(unusable)?.saturating_add(1));
        let open = || File::open(path).map_err(unusable);
        let (handle, reserve) = (open()?, vec![open()?, open()?]);
        Ok(Self { path: path.to_owned(), handle, held, next, reserve, lock })
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

    /// Makes the next segment. Each attempt has a number of its own, and none comes again when its files are gone: forwarders,
    /// and those who follow, remember by it how far they are.
    pub(crate) fn create_segment(&mut self) -> io::Result<Segment> {
        let sequence = self.next;
        let next = sequence.checked_add(1).ok_or_else(|| io::Error::other("no number is left"))?;
        self.lock.write_all_at(format!("{sequence:0DIGITS$}\n").as_bytes(), 0)?;
        self.lock.sync_data()?;
        self.next = next;
        self.reserve.clear();
        Segment::create(&self.path, &self.handle, sequence)
    }
}

const LOCK: &str = "collector.lock";

/// As many digits as a number is written with: always all, so that each overwrites the one before.
const DIGITS: usize = 20;

/// The number that was given last in the folder `dir`, or 0 if nobody knows.
pub(super) fn last_number(dir: &Path) -> io::Result<u64> {
    let mut digits = [0; DIGITS];
    let read = match File::open(dir.join(LOCK)) {
        Ok(lock) => lock.read_at(&mut digits, 0)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(error) => return Err(error),
    };
    let digits = str::from_utf8(&digits[..read]).ok();
    Ok(digits.and_then(|digits| digits.parse().ok()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_is_given_twice_whatever_is_deleted() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path();
        for number in 1..4 {
            let mut folder = Folder::take(path).unwrap();
            assert_eq!(folder.create_segment().unwrap().sequence(), number);
            for ending in ["ndjson", "idx"] {
                fs::remove_file(path.join(format!("events-{number:020}.{ending}"))).unwrap();
            }
        }
        for garbage in ["", "x", "\u{fffd}", "7, and then more than a number has digits"] {
            fs::write(path.join(LOCK), garbage).unwrap();
            assert_eq!(Folder::take(path).unwrap().next(), 1, "{garbage:?}");
        }
        // What nobody would find is not made.
        fs::write(path.join(LOCK), (u64::MAX - 1).to_string()).unwrap();
        assert!(Folder::take(path).unwrap().create_segment().is_err());
        assert_eq!(fs::read_dir(path).unwrap().count(), 1);
    }
}
