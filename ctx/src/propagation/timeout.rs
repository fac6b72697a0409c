//! The time that is left, as headers state it.

use std::fmt::Write;
use std::time::Duration;

/// How a header states time.
#[derive(Clone, Copy)]
pub(super) enum Unit {
    /// Milliseconds.
    Millis,
    /// Digits and a unit (gRPC over HTTP/2, `Timeout`).
    Grpc,
}

const MAX: u128 = 99_999_999; // 8 digits

/// 1 to 8 digits, milliseconds.
pub(super) fn parse_millis(value: &[u8]) -> Option<Duration> {
    digits(value).map(Duration::from_millis)
}

/// 1 to 8 digits and one of the units `H M S m u n`.
pub(super) fn parse_grpc(value: &[u8]) -> Option<Duration> {
    let (unit, value) = value.split_last()?;
    let value = digits(value)?;
    match unit {
        b'H' => Some(Duration::from_secs(value * 3600)),
        b'M' => Some(Duration::from_secs(value * 60)),
        b'S' => Some(Duration::from_secs(value)),
        b'm' => Some(Duration::from_millis(value)),
        b'u' => Some(Duration::from_micros(value)),
        b'n' => Some(Duration::from_nanos(value)),
        _ => None,
    }
}

fn digits(value: &[u8]) -> Option<u64> {
    if !(1..=8).contains(&value.len()) {
        return None;
    }
    value
        .iter()
        .try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u64::from(byte - b'0')))
}

/// Hands the header's value to `set`: in the finest unit in which 8 digits hold it, rounded down, so that a callee never has more time
/// than its caller.
pub(super) fn write(left: Duration, unit: Unit, set: impl FnOnce(&str)) {
    let (value, suffix) = match unit {
        Unit::Millis => (left.as_millis().min(MAX), ""),
        Unit::Grpc => [
            (left.as_nanos(), "n"),
            (left.as_micros(), "u"),
            (left.as_millis(), "m"),
            (u128::from(left.as_secs()), "S"),
            (u128::from(left.as_secs() / 60), "M"),
        ]
        .into_iter()
        .find(|&(value, _)| value <= MAX)
        .unwrap_or((u128::from(left.as_secs() / 3600).min(MAX), "H")),
    };
    let mut text = Short::default();
    if write!(text, "{value}{suffix}").is_ok() {
        set(text.as_str());
    }
}

/// Up to nine bytes of text on the stack.
#[derive(Default)]
struct Short {
    bytes: [u8; 9],
    len: usize,
}

impl Short {
    fn as_str(&self) -> &str {
        str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }
}

impl Write for Short {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.len + text.len();
        self.bytes.get_mut(self.len..end).ok_or(std::fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(left: Duration, unit: Unit) -> String {
        let mut out = String::new();
        write(left, unit, |value| out = value.to_owned());
        out
    }

    #[test]
    fn all_units_of_grpc_are_read() {
        let cases = [
            ("1H", Duration::from_secs(3600)),
            ("2M", Duration::from_secs(120)),
            ("3S", Duration::from_secs(3)),
            ("4m", Duration::from_millis(4)),
            ("5u", Duration::from_micros(5)),
            ("99999999n", Duration::from_nanos(99_999_999)),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_grpc(text.as_bytes()), Some(expected), "{text}");
        }
    }

    #[test]
    fn malformed_values_are_refused() {
        for bad in ["", "S", "1", "1s", "-1S", "+1S", "1 S", "123456789S", "1.5S", "１S"] {
            assert_eq!(parse_grpc(bad.as_bytes()), None, "{bad:?}");
        }
        for bad in ["", "-1", "+1", "123456789", "1.5", "0x1", "1m"] {
            assert_eq!(parse_millis(bad.as_bytes()), None, "{bad:?}");
        }
    }

    #[test]
    fn values_are_written_in_the_finest_unit_that_fits_and_never_rounded_up() {
        let cases = [
            (Duration::ZERO, "0n", "0"),
            (Duration::from_nanos(99_999_999), "99999999n", "99"),
            (Duration::from_nanos(100_000_999), "100000u", "100"),
            (Duration::from_micros(100_000_999), "100000m", "100000"),
            (Duration::from_secs(100_000), "100000S", "99999999"),
            (Duration::from_secs(100_000_059), "1666667M", "99999999"),
            (Duration::MAX, "99999999H", "99999999"),
        ];
        for (left, grpc, millis) in cases {
            assert_eq!(written(left, Unit::Grpc), grpc, "{left:?}");
            assert_eq!(written(left, Unit::Millis), millis, "{left:?}");
            if left != Duration::MAX {
                assert!(parse_grpc(grpc.as_bytes()).unwrap() <= left);
            }
        }
    }
}
