use std::{
    collections::VecDeque,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use super::{
    Held,
    segment::{data_path, index_path, list_indices},
    told::Dropped,
};
use crate::{config::Retain, forward::Progress, stderr::say};

/// Deletes old files: whole ones, the oldest first, and none that has something still to be forwarded.
#[derive(Debug)]
pub(crate) struct Retention {
    dir: PathBuf,
    retain: Retain,
    forwards: Vec<Arc<Progress>>,
    /// The complete files, the oldest first.
    files: VecDeque<Complete>,
    deleted: u64,
    failing: bool,
}

/// A file to which nothing will be added.
#[derive(Debug)]
struct Complete {
    sequence: u64,
    bytes: u64,
    /// How old its newest event was at `seen`. A clock that is set meanwhile changes nothing.
    age: Duration,
    seen: Instant,
}

impl Retention {
    /// For the folder `dir`, with the files that it has now.
    pub(crate) fn new(
        dir: &Path,
        retain: Retain,
        forwards: Vec<Arc<Progress>>,
    ) -> io::Result<Self> {
        let (now, seen) = (SystemTime::now(), Instant::now());
        let mut files = VecDeque::new();
        for sequence in list_indices(dir)? {
            let data = fs::metadata(data_path(dir, sequence)).ok();
            let bytes = data.as_ref().map_or(0, fs::Metadata::len);
            let changed = data.and_then(|data| data.modified().ok());
            let age = changed.and_then(|changed| now.duration_since(changed).ok());
            files.push_back(Complete { sequence, bytes, age: age.unwrap_or_default(), seen });
        }
        let dir = dir.to_owned();
        Ok(Self { dir, retain, forwards, files, deleted: 0, failing: false })
    }

    /// The file number `sequence` is complete.
    pub(crate) fn complete(&mut self, sequence: u64, bytes: u64) {
        let (age, seen) = (Duration::ZERO, Instant::now());
        self.files.push_back(Complete { sequence, bytes, age, seen });
    }

    /// After what time a file is full, however little is in it: so that its oldest event does not stay much longer than asked
    /// for.
    pub(crate) fn full_after(&self) -> Option<Duration> {
        self.retain.age.map(|age| age / 8)
    }

    /// Deletes what is to be deleted when the newest file has `current` bytes. What was to be had only from there is
    /// forgotten in `held`.
    pub(crate) fn apply(&mut self, current: u64, held: &Held) {
        let mut deleted = false;
        while let Some(oldest) = self.files.front() {
            let total = current + self.bytes();
            let too_much = self.retain.bytes.is_some_and(|most| total > most);
            let too_old = self
                .retain
                .age
                .is_some_and(|most| oldest.age.saturating_add(oldest.seen.elapsed()) > most);
            if !(too_much || too_old) || !self.is_forwarded(oldest.sequence) {
                break;
            }
            if let Err(error) = self.delete(oldest.sequence) {
                if !self.failing {
                    say(format_args!("cannot delete from {}: {error}", self.dir.display()));
                }
                self.failing = true;
                break;
            }
            self.failing = false;
            self.files.pop_front();
            self.deleted += 1;
            deleted = true;
        }
        if deleted {
            held.forget_before(self.files.front().map_or(u64::MAX, |oldest| oldest.sequence));
        }
    }

    /// Whether the file is behind every forwarder. Asks those that are not to give up on it if that is the configuration.
    fn is_forwarded(&self, sequence: u64) -> bool {
        let behind = self.forwards.iter().filter(|progress| !progress.is_past(sequence));
        let mut all = true;
        for progress in behind {
            all = false;
            if self.retain.drop_unforwarded {
                progress.give_up_to(sequence.saturating_add(1));
            }
        }
        all
    }

    fn delete(&self, sequence: u64) -> io::Result<()> {
        // The index goes last: as long as it is there, the next start deletes the rest.
        for path in [data_path(&self.dir, sequence), index_path(&self.dir, sequence)] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// How many lines, and bytes, the forwarders gave up since this was asked.
    pub(crate) fn unforwarded(&self, end: bool) -> Vec<(Dropped, u64, u64)> {
        let of = |progress: &Arc<Progress>| {
            let to = progress.kind();
            let losses = progress.take_untold(end).into_iter();
            losses.map(move |loss| (Dropped { to, reason: loss.reason }, loss.lines, loss.bytes))
        };
        self.forwards.iter().flat_map(of).collect()
    }

    /// How many bytes of events the complete files have.
    pub(crate) fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// How many complete files there are.
    pub(crate) fn files(&self) -> usize {
        self.files.len()
    }

    /// How many were deleted.
    pub(crate) fn deleted(&self) -> u64 {
        self.deleted
    }
}
