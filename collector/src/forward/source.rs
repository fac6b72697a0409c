use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use bytes::Bytes;

use super::checkpoint::Position;
use crate::{
    spool::{Entry, Frontier, data_path, index_path, indices},
    stream::StreamId,
};

/// How much of an index is read at once.
const READ: usize = 64 << 10;

/// Reads what is stored, with what the indices say of it: which stream each line belongs to, and at which offset.
#[derive(Debug)]
pub(crate) struct Source {
    dir: PathBuf,
    at: Position,
    open: Option<Open>,
    /// Whether something is not there any more since [`seek`](Self::seek), or is not as it was.
    gap: bool,
}

#[derive(Debug)]
struct Open {
    index: File,
    /// `None` if somebody moved the events away.
    data: Option<File>,
    /// What was read of the index, and how much of it is used: the position is there.
    read: Vec<u8>,
    used: usize,
}

/// Lines that follow each other in one stream.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) stream: StreamId,
    /// The offset of the first line.
    #[cfg(any(feature = "nats", feature = "otlp"))]
    pub(crate) start: u64,
    pub(crate) bytes: Bytes,
    /// The position after them.
    pub(crate) after: Position,
    /// Where they begin in the file of events.
    pub(crate) from: u64,
}

/// What stands next.
#[derive(Debug)]
pub(crate) enum Next {
    Run(Run),
    /// So many bytes are not as they were stored, or not there, for this reason.
    Lost {
        reason: &'static str,
        bytes: u64,
    },
}

impl Source {
    pub(crate) fn new(dir: &Path, at: Position) -> Self {
        Self { dir: dir.to_owned(), at, open: None, gap: false }
    }

    pub(crate) fn position(&self) -> Position {
        self.at
    }

    /// Goes to `at`.
    pub(crate) fn seek(&mut self, at: Position) {
        self.at = at;
        self.open = None;
        self.gap = false;
    }

    /// Whether something that stood between where this began and where it is may be missing.
    pub(crate) fn has_gap(&self) -> bool {
        self.gap
    }

    /// What stands next before `frontier`, if there is something.
    pub(crate) fn next(&mut self, frontier: Frontier) -> io::Result<Option<Next>> {
        let entry = self.entry(frontier)?;
        match (entry, &self.open) {
            (Some(entry), Some(open)) => {
                let next = open.lines(&entry, self.at)?;
                self.gap |= matches!(next, Next::Lost { .. });
                Ok(Some(next))
            }
            _ => Ok(None),
        }
    }

    /// How many bytes are stored from here on before `frontier`.
    pub(crate) fn count_bytes(mut self, frontier: Frontier) -> io::Result<u64> {
        let mut bytes = 0;
        while let Some(entry) = self.entry(frontier)? {
            bytes += entry.to - entry.from;
        }
        Ok(bytes)
    }

    /// The next entry of an index that has lines, in the file that is open then.
    fn entry(&mut self, frontier: Frontier) -> io::Result<Option<Entry>> {
        loop {
            let complete = self.at.sequence < frontier.sequence;
            let limit = if complete { u64::MAX } else { frontier.index };
            if self.at.index >= limit {
                // The writer may be about to make these files: one of them is there before the other.
                return Ok(None);
            }
            if self.open.is_none() {
                self.open = Open::new(&self.dir, self.at.sequence)?;
            }
            let entry = match &mut self.open {
                Some(open) => open.entry(&mut self.at, limit)?,
                None => None,
            };
            match entry {
                Some(entry) if entry.from == entry.to => {}
                Some(entry) => return Ok(Some(entry)),
                None if complete => {
                    let all = indices(&self.dir)?;
                    let later = all.into_iter().find(|sequence| *sequence > self.at.sequence);
                    let sequence = later.unwrap_or(frontier.sequence).min(frontier.sequence);
                    // No file has the number 0: that is the beginning, wherever that is.
                    self.gap |= self.at.sequence > 0
                        && (self.open.is_none() || sequence > self.at.sequence + 1);
                    (self.at, self.open) = (Position { sequence, index: 0 }, None);
                }
                None => return Ok(None),
            }
        }
    }
}

impl Open {
    fn new(dir: &Path, sequence: u64) -> io::Result<Option<Self>> {
        let open = |path: PathBuf| match File::open(path) {
            Ok(file) if file.metadata()?.is_file() => Ok(Some(file)),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        };
        let Some(index) = open(index_path(dir, sequence))? else {
            return Ok(None);
        };
        Ok(Some(Self { index, data: open(data_path(dir, sequence))?, read: Vec::new(), used: 0 }))
    }

    /// The entry at `at` of the index, which it moves on. Lines that are no entries are passed over.
    fn entry(&mut self, at: &mut Position, limit: u64) -> io::Result<Option<Entry>> {
        loop {
            while let Some(end) = memchr::memchr(b'\n', &self.read[self.used..]) {
                let entry = Entry::parse(&self.read[self.used..self.used + end]);
                self.used += end + 1;
                at.index += end as u64 + 1;
                if entry.is_some() {
                    return Ok(entry);
                }
            }
            self.read.drain(..self.used);
            self.used = 0;
            let known = self.read.len();
            let begin = at.index + known as u64;
            // What is behind the limit may yet be cut off, and written anew.
            let want = limit.saturating_sub(begin).min(READ as u64) as usize;
            self.read.resize(known + want, 0);
            let read = self.index.read_at(&mut self.read[known..], begin)?;
            self.read.truncate(known + read);
            if read == 0 {
                return Ok(None);
            }
        }
    }

    fn lines(&self, entry: &Entry, after: Position) -> io::Result<Next> {
        let bytes = entry.to - entry.from;
        let lost = |reason| Ok(Next::Lost { reason, bytes });
        let Some(data) = &self.data else {
            return lost("missing");
        };
        if data.metadata()?.len() < entry.to {
            return lost("damaged");
        }
        let mut lines = vec![0; usize::try_from(bytes).map_err(io::Error::other)?];
        data.read_exact_at(&mut lines, entry.from)?;
        if crc32fast::hash(&lines) != entry.crc {
            return lost("damaged");
        }
        Ok(Next::Run(Run {
            stream: entry.stream,
            #[cfg(any(feature = "nats", feature = "otlp"))]
            start: entry.start,
            bytes: lines.into(),
            after,
            from: entry.from,
        }))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{spool::Reader, stream::StreamId};
    use std::{fs, io::Write};

    const BEGINNING: Position = Position { sequence: 0, index: 0 };

    /// Appends lines as a collector stores them. Returns the frontier after them.
    pub(in super::super) fn store(dir: &Path, sequence: u64, lines: &[u8]) -> Frontier {
        let append = |path: PathBuf, bytes: &[u8]| {
            let mut file = File::options().create(true).append(true).open(path).unwrap();
            file.write_all(bytes).unwrap();
            file.metadata().unwrap().len()
        };
        let to = append(data_path(dir, sequence), lines);
        let from = to - lines.len() as u64;
        let crc = crc32fast::hash(lines);
        let mut text = String::new();
        Entry { stream: StreamId::random(), start: from, end: to, from, to, crc }
            .write(0, &mut text);
        Frontier { sequence, index: append(index_path(dir, sequence), text.as_bytes()) }
    }

    fn read(source: &mut Source, frontier: Frontier) -> Vec<String> {
        let mut found = Vec::new();
        while let Some(next) = source.next(frontier).unwrap() {
            found.push(match next {
                Next::Run(run) => String::from_utf8(run.bytes.to_vec()).unwrap(),
                Next::Lost { reason, bytes } => format!("{reason} {bytes}"),
            });
        }
        found
    }

    #[test]
    fn reads_up_to_the_frontier_and_no_further() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        let mut source = Source::new(dir, BEGINNING);
        assert!(read(&mut source, Frontier { sequence: 1, index: 0 }).is_empty());
        let first = store(dir, 1, b"one\n");
        let second = store(dir, 1, b"two\n");
        assert_eq!(read(&mut source, first), ["one\n"]);
        assert!(read(&mut source, first).is_empty());
        assert_eq!(read(&mut source, second), ["two\n"]);
        store(dir, 1, b"three\n");
        let third = store(dir, 5, b"four\n");
        assert_eq!(read(&mut source, third), ["three\n", "four\n"]);
        assert!(read(&mut source, Frontier { sequence: 9, index: 0 }).is_empty());
        assert_eq!(source.position(), Position { sequence: 9, index: 0 });
    }

    #[test]
    fn a_file_that_is_only_being_made_is_not_missing() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        fs::write(index_path(dir, 1), "").unwrap();
        let mut source = Source::new(dir, BEGINNING);
        assert!(read(&mut source, Frontier { sequence: 1, index: 0 }).is_empty());
        let frontier = store(dir, 1, b"one\n");
        assert_eq!(read(&mut source, frontier), ["one\n"]);
    }

    #[test]
    fn goes_on_from_any_position() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        store(dir, 1, b"one\ntwo\n");
        store(dir, 1, b"three\n");
        let frontier = store(dir, 2, b"four\n");
        let mut source = Source::new(dir, BEGINNING);
        while let Some(Next::Run(_)) = source.next(frontier).unwrap() {
            let mut rest = Source::new(dir, source.position());
            let before = read(&mut source, frontier);
            assert_eq!(read(&mut rest, frontier), before);
            source.seek(rest.position());
        }
        assert_eq!(Reader::open(dir).unwrap().count(), 4);
    }

    #[test]
    fn what_is_damaged_or_gone_is_told_and_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        store(dir, 1, b"one\n");
        store(dir, 1, b"two\n");
        store(dir, 2, b"gone\n");
        store(dir, 3, b"short\n");
        let frontier = store(dir, 4, b"last\n");
        fs::write(data_path(dir, 1), "oNe\ntwo\n").unwrap();
        fs::remove_file(data_path(dir, 2)).unwrap();
        fs::write(data_path(dir, 3), "sho").unwrap();
        let found = read(&mut Source::new(dir, BEGINNING), frontier);
        assert_eq!(found, ["damaged 4", "two\n", "missing 5", "damaged 6", "last\n"]);
    }
}
