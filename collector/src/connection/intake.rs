use std::mem;

use super::{
    check,
    framing::{Framed, Framing},
    hello::Hello,
};
use crate::{
    spool::{Acks, Batch, Piece, Reason},
    stream::StreamId,
};

/// Turns what a client writes into batches of its stream.
#[derive(Debug)]
pub(crate) struct Intake {
    framing: Framing,
    sorted: Sorted,
}

/// Lines that were looked at, and wait to be sent off.
#[derive(Debug, Default)]
struct Sorted {
    /// Known after the first line.
    stream: Option<StreamId>,
    start: u64,
    end: u64,
    bytes: Vec<u8>,
    pieces: Vec<Piece>,
}

impl Intake {
    pub(crate) fn new(max_line: usize) -> Self {
        Self { framing: Framing::new(max_line), sorted: Sorted::default() }
    }

    /// Takes what came next, and looks at the lines that are whole. If the first of all was a hello, returns that.
    pub(crate) fn sort(&mut self, input: &[u8]) -> Option<Hello> {
        let mut hello = None;
        let sorted = &mut self.sorted;
        sorted.bytes.reserve(input.len());
        self.framing.lines(input, |framed| {
            if sorted.stream.is_none() {
                hello = sorted.begin(&framed);
                if hello.is_some() {
                    return;
                }
            }
            sorted.take(framed);
        });
        hello
    }

    /// The client has gone. Of a line that it did not end, only that it was too long is of interest.
    pub(crate) fn end(&mut self) {
        let skipped = self.framing.skipped();
        if skipped > 0 {
            self.sorted.stream.get_or_insert_with(StreamId::own);
            self.sorted.refuse(Reason::TooLong, skipped);
        }
    }

    /// What was sorted since the last batch.
    pub(crate) fn batch(&mut self, acks: &Acks) -> Option<Batch> {
        let sorted = &mut self.sorted;
        let stream = sorted.stream?;
        if sorted.start == sorted.end && sorted.pieces.is_empty() {
            return None;
        }
        let start = mem::replace(&mut sorted.start, sorted.end);
        Some(Batch {
            stream,
            start,
            end: sorted.end,
            bytes: mem::take(&mut sorted.bytes),
            pieces: mem::take(&mut sorted.pieces),
            acks: acks.clone(),
            room: None,
        })
    }
}

impl Sorted {
    fn begin(&mut self, first: &Framed<'_>) -> Option<Hello> {
        let hello = match first {
            Framed::Line(line) if check(line).is_ok() => Hello::parse(line),
            _ => None,
        };
        match hello {
            Some(Hello { stream, offset }) => {
                self.stream = Some(stream);
                (self.start, self.end) = (offset, offset);
            }
            None => self.stream = Some(StreamId::own()),
        }
        hello
    }

    fn take(&mut self, framed: Framed<'_>) {
        match framed {
            Framed::Line(line) => {
                let event = line.strip_suffix(b"\r").unwrap_or(line);
                match check(event) {
                    Ok(()) => self.keep(event),
                    Err(_) if event.is_empty() => {}
                    Err(reason) => self.refuse(reason, line.len() as u64),
                }
                self.end += line.len() as u64 + 1;
            }
            Framed::TooLong(len) => {
                self.refuse(Reason::TooLong, len);
                self.end += len + 1;
            }
        }
    }

    fn keep(&mut self, event: &[u8]) {
        self.bytes.extend_from_slice(event);
        self.bytes.push(b'\n');
        let stored = event.len() + 1;
        match self.pieces.last_mut() {
            Some(Piece::Lines { offset, len }) if *offset + *len as u64 == self.end => {
                *len += stored;
            }
            _ => self.pieces.push(Piece::Lines { offset: self.end, len: stored }),
        }
    }

    fn refuse(&mut self, why: Reason, size: u64) {
        match self.pieces.last_mut() {
            Some(Piece::Refused { reason, count, bytes, .. }) if *reason == why => {
                *count += 1;
                *bytes += size;
            }
            _ => self.pieces.push(Piece::Refused {
                offset: self.end,
                reason: why,
                count: 1,
                bytes: size,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    const EVENT: &str = r#"{"timestamp":"t","level":"INFO","event":"a"}"#;
    const HELLO: &str = r#"{"timestamp":"t","level":"INFO","event":"throughline.hello","stream":"0193f6c2-7d3e-7bb4-9c1e-2f0d3a1b5c6d","offset":100}"#;

    fn sort(text: &str) -> (Option<Hello>, Option<Batch>) {
        let mut intake = Intake::new(1000);
        let hello = intake.sort(text.as_bytes());
        let acks = Arc::new(tokio::sync::watch::channel(0).0);
        (hello, intake.batch(&acks))
    }

    #[test]
    fn a_hello_is_no_part_of_its_stream() {
        let (hello, batch) = sort(&format!("{HELLO}\n{EVENT}\n"));
        let batch = batch.unwrap();
        assert_eq!(hello.unwrap().offset, 100);
        assert_eq!((batch.start, batch.end), (100, 100 + EVENT.len() as u64 + 1));
        let (hello, batch) = sort(&format!("{HELLO}\n"));
        assert!(hello.is_some() && batch.is_none());
    }

    #[test]
    fn a_hello_after_the_first_line_is_an_event() {
        for first in ["", "nonsense", EVENT] {
            let (hello, batch) = sort(&format!("{first}\n{HELLO}\n"));
            let batch = batch.unwrap();
            assert_eq!(hello, None);
            assert!(batch.stream.is_own());
            assert!(batch.bytes.ends_with(format!("{HELLO}\n").as_bytes()));
        }
    }

    #[test]
    fn each_line_keeps_its_offset_over_what_is_left_out() {
        let text = format!("{EVENT}\n{EVENT}\n\n{EVENT}\r\n{EVENT}\nbad\nworse\n\r\n{EVENT}\npart");
        let (_, batch) = sort(&text);
        let batch = batch.unwrap();
        assert_eq!(batch.end as usize, text.len() - "part".len());
        assert_eq!(batch.bytes, format!("{EVENT}\n").repeat(5).into_bytes());
        let mut at = 0;
        let mut refused = 0;
        for piece in &batch.pieces {
            match *piece {
                Piece::Lines { offset, len } => {
                    let in_stream = &text[offset as usize..];
                    assert!(in_stream.starts_with(EVENT));
                    at += len;
                }
                Piece::Refused { count, bytes, .. } => {
                    refused += count;
                    assert_eq!(bytes, 8);
                }
            }
        }
        assert_eq!((at, refused), (batch.bytes.len(), 2));
    }
}
