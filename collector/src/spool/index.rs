use std::fmt::Write;

use crate::stream::StreamId;

/// One line of an index: where a run of stored lines came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) stream: StreamId,
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) from: u64,
    pub(crate) to: u64,
    pub(crate) crc: u32,
}

impl Entry {
    /// Appends the entry's line, its bytes moved on by `base`.
    pub(crate) fn write(&self, base: u64, out: &mut String) {
        let begin = out.len();
        let (from, to) = (self.from + base, self.to + base);
        let Self { stream, start, end, crc, .. } = self;
        let _ = write!(out, "{stream} {start} {end} {from} {to} {crc:08x}");
        let sum = crc32fast::hash(&out.as_bytes()[begin..]);
        let _ = writeln!(out, " {sum:08x}");
    }

    /// The entry of a line without its line feed, if it is one and is whole.
    pub(crate) fn parse(line: &[u8]) -> Option<Self> {
        let line = std::str::from_utf8(line).ok()?;
        let (body, sum) = line.rsplit_once(' ')?;
        if u32::from_str_radix(sum, 16).ok()? != crc32fast::hash(body.as_bytes()) {
            return None;
        }
        let mut parts = body.split(' ');
        let entry = Self {
            stream: StreamId::parse(parts.next()?)?,
            start: parts.next()?.parse().ok()?,
            end: parts.next()?.parse().ok()?,
            from: parts.next()?.parse().ok()?,
            to: parts.next()?.parse().ok()?,
            crc: u32::from_str_radix(parts.next()?, 16).ok()?,
        };
        let ordered = entry.start <= entry.end && entry.from <= entry.to;
        (ordered && parts.next().is_none()).then_some(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry { stream: StreamId::own(), start: 10, end: 30, from: 0, to: 15, crc: 0xab }
    }

    #[test]
    fn parses_what_it_writes() {
        let mut out = String::from("before\n");
        entry().write(100, &mut out);
        let line = out.lines().nth(1).unwrap();
        let parsed = Entry::parse(line.as_bytes()).unwrap();
        assert_eq!((parsed.from, parsed.to, parsed.crc), (100, 115, 0xab));
        assert_eq!((parsed.start, parsed.end), (10, 30));
    }

    #[test]
    fn any_changed_byte_is_noticed() {
        let mut out = String::new();
        entry().write(0, &mut out);
        let line = out.trim_end().as_bytes();
        for at in 0..line.len() {
            let mut changed = line.to_vec();
            changed[at] ^= 1;
            assert_eq!(Entry::parse(&changed), None, "byte {at}");
            assert_eq!(Entry::parse(&line[..at]), None, "cut at {at}");
        }
    }
}
