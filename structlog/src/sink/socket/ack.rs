//! What a collector answers.

/// No answer of a collector is longer; what is, is not one.
const MAX_LEN: usize = 64;

/// Finds the acknowledgements in what is read from a socket.
#[derive(Debug, Default)]
pub(super) struct AckReader {
    line: Vec<u8>,
    too_long: bool,
}

impl AckReader {
    /// Calls `each` with the offset of every acknowledgement that ends in `bytes`, or with `None` for a line that is not one.
    pub(super) fn read(&mut self, bytes: &[u8], mut each: impl FnMut(Option<u64>)) {
        for &byte in bytes {
            if byte != b'\n' {
                self.too_long |= self.line.len() == MAX_LEN;
                if !self.too_long {
                    self.line.push(byte);
                }
                continue;
            }
            each(if self.too_long { None } else { parse(&self.line) });
            self.line.clear();
            self.too_long = false;
        }
    }
}

/// `{"ack":OFFSET}`, with white space where JSON allows it.
fn parse(line: &[u8]) -> Option<u64> {
    let inside = line.trim_ascii().strip_prefix(b"{")?.strip_suffix(b"}")?;
    let value =
        inside.trim_ascii().strip_prefix(b"\"ack\"")?.trim_ascii_start().strip_prefix(b":")?;
    let digits = value.trim_ascii();
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acknowledgements_are_found_however_they_are_cut() {
        let text = b"{\"ack\":0}\n{ \"ack\" : 18446744073709551615 }\r\n";
        for cut in 0..text.len() {
            let (mut reader, mut found) = (AckReader::default(), Vec::new());
            reader.read(&text[..cut], |ack| found.push(ack));
            reader.read(&text[cut..], |ack| found.push(ack));
            assert_eq!(found, [Some(0), Some(u64::MAX)]);
        }
    }

    #[test]
    fn anything_else_is_none_and_harms_nothing_after_it() {
        let long = "9".repeat(1000);
        for bad in [
            "",
            "{}",
            "{\"ack\":}",
            "{\"ack\":-1}",
            "{\"ack\":1,\"x\":2}",
            "\0\u{ff}",
            "{\"ack\":18446744073709551616}",
            &long,
        ] {
            let mut found = Vec::new();
            AckReader::default()
                .read(format!("{bad}\n{{\"ack\":7}}\n").as_bytes(), |ack| found.push(ack));
            assert_eq!(found, [None, Some(7)], "{bad:?}");
        }
    }
}
