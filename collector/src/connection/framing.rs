/// How much is read at once.
const READ: usize = 64 << 10;

/// A buffer larger than this is given back once it is empty.
const KEEP: usize = 4 * READ;

/// Finds the lines in bytes that come as they like, and holds no more of them than the longest line that is allowed.
#[derive(Debug)]
pub(crate) struct Framing {
    buffer: Vec<u8>,
    /// So many bytes of the buffer have no line feed among them.
    searched: usize,
    /// How much of an overlong line was thrown away already.
    skipped: u64,
    max_line: usize,
}

/// What came, without its line feed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Framed<'a> {
    Line(&'a [u8]),
    /// A line that was longer than allowed, and how long it was.
    TooLong(u64),
}

impl Framing {
    pub(crate) fn new(max_line: usize) -> Self {
        Self { buffer: Vec::new(), searched: 0, skipped: 0, max_line }
    }

    /// Where to append what comes next.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        if self.buffer.is_empty() && self.buffer.capacity() > KEEP {
            self.buffer = Vec::new();
        }
        if self.buffer.capacity() - self.buffer.len() < READ / 2 {
            self.buffer.reserve_exact(READ);
        }
        &mut self.buffer
    }

    /// Hands over each line that is whole.
    pub(crate) fn lines(&mut self, mut each: impl FnMut(Framed<'_>)) {
        let mut start = 0;
        while let Some(found) = self.buffer[self.searched..].iter().position(is_end) {
            let line = &self.buffer[start..self.searched + found];
            let len = self.skipped + line.len() as u64;
            if self.skipped > 0 || line.len() > self.max_line {
                each(Framed::TooLong(len));
            } else {
                each(Framed::Line(line));
            }
            self.skipped = 0;
            self.searched += found + 1;
            start = self.searched;
        }
        self.buffer.drain(..start);
        if self.skipped > 0 || self.buffer.len() > self.max_line {
            self.skipped += self.buffer.len() as u64;
            self.buffer.clear();
        }
        self.searched = self.buffer.len();
    }

    /// How much of a line without an end was thrown away.
    pub(crate) fn skipped(&self) -> u64 {
        self.skipped
    }
}

fn is_end(byte: &u8) -> bool {
    *byte == b'\n'
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of `input` when it comes in steps of `step` bytes; overlong ones by their length.
    fn framed(input: &[u8], step: usize, max_line: usize) -> Vec<String> {
        let mut framing = Framing::new(max_line);
        let mut out = Vec::new();
        for part in input.chunks(step) {
            framing.buffer().extend_from_slice(part);
            framing.lines(|line| {
                out.push(match line {
                    Framed::Line(line) => String::from_utf8(line.to_vec()).unwrap(),
                    Framed::TooLong(len) => format!("<{len}>"),
                });
            });
            assert!(framing.buffer.len() <= max_line);
        }
        out
    }

    #[test]
    fn lines_are_the_same_however_they_come() {
        let input = b"one\n\nthree\nfourteen-bytes\n12345\n123456\nlast, without an end";
        for step in 1..input.len() {
            let lines = framed(input, step, 5);
            assert_eq!(lines, ["one", "", "three", "<14>", "12345", "<6>"]);
        }
    }

    #[test]
    fn an_endless_line_is_not_kept() {
        let mut framing = Framing::new(1000);
        for _ in 0..1000 {
            let buffer = framing.buffer();
            buffer.resize(READ / 2, b'x');
            framing.lines(|_| panic!("there is no line"));
        }
        assert!(framing.buffer.capacity() <= 2 * READ);
        assert_eq!(framing.skipped(), 1000 * (READ / 2) as u64);
    }
}
