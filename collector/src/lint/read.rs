use std::io::{self, BufRead, Read};

use super::MAX_LINE;

/// Reads lines one by one, and holds no more than one of them.
pub(crate) struct Lines<R> {
    input: io::BufReader<R>,
    held: Vec<u8>,
    /// How many bytes the line at hand has.
    length: u64,
}

/// A line, without its line feed.
pub(crate) enum Line<'a> {
    Whole(&'a [u8]),
    /// It is longer than lines may be, by this length.
    TooLong(u64),
}

impl<R: Read> Lines<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input: io::BufReader::with_capacity(256 << 10, input), held: Vec::new(), length: 0 }
    }

    /// Hands the next line to `with`. `None` is the end.
    pub(crate) fn next<T>(&mut self, with: impl FnOnce(Line<'_>) -> T) -> io::Result<Option<T>> {
        self.held.clear();
        self.length = 0;
        loop {
            let bytes = match self.input.fill_buf() {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let end = memchr::memchr(b'\n', bytes);
            let part = &bytes[..end.unwrap_or(bytes.len())];
            let is_last = end.is_some() || bytes.is_empty();
            if bytes.is_empty() && self.length == 0 {
                return Ok(None);
            }
            self.length += part.len() as u64;
            if self.held.is_empty() && end.is_some() && part.len() <= MAX_LINE {
                // It ends in the buffer, and nothing of it is held.
                let whole = self.length == part.len() as u64;
                let line = if whole { Line::Whole(part) } else { Line::TooLong(self.length) };
                let done = with(line);
                let used = part.len() + 1;
                self.input.consume(used);
                return Ok(Some(done));
            }
            if self.length <= MAX_LINE as u64 {
                self.held.extend_from_slice(part);
            } else {
                self.held.clear();
            }
            let used = part.len() + usize::from(end.is_some());
            self.input.consume(used);
            if is_last {
                let is_whole = self.length <= MAX_LINE as u64;
                let line =
                    if is_whole { Line::Whole(&self.held) } else { Line::TooLong(self.length) };
                return Ok(Some(with(line)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(input: &[u8]) -> Vec<Result<Vec<u8>, u64>> {
        let mut lines = Lines::new(input);
        let mut all = Vec::new();
        let owned = |line: Line<'_>| match line {
            Line::Whole(line) => Ok(line.to_vec()),
            Line::TooLong(length) => Err(length),
        };
        while let Some(line) = lines.next(owned).unwrap() {
            all.push(line);
        }
        all
    }

    #[test]
    fn lines_are_what_stands_between_line_feeds() {
        let is = |lines: &[&str]| lines.iter().map(|line| Ok(line.as_bytes().to_vec())).collect();
        let expect: fn(&[u8], Vec<_>) = |input, lines| assert_eq!(read(input), lines);
        expect(b"", is(&[]));
        expect(b"\n", is(&[""]));
        expect(b"a\n\nb", is(&["a", "", "b"]));
        let long = "x".repeat(MAX_LINE);
        expect(format!("{long}\nb\n").as_bytes(), is(&[&long, "b"]));
        expect(long.as_bytes(), is(&[&long]));
    }

    #[test]
    fn a_line_that_is_too_long_is_told_by_its_length() {
        let long = "x".repeat(MAX_LINE + 1);
        let input = format!("a\n{long}\nb\n{long}{long}");
        let length = long.len() as u64;
        let expected = [Ok(b"a".to_vec()), Err(length), Ok(b"b".to_vec()), Err(2 * length)];
        assert_eq!(read(input.as_bytes()), expected);
    }
}
