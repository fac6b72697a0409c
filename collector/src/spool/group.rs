use std::collections::HashMap;

use super::{Acks, Batch, Held, Piece, index::Entry, told::Told};
use crate::stream::StreamId;

/// What goes to the disk together, and who hears of it afterwards. It is written, and later durable; then it is used again.
#[derive(Debug, Default)]
pub(crate) struct Group {
    bytes: Vec<u8>,
    /// Positions count from the beginning of `bytes`.
    entries: Vec<Entry>,
    /// How far each stream gets when all that was taken in is durable.
    ends: HashMap<StreamId, u64>,
    /// Kept until the group is durable: a connection lives as long as something of it is under way.
    acks: Vec<(Acks, u64)>,
    lines: u64,
    line_bytes: u64,
    duplicate_bytes: u64,
}

impl Group {
    /// Takes in what is new in `batch`: below the offset that is held of a stream, or that this group already brings it
    /// to, everything arrived before, perhaps over another connection.
    pub(crate) fn add(&mut self, batch: Batch, held: &Held, told: &mut Told) {
        let Batch { stream, start, end, .. } = batch;
        let floor = match self.ends.get(&stream) {
            Some(end) => *end,
            None => held.of(stream),
        };
        let before = self.entries.len();
        let mut rest = batch.bytes.as_slice();
        for piece in batch.pieces {
            match piece {
                Piece::Lines { offset, len } => {
                    let (lines, following) = rest.split_at(len);
                    rest = following;
                    let known = line_start(lines, floor.saturating_sub(offset));
                    self.duplicate_bytes += known as u64;
                    self.append(stream, offset + known as u64, &lines[known..]);
                }
                Piece::Refused { offset, reason, count, bytes } => {
                    if offset >= floor {
                        told.refused(reason, count, bytes);
                    }
                }
            }
        }
        if end > floor {
            if self.entries.len() == before {
                // Nothing to store, yet the stream is that much further.
                self.entry(stream, start.max(floor), &[]);
            }
            if let Some(last) = self.entries.last_mut() {
                last.end = end;
            }
            if !stream.is_own() {
                self.ends.insert(stream, end);
            }
        }
        // Who said no hello waits for its lines, too, but is told nothing.
        let told = if stream.is_own() { 0 } else { end };
        self.acks.push((batch.acks, told));
    }

    /// Takes in a line of the collector's own, at `offset` of its stream.
    pub(crate) fn add_own(&mut self, stream: StreamId, offset: u64, line: &str) {
        self.entry(stream, offset, line.as_bytes());
    }

    fn append(&mut self, stream: StreamId, offset: u64, lines: &[u8]) {
        if !lines.is_empty() {
            self.lines += lines.iter().filter(|byte| **byte == b'\n').count() as u64;
            self.line_bytes += lines.len() as u64;
            self.entry(stream, offset, lines);
        }
    }

    fn entry(&mut self, stream: StreamId, offset: u64, lines: &[u8]) {
        let from = self.bytes.len() as u64;
        self.bytes.extend_from_slice(lines);
        self.entries.push(Entry {
            stream,
            start: offset,
            end: offset + lines.len() as u64,
            from,
            to: self.bytes.len() as u64,
            crc: crc32fast::hash(lines),
        });
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How many lines of clients it took in since it was written last, their bytes, and the bytes that it left out since they
    /// are held already.
    pub(crate) fn counts(&self) -> (u64, u64, u64) {
        (self.lines, self.line_bytes, self.duplicate_bytes)
    }

    /// Its bytes are in the file: it takes in what comes next.
    pub(crate) fn written(&mut self) {
        self.bytes.clear();
        self.entries.clear();
        (self.lines, self.line_bytes, self.duplicate_bytes) = (0, 0, 0);
    }

    /// All that was written is durable, the newest of it in file number `sequence`: says so to everyone who waits for it.
    pub(crate) fn acknowledge(&mut self, held: &Held, sequence: u64) {
        for (stream, end) in self.ends.drain() {
            held.raise(stream, end, sequence);
        }
        for (acks, end) in self.acks.drain(..) {
            acks.send_if_modified(|acked| {
                let further = end > *acked;
                *acked = end.max(*acked);
                further
            });
        }
    }
}

/// Where the first line begins in `lines` that does not begin before `at`.
fn line_start(lines: &[u8], at: u64) -> usize {
    let at = usize::try_from(at).unwrap_or(usize::MAX);
    if at == 0 {
        return 0;
    }
    let Some(rest) = lines.get(at - 1..) else {
        return lines.len();
    };
    match rest.iter().position(|byte| *byte == b'\n') {
        Some(further) => at + further,
        None => lines.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::Reason;
    use std::sync::Arc;

    fn stream() -> StreamId {
        StreamId::parse("0193f6c2-7d3e-7bb4-9c1e-2f0d3a1b5c6d").unwrap()
    }

    fn lines(start: u64, bytes: &str) -> Batch {
        Batch {
            stream: stream(),
            start,
            end: start + bytes.len() as u64,
            bytes: bytes.into(),
            pieces: vec![Piece::Lines { offset: start, len: bytes.len() }],
            acks: Arc::new(tokio::sync::watch::channel(0).0),
            room: None,
        }
    }

    #[test]
    fn lines_that_overlap_are_taken_once() {
        let (held, mut told) = (Held::default(), Told::default());
        held.raise(stream(), 2, 1);
        let mut group = Group::default();
        group.add(lines(0, "a\nbb\nccc\n"), &held, &mut told);
        group.add(lines(2, "bb\nccc\n"), &held, &mut told);
        group.add(lines(5, "ccc\ndddd\n"), &held, &mut told);
        assert_eq!(group.bytes(), b"bb\nccc\ndddd\n");
        let starts: Vec<_> = group.entries().iter().map(|e| (e.start, e.end)).collect();
        assert_eq!(starts, [(2, 9), (9, 14)]);
        group.acknowledge(&held, 1);
        assert_eq!(held.of(stream()), 14);
    }

    #[test]
    fn what_is_not_stored_still_moves_the_stream_on() {
        let (held, mut told) = (Held::default(), Told::default());
        let mut batch = lines(10, "ok\n");
        batch.end = 40;
        batch.pieces.push(Piece::Refused {
            offset: 13,
            reason: Reason::TooLong,
            count: 1,
            bytes: 26,
        });
        let mut group = Group::default();
        group.add(batch, &held, &mut told);
        let mut nothing = lines(40, "");
        nothing.pieces.clear();
        nothing.end = 41;
        group.add(nothing, &held, &mut told);
        let spans: Vec<_> =
            group.entries().iter().map(|e| (e.start, e.end, e.from, e.to)).collect();
        assert_eq!(spans, [(10, 40, 0, 3), (40, 41, 3, 3)]);
        assert_eq!(told.total()[Reason::TooLong as usize], 1);
    }

    #[test]
    fn a_refused_line_that_comes_again_is_counted_once() {
        let (held, mut told) = (Held::default(), Told::default());
        for _ in 0..2 {
            let mut batch = lines(0, "");
            batch.end = 5;
            batch.pieces =
                vec![Piece::Refused { offset: 0, reason: Reason::NotUtf8, count: 1, bytes: 4 }];
            let mut group = Group::default();
            group.add(batch, &held, &mut told);
            group.acknowledge(&held, 1);
        }
        assert_eq!(told.total()[Reason::NotUtf8 as usize], 1);
    }

    #[test]
    fn an_offset_within_a_line_counts_for_the_next() {
        assert_eq!(line_start(b"a\nbb\n", 0), 0);
        assert_eq!(line_start(b"a\nbb\n", 1), 2);
        assert_eq!(line_start(b"a\nbb\n", 2), 2);
        assert_eq!(line_start(b"a\nbb\n", 3), 5);
        assert_eq!(line_start(b"a\nbb\n", 99), 5);
    }
}
