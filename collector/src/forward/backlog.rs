use std::{fs, io, path::Path, time::Duration};

use serde::Deserialize;

use super::{
    checkpoint::Position,
    source::{Next, Source},
};
use crate::{
    clock::Moment,
    spool::{Frontier, data_path, indices},
};

/// What is stored and has not arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Backlog {
    /// The bytes of its lines.
    pub(crate) bytes: u64,
    /// When the first of its events happened that says so; `None` if there is none.
    since: Option<Moment>,
}

impl Backlog {
    /// What stands behind `position`, if there is something before `frontier`. It reads the first lines and the lengths of the
    /// files, so that it takes no longer however much there is.
    pub(super) fn measure(dir: &Path, position: Position, frontier: Frontier) -> io::Result<Self> {
        let mut source = Source::new(dir, position);
        let first = loop {
            match source.next(frontier)? {
                Some(Next::Run(run)) => break run,
                Some(Next::Lost { .. }) => {}
                None => return Ok(Self::default()),
            }
        };
        let mut bytes = 0;
        for sequence in indices(dir)?.into_iter().filter(|other| *other >= first.after.sequence) {
            bytes += fs::metadata(data_path(dir, sequence)).map_or(0, |data| data.len());
        }
        let since = first.bytes.split(|byte| *byte == b'\n').find_map(moment);
        Ok(Self { bytes: bytes.saturating_sub(first.from), since })
    }

    /// How long ago its first event happened: no time if it is empty, `None` if no event in reach says so.
    pub(crate) fn age(&self) -> Option<Duration> {
        match self.since {
            Some(since) => {
                let micros = Moment::now().0.saturating_sub(since.0);
                Some(Duration::from_micros(micros.try_into().unwrap_or(0)))
            }
            None => (self.bytes == 0).then_some(Duration::ZERO),
        }
    }
}

/// When the event of `line` happened.
fn moment(line: &[u8]) -> Option<Moment> {
    #[derive(Deserialize)]
    struct Stamped {
        timestamp: String,
    }
    let stamped: Stamped = serde_json::from_slice(line).ok()?;
    Moment::parse(&stamped.timestamp)
}

#[cfg(test)]
mod tests {
    use super::{super::source::tests::store, *};

    #[test]
    fn it_reaches_from_the_first_line_that_is_to_be_sent_to_the_end_of_the_newest_file() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        let line = |hour| format!("{{\"timestamp\":\"2026-11-21T{hour:02}:00:00Z\"}}\n");
        let at = |hour| Moment::parse(&format!("2026-11-21T{hour:02}:00:00Z"));
        let measure = |after: Frontier, frontier| {
            let position = Position { sequence: after.sequence, index: after.index };
            let Backlog { bytes, since } = Backlog::measure(dir, position, frontier).unwrap();
            (bytes / line(0).len() as u64, since)
        };
        let beginning = Frontier { sequence: 0, index: 0 };
        assert_eq!(measure(beginning, beginning), (0, None));
        let first = store(dir, 1, line(1).as_bytes());
        let second = store(dir, 1, line(2).as_bytes());
        store(dir, 3, line(3).as_bytes());
        fs::write(data_path(dir, 4), "theirs\n".repeat(100)).unwrap();
        let last = store(dir, 7, (line(4) + &line(5)).as_bytes());
        assert_eq!(measure(beginning, last), (5, at(1)));
        assert_eq!(measure(first, last), (4, at(2)));
        assert_eq!(measure(second, last), (3, at(3)));
        assert_eq!(measure(last, last), (0, None));
        // What is gone will not be sent, and what is no event does not say when it happened.
        fs::remove_file(data_path(dir, 3)).unwrap();
        assert_eq!(measure(second, last), (2, at(4)));
        let nothing = store(dir, 8, b"not an event\n");
        assert_eq!(measure(last, nothing), (0, None));
        let said = store(dir, 8, line(6).as_bytes());
        assert_eq!(measure(nothing, said), (1, at(6)));
    }
}
