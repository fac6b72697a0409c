//! Durations as numbers of seconds, exactly.

use std::cmp::Ordering;
use std::fmt;
use std::time::Duration;

/// A duration as a line has it: `60`, `1.118`.
pub(crate) struct Seconds(pub(crate) Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.as_secs())?;
        let (mut decimals, mut width) = (self.0.subsec_nanos(), 9);
        if decimals == 0 {
            return Ok(());
        }
        while decimals % 10 == 0 {
            (decimals, width) = (decimals / 10, width - 1);
        }
        write!(f, ".{decimals:0width$}")
    }
}

/// How long a duration is beside a bound in seconds, which means what its shortest digits say: 1.118 is 1118 ms, which no float is.
/// `None` if the bound is not a number.
#[inline]
pub(crate) fn compare(duration: Duration, bound: f64) -> Option<Ordering> {
    let seconds = duration.as_secs_f64();
    // Each of the two is off by less than two units in its last place.
    let is_near = (seconds - bound).abs() <= bound.abs() * 4.0 * f64::EPSILON;
    if is_near && bound.is_finite() {
        Some(compare_digits(duration, bound))
    } else {
        seconds.partial_cmp(&bound)
    }
}

/// The same for a bound from 0 that is finite.
#[cold]
fn compare_digits(duration: Duration, bound: f64) -> Ordering {
    let mut decimal = Decimal::default();
    // A `Decimal` takes all that is written to it.
    let _ = fmt::write(&mut decimal, format_args!("{bound:e}"));
    let nanos = duration.as_nanos();
    let scale = decimal.exponent - decimal.decimals + 9;
    // Both are near each other, so that neither outgrows 128 bits before the other does.
    let power = 10_u128.saturating_pow(scale.unsigned_abs());
    if scale < 0 {
        nanos.saturating_mul(power).cmp(&decimal.digits)
    } else {
        nanos.cmp(&decimal.digits.saturating_mul(power))
    }
}

/// What is written as `1.118e0`: digits, how many of them are decimals, and the power of ten.
#[derive(Default)]
struct Decimal {
    digits: u128,
    decimals: i32,
    exponent: i32,
    has_point: bool,
    /// The sign of the exponent, once there is one.
    sign: Option<i32>,
}

impl fmt::Write for Decimal {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            match (byte, self.sign) {
                (b'.', _) => self.has_point = true,
                (b'e', _) => self.sign = Some(1),
                (b'-', Some(_)) => self.sign = Some(-1),
                (b'0'..=b'9', Some(sign)) => {
                    self.exponent = self.exponent * 10 + sign * i32::from(byte - b'0');
                }
                (b'0'..=b'9', None) => {
                    self.digits = self.digits * 10 + u128::from(byte - b'0');
                    self.decimals += i32::from(self.has_point);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn seconds_have_as_many_decimals_as_they_need() {
        for (duration, text) in [
            (Duration::ZERO, "0"),
            (Duration::from_secs(60), "60"),
            (Duration::from_millis(1050), "1.05"),
            (Duration::from_nanos(1), "0.000000001"),
            (Duration::MAX, "18446744073709551615.999999999"),
        ] {
            assert_eq!(Seconds(duration).to_string(), text);
        }
    }

    #[test]
    fn a_bound_means_what_its_digits_say() {
        let nanos = |nanos| Duration::from_nanos(nanos);
        for (duration, bound, order) in [
            (nanos(0), 0.0, Ordering::Equal),
            (nanos(0), -0.0, Ordering::Equal),
            (nanos(0), -1.0, Ordering::Greater),
            (nanos(0), 5e-324, Ordering::Less),
            (nanos(1), 1e-9, Ordering::Equal),
            (nanos(1), 1.000_000_1e-9, Ordering::Less),
            (nanos(300_000_000), 0.1 + 0.2, Ordering::Less),
            (nanos(10_000_000_100_000_000), 10_000_000.1, Ordering::Equal),
            (nanos(10_000_000_100_000_001), 10_000_000.1, Ordering::Greater),
            (nanos(10_000_000_099_999_999), 10_000_000.1, Ordering::Less),
            (Duration::from_secs(1 << 63), 9.223_372_036_854_776e18, Ordering::Less),
            (Duration::MAX, f64::MAX, Ordering::Less),
            (Duration::MAX, f64::INFINITY, Ordering::Less),
            (Duration::MAX, f64::NEG_INFINITY, Ordering::Greater),
        ] {
            assert_eq!(compare(duration, bound), Some(order), "{duration:?} {bound}");
        }
        assert_eq!(compare(Duration::ZERO, f64::NAN), None);
    }

    proptest! {
        #[test]
        fn a_duration_is_as_long_as_its_digits(millis in 0..1_000_000_000_000_u64) {
            let duration = Duration::from_millis(millis);
            let bound: f64 = Seconds(duration).to_string().parse().unwrap();
            prop_assert_eq!(compare(duration, bound), Some(Ordering::Equal));
            let longer = duration + Duration::from_nanos(1);
            prop_assert_eq!(compare(longer, bound), Some(Ordering::Greater));
        }

        #[test]
        fn the_order_is_that_of_floats_unless_they_are_near(
            nanos in any::<u64>(), bound in 0.0..1e11_f64
        ) {
            let duration = Duration::from_nanos(nanos);
            let floats = duration.as_secs_f64().partial_cmp(&bound);
            prop_assert_eq!(compare(duration, bound), floats);
        }
    }
}
