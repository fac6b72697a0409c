use std::collections::VecDeque;
use std::io::{self, Write};

use super::ring::{Position, Ring, padded};

/// How many bytes are written at a time.
const BYTES: usize = 256 * 1024;
/// How far apart the marks are between which an acknowledged offset is looked for, in bytes.
const MARK_EVERY: u64 = 16 * 1024;

/// A place in the stream, on the end of a line.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mark {
    pub(super) position: Position,
    /// In bytes, as the collector counts.
    pub(super) offset: u64,
    /// How many lines there are before it.
    pub(super) lines: u64,
}

impl Mark {
    /// The mark after the line that follows, `None` if that is not there yet.
    fn next(self, ring: &Ring) -> Option<Mark> {
        let (len, position) = ring.peek(self.position)?;
        Some(self.after(len, position))
    }

    fn after(self, len: usize, position: Position) -> Mark {
        Mark { position, offset: self.offset + len as u64, lines: self.lines + 1 }
    }
}

/// What is being written to a connection, and where in the stream that is.
#[derive(Debug)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    /// How many of them are to be written, and how many are.
    len: usize,
    written: usize,
    /// Where its lines begin and end.
    from: Mark,
    to: Mark,
    /// Places on the way to its end, oldest first.
    marks: VecDeque<Mark>,
}

impl Batch {
    /// The first batch of a connection: the hello, which is no part of the stream.
    pub(super) fn hello(mut bytes: Vec<u8>, at: Mark) -> Batch {
        let len = bytes.len();
        bytes.resize(len.max(BYTES), 0);
        Batch { bytes, len, written: 0, from: at, to: at, marks: VecDeque::new() }
    }

    pub(super) fn is_written(&self) -> bool {
        self.written == self.len
    }

    /// The end of its lines.
    pub(super) fn end(&self) -> Mark {
        self.to
    }

    /// Up to which offset bytes were written.
    pub(super) fn written_offset(&self) -> u64 {
        (self.from.offset + self.written as u64).min(self.to.offset)
    }

    /// Takes the lines that follow out of the ring, as many as fit. Returns how many of them end at or before the offset up to which lines were sent before.
    pub(super) fn fill(&mut self, ring: &Ring, sent_before: u64) -> u64 {
        let mut resent = 0;
        (self.len, self.written) = (0, 0);
        self.from = self.to;
        loop {
            while let Some((len, position)) =
                ring.read(self.to.position, &mut self.bytes[self.len..])
            {
                self.len += len;
                self.to = self.to.after(len, position);
                resent += u64::from(self.to.offset <= sent_before);
                if self.marks.back().unwrap_or(&self.from).offset + MARK_EVERY <= self.to.offset {
                    self.marks.push_back(self.to);
                }
            }
            match ring.peek(self.to.position) {
                // A line that is longer than a batch is a batch of its own.
                Some((len, _)) if self.len == 0 && self.bytes.len() < padded(len) => {
                    self.bytes.resize(padded(len), 0);
                }
                _ => return resent,
            }
        }
    }

    pub(super) fn write(&mut self, mut socket: impl Write) -> io::Result<()> {
        self.written += socket.write(&self.bytes[self.written..self.len])?;
        Ok(())
    }

    /// The end of the last line that ends at or before `offset`, after `from`.
    pub(super) fn mark_at(&mut self, ring: &Ring, from: Mark, offset: u64) -> Mark {
        let mut mark = from;
        while let Some(&next) = self.marks.front().filter(|next| next.offset <= offset) {
            mark = next;
            self.marks.pop_front();
        }
        while mark.offset < offset
            && let Some(next) = mark.next(ring)
            && next.offset <= offset
        {
            mark = next;
        }
        mark
    }
}
