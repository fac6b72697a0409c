use crate::{Kind, Level};

/// What precedes the level in a head.
pub(crate) const LEVEL: &str = "\",\"level\":\"";

/// The constant part of an event's line, written while the program is compiled: see
/// [`Descriptor::head`](crate::Descriptor::head). Made twice, once with no room to learn the length, and once to be filled.
#[derive(Debug)]
pub struct Head<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Head<N> {
    /// The head of an event.
    pub const fn of(level: Level, name: &str, version: u32, kind: Kind, message: &str) -> Head<N> {
        let mut head = Head::of_template(level, name, version, kind);
        head.escaped(message);
        head.plain("\"");
        head
    }

    /// The head of an event whose message is a template: it ends where the message begins.
    pub const fn of_template(level: Level, name: &str, version: u32, kind: Kind) -> Head<N> {
        let mut head = Head { bytes: [0; N], len: 0 };
        head.plain(LEVEL);
        head.plain(level.as_str());
        head.plain("\",\"event\":\"");
        head.plain(name);
        head.plain("\",\"version\":");
        head.number(version);
        match kind {
            Kind::Log => {}
            Kind::Span => head.plain(",\"kind\":\"span\""),
            Kind::Metric => head.plain(",\"kind\":\"metric\""),
        }
        head.plain(",\"message\":\"");
        head
    }

    /// How much room it needs, whatever it had.
    pub const fn needs(&self) -> usize {
        self.len
    }

    /// The head as text.
    ///
    /// # Panics
    ///
    /// If there was not exactly as much room as it needs.
    pub const fn as_str(&self) -> &str {
        assert!(self.len == N, "a head is made with as much room as it needs");
        match str::from_utf8(&self.bytes) {
            Ok(text) => text,
            Err(_) => panic!("a head is made of text"),
        }
    }

    const fn push(&mut self, byte: u8) {
        if self.len < N {
            self.bytes[self.len] = byte;
        }
        self.len += 1;
    }

    const fn plain(&mut self, text: &str) {
        let mut at = 0;
        while at < text.len() {
            self.push(text.as_bytes()[at]);
            at += 1;
        }
    }

    const fn number(&mut self, number: u32) {
        if number >= 10 {
            self.number(number / 10);
        }
        self.push(b'0' + (number % 10) as u8);
    }

    /// Escapes what `spec/event.md` says, "Values".
    const fn escaped(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            match bytes.split_at(at).1 {
                [byte @ (b'"' | b'\\'), ..] => {
                    self.push(b'\\');
                    self.push(*byte);
                }
                [byte @ (..0x20 | 0x7f), ..] => self.unicode(*byte as u16),
                [0xc2, byte @ ..0xa0, ..] => {
                    self.unicode(*byte as u16);
                    at += 1;
                }
                [0xe2, 0x80, byte @ (0xa8 | 0xa9), ..] => {
                    self.unicode(0x2000 | (*byte & 0x3f) as u16);
                    at += 2;
                }
                _ => self.push(bytes[at]),
            }
            at += 1;
        }
    }

    const fn unicode(&mut self, code: u16) {
        self.plain("\\u");
        let mut shift = 16;
        while shift > 0 {
            shift -= 4;
            self.push(b"0123456789abcdef"[(code >> shift & 0xf) as usize]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_the_constant_part_of_a_line() {
        const LEN: usize = Head::<0>::of(Level::Warn, "a.b", 120, Kind::Span, "Done").needs();
        const HEAD: Head<LEN> = Head::of(Level::Warn, "a.b", 120, Kind::Span, "Done");
        let expected =
            r#"","level":"WARN","event":"a.b","version":120,"kind":"span","message":"Done""#;
        assert_eq!(HEAD.as_str(), expected);
    }

    #[test]
    fn messages_are_escaped() {
        const MESSAGE: &str =
            "\"q\" \\ \n \u{1b} \u{7f} \u{9b} \u{a0} é \u{2027} \u{2028} \u{2029} \u{202a} €";
        const LEN: usize = Head::<0>::of(Level::Info, "a", 1, Kind::Log, MESSAGE).needs();
        const HEAD: Head<LEN> = Head::of(Level::Info, "a", 1, Kind::Log, MESSAGE);
        let escaped = r#"\"q\" \\ \u000a \u001b \u007f \u009b"#.to_owned()
            + " \u{a0} é \u{2027} "
            + r"\u2028 \u2029"
            + " \u{202a} €";
        assert!(HEAD.as_str().ends_with(&format!(r#""message":"{escaped}""#)), "{}", HEAD.as_str());
    }
}
