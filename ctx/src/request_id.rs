use std::fmt;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::random;

/// The id of a request: the same on every hop, in every event, and on the response.
///
/// 1 to 128 characters out of `A-Z a-z 0-9 - _ . ~ : / + = @` (`spec/context.md`), so that it can stand in a header and in
/// a line as it is. One that we mint is a UUIDv7 (RFC 9562): the ids of later requests sort after those of earlier ones, to the
/// millisecond.
#[derive(Clone, Copy)]
pub struct RequestId {
    len: u8,
    bytes: [u8; RequestId::MAX_LEN],
}

impl RequestId {
    /// The length of the longest request id, in characters.
    pub const MAX_LEN: usize = 128;

    /// A new id: a UUIDv7 of the present time, in lower case with hyphens.
    pub fn mint() -> RequestId {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut uuid = random::bytes::<16>();
        let millis = (since_epoch.as_millis() as u64).to_be_bytes();
        uuid[..6].copy_from_slice(&millis[2..]);
        uuid[6] = (uuid[6] & 0x0f) | 0x70;
        uuid[8] = (uuid[8] & 0x3f) | 0x80;

        let mut bytes = [0; RequestId::MAX_LEN];
        let mut at = 0;
        for (index, byte) in uuid.into_iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                bytes[at] = b'-';
                at += 1;
            }
            bytes[at] = crate::trace::HEX[usize::from(byte >> 4)];
            bytes[at + 1] = crate::trace::HEX[usize::from(byte & 0x0f)];
            at += 2;
        }
        RequestId { len: 36, bytes }
    }

    /// The id that these bytes are, as they came in a header.
    ///
    /// # Errors
    ///
    /// If there are none or more than 128, or one is outside of the safe set.
    pub fn parse(value: &[u8]) -> Result<RequestId, InvalidRequestId> {
        let fits = (1..=RequestId::MAX_LEN).contains(&value.len());
        if !fits || !value.iter().all(|&byte| is_safe(byte)) {
            return Err(InvalidRequestId(()));
        }
        let mut bytes = [0; RequestId::MAX_LEN];
        bytes[..value.len()].copy_from_slice(value);
        Ok(RequestId { len: value.len() as u8, bytes })
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        // Every byte was checked to be ASCII when the id was made.
        str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The id in ASCII, for those who write bytes: unlike [`as_str`](RequestId::as_str) it costs nothing.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

fn is_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'_' | b'.' | b'~' | b':' | b'/' | b'+' | b'=' | b'@')
}

impl FromStr for RequestId {
    type Err = InvalidRequestId;

    fn from_str(value: &str) -> Result<RequestId, InvalidRequestId> {
        RequestId::parse(value.as_bytes())
    }
}

impl PartialEq for RequestId {
    fn eq(&self, other: &RequestId) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for RequestId {}

impl std::hash::Hash for RequestId {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// The value is no [`RequestId`]: it is empty, too long, or has a character outside of the safe set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidRequestId(());

impl fmt::Display for InvalidRequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a request id is 1 to 128 characters out of A-Z a-z 0-9 - _ . ~ : / + = @")
    }
}

impl std::error::Error for InvalidRequestId {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minted_id_is_a_uuid_of_version_7_and_the_present_time() {
        let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
        let id = RequestId::mint();
        let after = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;

        let text = id.as_str();
        let hyphens: Vec<_> = text.match_indices('-').map(|(at, _)| at).collect();
        assert_eq!((text.len(), hyphens.as_slice()), (36, &[8, 13, 18, 23][..]));
        let digits = text.replace('-', "");
        assert!(digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')), "{text}");
        assert_eq!(&digits[12..13], "7");
        assert!(matches!(&digits[16..17], "8" | "9" | "a" | "b"), "{text}");
        let millis = u64::from_str_radix(&digits[..12], 16).unwrap();
        assert!((before..=after).contains(&millis));
    }

    #[test]
    fn minted_ids_differ() {
        assert_ne!(RequestId::mint(), RequestId::mint());
    }

    #[test]
    fn every_safe_character_and_every_allowed_length_is_accepted() {
        let safe = "ABCxyz019-_.~:/+=@";
        assert_eq!(safe.parse::<RequestId>().unwrap().as_str(), safe);
        for len in [1, 36, 128] {
            let id = "a".repeat(len);
            assert_eq!(id.parse::<RequestId>().unwrap().as_str(), id);
        }
    }

    #[test]
    fn what_could_break_a_header_or_a_line_is_refused() {
        let long = "a".repeat(129);
        for bad in
            ["", &long, "a b", "a\nb", "a\0b", "a\"b", "a\\b", "a,b", "a;b", "<a>", "é", "\u{7f}"]
        {
            assert!(bad.parse::<RequestId>().is_err(), "{bad:?}");
        }
        assert!(RequestId::parse(&[0xff]).is_err());
    }
}
