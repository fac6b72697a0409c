const HEX: &[u8; 16] = b"0123456789abcdef";

/// Appends `text` as a JSON string, with what `spec/event.md` says escaped.
#[inline]
pub(crate) fn push_str(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    Escaped(out).push(text);
    out.push(b'"');
}

/// The inside of a JSON string.
pub(super) struct Escaped<'a>(pub(super) &'a mut Vec<u8>);

impl Escaped<'_> {
    #[inline]
    pub(super) fn push(&mut self, text: &str) {
        let mut rest = text.as_bytes();
        loop {
            let (plain, special) = rest.split_at(plain_len(rest));
            self.0.extend_from_slice(plain);
            if special.is_empty() {
                return;
            }
            rest = self.escape(special);
        }
    }

    /// Appends the first character of `text`, and returns the rest. What only looks special goes as it is.
    #[cold]
    #[inline(never)]
    fn escape<'t>(&mut self, text: &'t [u8]) -> &'t [u8] {
        let (code, len) = match *text {
            [0xc2, c1 @ ..0xa0, ..] => (u16::from(c1), 2),
            [0xe2, 0x80, last @ (0xa8 | 0xa9), ..] => (0x2000 | u16::from(last & 0x3f), 3),
            [byte @ (0xc2 | 0xe2), ..] => {
                // The bytes that follow are none that is special.
                self.0.push(byte);
                return &text[1..];
            }
            [byte, ..] => (u16::from(byte), 1),
            [] => return text,
        };
        match code {
            0x22 | 0x5c => self.0.extend_from_slice(&[b'\\', code as u8]),
            0x0a => self.0.extend_from_slice(b"\\n"),
            0x0d => self.0.extend_from_slice(b"\\r"),
            0x09 => self.0.extend_from_slice(b"\\t"),
            _ => {
                let digit = |shift: u16| HEX[usize::from(code >> shift & 0xf)];
                self.0.extend_from_slice(&[b'\\', b'u', digit(12), digit(8), digit(4), digit(0)]);
            }
        }
        &text[len..]
    }
}

/// How many bytes stand before the first that may need an escape.
#[inline]
fn plain_len(bytes: &[u8]) -> usize {
    let (words, _) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        if let Some(found) = first_special(u64::from_le_bytes(*word)) {
            return at * 8 + found;
        }
    }
    if let Some(last) = bytes.last_chunk::<8>() {
        // It overlaps what is known to be plain.
        let found = first_special(u64::from_le_bytes(*last));
        return found.map_or(bytes.len(), |found| bytes.len() - 8 + found);
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        if first_special(u64::from(first) | (u64::from(last) << 32)).is_none() {
            return bytes.len();
        }
    }
    bytes.iter().position(|&byte| is_special(byte)).unwrap_or(bytes.len())
}

/// Quote, backslash, control characters, and the bytes with which U+0080 to U+009F and U+2028 and U+2029 begin.
#[inline]
fn is_special(byte: u8) -> bool {
    byte < 0x20 || matches!(byte, b'"' | b'\\' | 0x7f | 0xc2 | 0xe2)
}

/// The first byte of a little-endian word that [is special](is_special): all eight are looked at in one go.
///
/// Subtracting 1 from each byte sets the highest bit of those that were zero, and of some that were not: of those above 0x80, which are masked out, and of those that
/// a borrow reached. A borrow comes from a zero below, so that the lowest bit set is right.
#[inline]
fn first_special(word: u64) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let all = |byte: u8| ONES * u64::from(byte);
    let is = |word: u64, byte: u8| {
        let zero_if_equal = word ^ all(byte);
        zero_if_equal.wrapping_sub(ONES) & !zero_if_equal
    };
    let control = word.wrapping_sub(all(0x20)) & !word;
    // 0xc2 and 0xe2 differ in one bit.
    let lead = is(word | all(0x20), 0xe2);
    let found = control | is(word, b'"') | is(word, b'\\') | is(word, 0x7f) | lead;
    let found = found & all(0x80);
    (found != 0).then(|| found.trailing_zeros() as usize / 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &str) -> String {
        let mut out = Vec::new();
        push_str(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn control_characters_and_line_ends_are_escaped_wherever_they_stand() {
        let special =
            ["\0", "\u{1f}", "\u{7f}", "\u{80}", "\u{9b}", "\u{9f}", "\u{2028}", "\u{2029}"];
        for special in special {
            let code = special.chars().next().unwrap() as u32;
            for before in 0..40 {
                let plain = "x".repeat(before);
                let expected = format!("\"{plain}\\u{code:04x}yz\"");
                assert_eq!(escaped(&format!("{plain}{special}yz")), expected);
            }
        }
        assert_eq!(escaped("\"\\\n\r\t"), r#""\"\\\n\r\t""#);
    }

    #[test]
    fn every_byte_is_found_at_every_place_of_every_length() {
        for len in 0..40 {
            for at in 0..len {
                for byte in 0..=255 {
                    let mut bytes = vec![b'x'; len];
                    bytes[at] = byte;
                    let naive = bytes.iter().position(|&byte| is_special(byte)).unwrap_or(len);
                    assert_eq!(plain_len(&bytes), naive, "{byte:#x} at {at} of {len}");
                    // With another one after it.
                    bytes[len - 1] = b'"';
                    let naive = bytes.iter().position(|&byte| is_special(byte)).unwrap_or(len);
                    assert_eq!(plain_len(&bytes), naive, "{byte:#x} at {at} of {len}, and a quote");
                }
            }
        }
    }

    #[test]
    fn their_neighbours_are_not() {
        let text = " \u{a0}\u{e9}\u{2027}\u{202a}\u{20ac}\u{1f600}~";
        assert_eq!(escaped(text), format!("\"{text}\""));
    }
}
