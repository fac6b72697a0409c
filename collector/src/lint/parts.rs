//! Forms of text that lines have, as the JSON Schema of a lock file has them.

use std::net::Ipv4Addr;

/// RFC 3339 in UTC, with 6 or 9 digits of a second.
pub(super) fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (28 | 31, Some((b'Z', digits))) = (bytes.len() + 1, bytes.split_last()) else {
        return false;
    };
    let fits = |at: usize, most: u8| {
        let [tens, ones] = [digits[at], digits[at + 1]];
        tens.is_ascii_digit() && ones.is_ascii_digit() && (tens - b'0') * 10 + ones - b'0' <= most
    };
    let is_counted = |at: usize| &digits[at..at + 2] != b"00";
    digits[..4].iter().chain(&digits[20..]).all(u8::is_ascii_digit)
        && [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'.')]
            .iter()
            .all(|(at, byte)| digits[*at] == *byte)
        && [(5, 12), (8, 31), (11, 23), (14, 59), (17, 59)]
            .iter()
            .all(|(at, most)| fits(*at, *most))
        && is_counted(5)
        && is_counted(8)
}

/// RFC 9562, in lower case with hyphens.
pub(super) fn is_uuid(text: &str) -> bool {
    let is_in_place = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => is_hex(byte),
    };
    text.len() == 36 && text.bytes().enumerate().all(is_in_place)
}

/// What stands for a value that is withheld.
pub(super) fn is_hash(text: &str) -> bool {
    let digits = text.strip_prefix("[hash:").and_then(|rest| rest.strip_suffix(']'));
    digits.is_some_and(|digits| digits.len() == 32 && digits.bytes().all(is_hex))
}

/// The id of a trace or of a span: so many digits, not all of them zero.
pub(super) fn is_id(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(is_hex) && text.bytes().any(|byte| byte != b'0')
}

pub(super) fn is_request_id(text: &str) -> bool {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~:/+=@".contains(&byte);
    (1..=128).contains(&text.len()) && text.bytes().all(is_safe)
}

pub(super) fn is_ip(text: &str) -> bool {
    text.parse::<Ipv4Addr>().is_ok() || is_v6(text)
}

pub(super) fn is_socket(text: &str) -> bool {
    let Some((address, port)) = text.rsplit_once(':') else { return false };
    let is_port = (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
    let in_brackets = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    is_port
        && match in_brackets {
            None => address.parse::<Ipv4Addr>().is_ok(),
            Some(address) => match address.split_once('%') {
                None => is_v6(address),
                Some((address, scope)) => {
                    let is_number = scope.bytes().all(|byte| byte.is_ascii_digit());
                    is_v6(address) && (1..=10).contains(&scope.len()) && is_number
                }
            },
        }
}

/// RFC 5952, as far as a pattern of a sane length tells.
fn is_v6(text: &str) -> bool {
    let Some((first, rest)) = text.split_once(':') else { return false };
    let is_rest = |byte| is_hex(byte) || matches!(byte, b':' | b'.');
    first.len() <= 4
        && first.bytes().all(is_hex)
        && (1..=42).contains(&rest.len())
        && rest.bytes().all(is_rest)
}

fn is_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_as_the_contract_has_them() {
        for good in ["2026-11-21T09:28:31.123456Z", "0000-01-31T23:59:59.123456789Z"] {
            assert!(is_time(good), "{good}");
        }
        for bad in [
            "",
            "2026-11-21T09:28:31Z",
            "2026-11-21T09:28:31.1234567Z",
            "2026-11-21 09:28:31.123456Z",
            "2026-13-21T09:28:31.123456Z",
            "2026-00-21T09:28:31.123456Z",
            "2026-11-32T09:28:31.123456Z",
            "2026-11-21T24:28:31.123456Z",
            "2026-11-21T09:28:60.123456Z",
            "2026-11-21T09:28:31.12345\u{e9}",
            "2026-11-21T09:28:31.123456+",
        ] {
            assert!(!is_time(bad), "{bad}");
        }
    }

    #[test]
    fn addresses_are_as_they_are_written() {
        for good in ["192.0.2.1", "::1", "2001:db8::1", "::ffff:192.0.2.1"] {
            assert!(is_ip(good), "{good}");
        }
        for bad in ["192.0.2", "192.0.2.256", "192.0.2.01", "::G", "2001:DB8::1", ":", "host"] {
            assert!(!is_ip(bad), "{bad}");
        }
        for good in ["192.0.2.1:80", "[::1]:65535", "[fe80::1%3]:80"] {
            assert!(is_socket(good), "{good}");
        }
        for bad in ["192.0.2.1", "::1:80", "[::1]", "[::1%]:80", "[::1]:123456", "[::1]:"] {
            assert!(!is_socket(bad), "{bad}");
        }
    }

    #[test]
    fn an_id_is_not_all_zeros() {
        assert!(is_id("00f067aa0ba902b7", 16) && !is_id("0000000000000000", 16));
        assert!(!is_id("00F067AA0BA902B7", 16) && !is_id("0", 16));
        assert!(is_hash("[hash:00f067aa0ba902b700f067aa0ba902b7]") && !is_hash("[hash:]"));
        assert!(is_uuid("0193f5a0-6f52-7d5c-a1b0-5f3f4c1f9d11") && !is_uuid(&"0".repeat(36)));
    }
}
