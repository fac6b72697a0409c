use memchr::memchr;

/// Room for a line in pieces is kept for the next one, unless it is more than this.
const KEEP: usize = 16 << 10;

/// Finds the lines in bytes that come as they like, and holds no more of them than the longest line that is allowed.
#[derive(Debug)]
pub(crate) struct Framing {
    /// The beginning of a line that has no end yet.
    partial: Vec<u8>,
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
        Self { partial: Vec::new(), skipped: 0, max_line }
    }

    /// Takes what came next, and hands over each line that is whole.
    pub(crate) fn lines(&mut self, mut input: &[u8], mut each: impl FnMut(Framed<'_>)) {
        while let Some(end) = memchr(b'\n', input) {
            let line = &input[..end];
            input = &input[end + 1..];
            let len = self.skipped + (self.partial.len() + line.len()) as u64;
            if len > self.max_line as u64 {
                each(Framed::TooLong(len));
            } else if self.partial.is_empty() {
                each(Framed::Line(line));
            } else {
                self.partial.extend_from_slice(line);
                each(Framed::Line(&self.partial));
            }
            self.skipped = 0;
            self.forget();
        }
        if self.skipped > 0 || self.partial.len() + input.len() > self.max_line {
            self.skipped += (self.partial.len() + input.len()) as u64;
            self.forget();
        } else {
            self.partial.extend_from_slice(input);
        }
    }

    fn forget(&mut self) {
        if self.partial.capacity() > KEEP {
            self.partial = Vec::new();
        }
        self.partial.clear();
    }

    /// How much of a line without an end was thrown away.
    pub(crate) fn skipped(&self) -> u64 {
        self.skipped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of `input` when it comes in steps of `step` bytes; overlong ones by their length.
    fn framed(input: &[u8], step: usize, max_line: usize) -> Vec<String> {
        let mut framing = Framing::new(max_line);
        let mut out = Vec::new();
        for part in input.chunks(step) {
            framing.lines(part, |line| {
                out.push(match line {
                    Framed::Line(line) => String::from_utf8(line.to_vec()).unwrap(),
                    Framed::TooLong(len) => format!("<{len}>"),
                });
            });
            assert!(framing.partial.len() <= max_line);
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
            framing.lines(&[b'x'; 300], |_| panic!("there is no line"));
        }
        assert!(framing.partial.capacity() <= 2000);
        assert_eq!(framing.skipped(), 300_000);
    }
}
