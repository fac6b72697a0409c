use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::stream::StreamId;

/// How far a forwarder has come. Everything before it has arrived, or was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    /// The number of a file of events.
    pub(crate) sequence: u64,
    /// The position in its index, after the last entry that is done.
    pub(crate) index: u64,
}

/// What a forwarder remembers over its end: a file beside the events, with one line, `SEQUENCE INDEX STREAM OFFSET SUM`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    pub(crate) position: Position,
    /// The stream that the forwarder sends, where the destination wants one, and its offset at the position.
    pub(crate) stream: StreamId,
    pub(crate) offset: u64,
}

impl Checkpoint {
    /// The beginning of everything that is stored.
    pub(crate) fn beginning() -> Self {
        let position = Position { sequence: 0, index: 0 };
        Self { position, stream: StreamId::random(), offset: 0 }
    }

    /// The path of the checkpoint for destinations of this kind.
    pub(crate) fn path(dir: &Path, kind: &str) -> PathBuf {
        dir.join(format!("forwarded-{kind}"))
    }

    /// What the file at `path` says; `None` if it does not exist. What is no checkpoint is an error of the kind `InvalidData`.
    pub(crate) fn load(path: &Path) -> io::Result<Option<Self>> {
        match fs::read_to_string(path) {
            Ok(text) => match Self::parse(&text) {
                Some(checkpoint) => Ok(Some(checkpoint)),
                None => Err(io::Error::new(io::ErrorKind::InvalidData, "it is no checkpoint")),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Replaces the file at `path`: whatever happens, it says this or what it said before.
    pub(crate) fn save(&self, path: &Path) -> io::Result<()> {
        let new = path.with_extension("new");
        let mut file = File::create(&new)?;
        file.write_all(self.line().as_bytes())?;
        file.sync_data()?;
        fs::rename(&new, path)
    }

    fn line(&self) -> String {
        let Self { position: Position { sequence, index }, stream, offset } = self;
        let line = format!("{sequence} {index} {stream} {offset}");
        let sum = crc32fast::hash(line.as_bytes());
        format!("{line} {sum:08x}\n")
    }

    fn parse(text: &str) -> Option<Self> {
        let (line, sum) = text.strip_suffix('\n')?.rsplit_once(' ')?;
        if u32::from_str_radix(sum, 16).ok()? != crc32fast::hash(line.as_bytes()) {
            return None;
        }
        let mut parts = line.split(' ');
        let mut number = || parts.next()?.parse().ok();
        let position = Position { sequence: number()?, index: number()? };
        let stream = StreamId::parse(parts.next()?)?;
        let offset = parts.next()?.parse().ok()?;
        parts.next().is_none().then_some(Self { position, stream, offset })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loads_what_it_saved_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = Checkpoint::path(folder.path(), "file");
        assert_eq!(Checkpoint::load(&path).unwrap(), None);
        let mut checkpoint = Checkpoint::beginning();
        for offset in [0, 7, u64::MAX] {
            checkpoint.offset = offset;
            checkpoint.position = Position { sequence: offset, index: 3 };
            checkpoint.save(&path).unwrap();
            assert_eq!(Checkpoint::load(&path).unwrap(), Some(checkpoint));
        }
        let text = fs::read(&path).unwrap();
        for at in 0..text.len() {
            let mut changed = text.clone();
            changed[at] ^= 1;
            for damaged in [&changed, &text[..at]] {
                fs::write(&path, damaged).unwrap();
                assert!(Checkpoint::load(&path).is_err(), "byte {at}");
            }
        }
    }
}
