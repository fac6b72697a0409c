use std::fmt::{self, Display, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, SystemTime};

use throughline_schema::{Scalar, ValueWriter};

use super::string::{Escaped, push_str};
use super::time;

/// What stands in place of a value that the logger is not cleared for.
pub(super) const REDACTED: &[u8] = b"\"[redacted]\"";

/// What stands in place of a value whose `Display` failed or panicked.
const UNPRINTABLE: &[u8] = b"\"[unprintable]\"";

/// Writes one value as JSON.
pub(super) struct ValueEncoder<'a>(pub(super) &'a mut Vec<u8>);

impl ValueEncoder<'_> {
    #[inline]
    fn integer(self, value: impl itoa::Integer) {
        self.0.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
    }

    #[inline]
    fn null(self) {
        self.0.extend_from_slice(b"null");
    }
}

impl ValueWriter for ValueEncoder<'_> {
    #[inline]
    fn bool(self, value: bool) {
        self.0.extend_from_slice(if value { b"true" } else { b"false" });
    }

    #[inline]
    fn i64(self, value: i64) {
        self.integer(value);
    }

    #[inline]
    fn u64(self, value: u64) {
        self.integer(value);
    }

    #[inline]
    fn i128(self, value: i128) {
        self.integer(value);
    }

    #[inline]
    fn u128(self, value: u128) {
        self.integer(value);
    }

    #[inline]
    fn f32(self, value: f32) {
        if value.is_finite() {
            self.0.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
        } else {
            self.null();
        }
    }

    #[inline]
    fn f64(self, value: f64) {
        if value.is_finite() {
            self.0.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
        } else {
            self.null();
        }
    }

    #[inline]
    fn str(self, value: &str) {
        push_str(self.0, value);
    }

    fn display(self, value: &(dyn Display + '_)) {
        let start = self.0.len();
        self.0.push(b'"');
        let mut text = Escaped(self.0);
        // A panic in somebody's `Display` is no reason for one in the code that says what happened.
        let written = catch_unwind(AssertUnwindSafe(|| write!(text, "{value}")));
        if let Ok(Ok(())) = written {
            self.0.push(b'"');
        } else {
            self.0.truncate(start);
            self.0.extend_from_slice(UNPRINTABLE);
        }
    }

    fn duration(self, value: Duration) {
        self.0.extend_from_slice(itoa::Buffer::new().format(value.as_secs()).as_bytes());
        if value.subsec_nanos() > 0 {
            let mut digits = *b".000000000";
            time::digits(&mut digits[1..], u64::from(value.subsec_nanos()));
            let end = digits.iter().rposition(|&digit| digit != b'0').unwrap_or(0);
            self.0.extend_from_slice(&digits[..=end]);
        }
    }

    fn time(self, value: SystemTime) {
        self.0.push(b'"');
        time::push(self.0, value);
        self.0.push(b'"');
    }

    fn list<'a, T: Scalar + 'a>(self, values: impl Iterator<Item = &'a T>) {
        self.0.push(b'[');
        for (index, value) in values.enumerate() {
            if index > 0 {
                self.0.push(b',');
            }
            let start = self.0.len();
            value.write(ValueEncoder(self.0));
            if self.0.len() == start {
                self.0.extend_from_slice(b"null");
            }
        }
        self.0.push(b']');
    }
}

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn json(write: impl FnOnce(ValueEncoder<'_>)) -> String {
        let mut out = Vec::new();
        write(ValueEncoder(&mut out));
        String::from_utf8(out).unwrap()
    }

    struct Fails;

    impl Display for Fails {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("half a \"value")?;
            Err(fmt::Error)
        }
    }

    struct Panics;

    impl Display for Panics {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("half a \"value")?;
            panic!("a Display that panics, as this test wants it")
        }
    }

    #[test]
    fn a_display_that_fails_or_panics_leaves_no_half_value() {
        assert_eq!(json(|writer| writer.display(&Fails)), r#""[unprintable]""#);
        assert_eq!(json(|writer| writer.display(&Panics)), r#""[unprintable]""#);
    }

    #[test]
    fn durations_are_seconds_with_as_many_decimals_as_they_need() {
        let cases = [
            (Duration::ZERO, "0"),
            (Duration::from_secs(60), "60"),
            (Duration::from_millis(1_050), "1.05"),
            (Duration::from_nanos(1), "0.000000001"),
            (Duration::MAX, "18446744073709551615.999999999"),
        ];
        for (value, expected) in cases {
            assert_eq!(json(|writer| writer.duration(value)), expected);
        }
    }

    proptest! {
        #[test]
        fn numbers_read_back_as_they_were(a: i64, b: u64, c in any::<f64>(), d in any::<f32>(), e: i128, f: u128) {
            prop_assert_eq!(json(|w| w.i64(a)).parse::<i64>().unwrap(), a);
            prop_assert_eq!(json(|w| w.u64(b)).parse::<u64>().unwrap(), b);
            prop_assert_eq!(json(|w| w.i128(e)).parse::<i128>().unwrap(), e);
            prop_assert_eq!(json(|w| w.u128(f)).parse::<u128>().unwrap(), f);
            let (c_json, d_json) = (json(|w| w.f64(c)), json(|w| w.f32(d)));
            serde_json::from_str::<serde_json::Value>(&c_json).unwrap();
            serde_json::from_str::<serde_json::Value>(&d_json).unwrap();
            if c.is_finite() {
                prop_assert_eq!(c_json.parse::<f64>().unwrap().to_bits(), c.to_bits());
            }
            if d.is_finite() {
                prop_assert_eq!(d_json.parse::<f32>().unwrap().to_bits(), d.to_bits());
            }
        }

        #[test]
        fn text_reads_back_as_it_was(text in "\\PC*|[\\x00-\\xff\u{2020}-\u{2030}]*") {
            let json = json(|writer| writer.str(&text));
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text.clone());
            let is_safe = |c: char| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}');
            prop_assert!(json.chars().all(is_safe));
            prop_assert_eq!(super::tests::json(|writer| writer.display(&text)), json);
        }
    }
}
