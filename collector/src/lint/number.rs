use throughline_schema::{Integer, Limits};

/// An integer, as far as 128 bits hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Whole {
    is_negative: bool,
    /// `None` if it is greater than any type holds.
    magnitude: Option<u128>,
}

impl Whole {
    /// Reads a JSON number, if it is an integer: `3`, `3.0` and `30e-1` are one.
    pub(super) fn read(number: &str) -> Option<Whole> {
        let (is_negative, number) = match number.strip_prefix('-') {
            Some(number) => (true, number),
            None => (false, number),
        };
        if number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Whole { is_negative, magnitude: number.parse().ok() });
        }
        let (number, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = format!("{whole}{fraction}");
        let digits = digits.trim_start_matches('0');
        let significant = digits.trim_end_matches('0');
        if significant.is_empty() {
            return Some(Whole { is_negative, magnitude: Some(0) });
        }
        // An exponent beyond this is one of a fraction, or of a number that nothing holds.
        let exponent = exponent.parse::<i64>().unwrap_or(if exponent.starts_with('-') {
            i64::MIN / 2
        } else {
            i64::MAX / 2
        });
        let zeros = (digits.len() - significant.len()) as i64 - fraction.len() as i64;
        let zeros = usize::try_from(zeros.saturating_add(exponent)).ok()?;
        let magnitude = match significant.len().saturating_add(zeros) {
            ..=39 => format!("{significant}{}", "0".repeat(zeros)).parse().ok(),
            _ => None,
        };
        Some(Whole { is_negative, magnitude })
    }

    /// The number, if it is not negative.
    pub(super) fn unsigned(self) -> Option<u128> {
        self.magnitude.filter(|magnitude| !self.is_negative || *magnitude == 0)
    }

    pub(super) fn is_at_least(self, least: u128) -> bool {
        match self.magnitude {
            Some(magnitude) if self.is_negative => magnitude == 0 && least == 0,
            Some(magnitude) => magnitude >= least,
            None => !self.is_negative,
        }
    }

    pub(super) fn fits(self, integer: Integer) -> bool {
        let Some(magnitude) = self.magnitude else { return false };
        if self.is_negative {
            magnitude <= integer.min().unsigned_abs()
        } else {
            magnitude <= integer.max()
        }
    }

    /// Whether it keeps to a range.
    pub(super) fn keeps_to(self, limits: Limits) -> bool {
        match (self.is_negative, self.magnitude) {
            (false, magnitude) => limits.allows_u128(magnitude.unwrap_or(u128::MAX)),
            (true, Some(magnitude)) if magnitude <= i128::MIN.unsigned_abs() => {
                limits.allows_i128(0_i128.wrapping_sub_unsigned(magnitude))
            }
            (true, _) => limits.allows_i128(i128::MIN),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_is_one_however_it_is_spelled() {
        for (number, is_negative, magnitude) in [
            ("3", false, Some(3)),
            ("3.0", false, Some(3)),
            ("30e-1", false, Some(3)),
            ("0.03e2", false, Some(3)),
            ("-3E+2", true, Some(300)),
            ("-0.0", true, Some(0)),
            ("0e99999999999999999999", false, Some(0)),
            ("340282366920938463463374607431768211455", false, Some(u128::MAX)),
            ("340282366920938463463374607431768211456", false, None),
            ("1e99999999999999999999", false, None),
        ] {
            assert_eq!(Whole::read(number), Some(Whole { is_negative, magnitude }), "{number}");
        }
        for number in ["0.5", "3.01", "1e-1", "100e-3", "1e-99999999999999999999"] {
            assert_eq!(Whole::read(number), None, "{number}");
        }
    }

    #[test]
    fn an_integer_fits_into_a_type_to_its_very_bounds() {
        let fits = |number, integer| Whole::read(number).unwrap().fits(integer);
        assert!(fits("-128", Integer::I8) && !fits("-129", Integer::I8));
        assert!(fits("127", Integer::I8) && !fits("128", Integer::I8));
        assert!(fits("-0", Integer::U8) && !fits("-1", Integer::U8));
        assert!(fits("-170141183460469231731687303715884105728", Integer::I128));
        assert!(!fits("170141183460469231731687303715884105728", Integer::I128));
        assert!(!fits("1e40", Integer::U128));
    }
}
