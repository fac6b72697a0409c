use std::{
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

/// The name of a stream: a UUID, in lower case with hyphens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct StreamId([u8; 16]);

/// Begins the ids that a collector makes for those who name no stream of their own ("thrl").
const OWN: [u8; 4] = *b"thrl";

impl StreamId {
    /// A new id for a stream that no client can come back to.
    pub(crate) fn own() -> Self {
        let mut id = noise();
        id[..4].copy_from_slice(&OWN);
        // A UUID whose meaning is its maker's.
        Self(versioned(id, 8))
    }

    /// A new id for a stream that this collector sends as a client.
    pub(crate) fn random() -> Self {
        Self(versioned(noise(), 4))
    }

    /// Whether a collector made it.
    pub(crate) fn is_own(self) -> bool {
        self.0[..4] == OWN && self.0[6] >> 4 == 8
    }

    /// The id that `text` spells, if it does so in the one accepted form.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.as_bytes();
        if text.len() != 36 {
            return None;
        }
        let mut id = [0; 16];
        let mut digits = 0;
        for (at, &byte) in text.iter().enumerate() {
            let digit = match (at, byte) {
                (8 | 13 | 18 | 23, b'-') => continue,
                (8 | 13 | 18 | 23, _) => return None,
                (_, b'0'..=b'9') => byte - b'0',
                (_, b'a'..=b'f') => byte - b'a' + 10,
                _ => return None,
            };
            id[digits / 2] = id[digits / 2] << 4 | digit;
            digits += 1;
        }
        Some(Self(id))
    }
}

fn noise() -> [u8; 16] {
    let mut id = [0; 16];
    if getrandom::fill(&mut id).is_err() {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        id = since.as_nanos().rotate_left(32).to_be_bytes();
    }
    id
}

/// `id` with the marks of a UUID of this version (RFC 9562).
fn versioned(mut id: [u8; 16], version: u8) -> [u8; 16] {
    id[6] = (id[6] & 0x0f) | version << 4;
    id[8] = (id[8] & 0x3f) | 0x80;
    id
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = String::with_capacity(36);
        for (at, byte) in self.0.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
            text.extend([digit(byte >> 4), digit(byte & 0xf)]);
        }
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spells_what_it_parses() {
        let text = "0193f6c2-7d3e-7bb4-9c1e-2f0d3a1b5c6d";
        assert_eq!(StreamId::parse(text).unwrap().to_string(), text);
        assert!(!StreamId::parse(text).unwrap().is_own());
    }

    #[test]
    fn other_spellings_are_no_ids() {
        for text in [
            "",
            "0193F6C2-7D3E-7BB4-9C1E-2F0D3A1B5C6D",
            "0193f6c27d3e7bb49c1e2f0d3a1b5c6d",
            "0193f6c2-7d3e-7bb4-9c1e-2f0d3a1b5c6",
            "0193f6c2-7d3e-7bb4-9c1e-2f0d3a1b5c6dd",
            "0193f6c2-7d3e-7bb4-9c1e02f0d3a1b5c6d",
            "{193f6c2-7d3e-7bb4-9c1e-2f0d3a1b5c6d",
        ] {
            assert_eq!(StreamId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn own_ids_are_known_again_and_differ() {
        let id = StreamId::own();
        assert!(StreamId::parse(&id.to_string()).unwrap().is_own());
        assert_ne!(id, StreamId::own());
        assert!(!StreamId::random().is_own());
    }
}
