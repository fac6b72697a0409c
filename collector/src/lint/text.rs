use std::borrow::Cow;

/// A string as it stands in a line. Its escapes are well formed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a> {
    pub(super) raw: &'a str,
    pub(super) is_escaped: bool,
}

impl<'a> Text<'a> {
    /// What it means.
    pub(super) fn decode(self) -> Cow<'a, str> {
        if !self.is_escaped {
            return Cow::Borrowed(self.raw);
        }
        let mut text = String::with_capacity(self.raw.len());
        let mut rest = self.raw;
        while let Some(at) = rest.find('\\') {
            text.push_str(&rest[..at]);
            let code = rest.as_bytes()[at + 1];
            rest = &rest[at + 2..];
            text.push(match code {
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                b'n' => '\n',
                b'r' => '\r',
                b't' => '\t',
                b'u' => {
                    let (c, length) = code_point(rest);
                    rest = &rest[length..];
                    c
                }
                plain => char::from(plain),
            });
        }
        text.push_str(rest);
        Cow::Owned(text)
    }

    pub(super) fn is(self, text: &str) -> bool {
        if self.is_escaped { self.decode() == text } else { self.raw == text }
    }

    /// Whether it has no more than so many code points.
    pub(super) fn fits(self, most: usize) -> bool {
        // No text has more code points than bytes, with escapes or without.
        self.raw.len() <= most || self.decode().chars().count() <= most
    }
}

/// The character whose code follows a `\u`, and the length of what says so.
fn code_point(rest: &str) -> (char, usize) {
    let unit = |at: usize| rest.get(at..at + 4).and_then(|hex| u32::from_str_radix(hex, 16).ok());
    let high = unit(0).unwrap_or_default();
    if let Some(c) = char::from_u32(high) {
        return (c, 4);
    }
    let low = unit(6).unwrap_or_default();
    let code = 0x1_0000 + ((high & 0x3ff) << 10) + (low & 0x3ff);
    (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 10)
}
