//! Times as lines spell them, and as microseconds since 1970.
use std::{
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

const DAY: i64 = 86_400_000_000;

/// A moment: microseconds since 1970, in UTC. Displays as RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(pub(crate) i64);

impl Moment {
    /// This moment.
    pub(crate) fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }

    /// What `text` says in RFC 3339; digits beyond the microsecond are left out.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::parse_exactly(text).map(|(moment, _)| moment)
    }

    /// As [`parse`](Self::parse), with the nanoseconds that the digits behind the microsecond make.
    fn parse_exactly(text: &str) -> Option<(Self, u16)> {
        let bytes = text.as_bytes();
        if bytes.len() < 20 || bytes[4] != b'-' || bytes[7] != b'-' {
            return None;
        }
        if !matches!(bytes[10], b'T' | b't' | b' ') || bytes[13] != b':' || bytes[16] != b':' {
            return None;
        }
        let (year, month, day) =
            (number(&bytes[..4])?, number(&bytes[5..7])?, number(&bytes[8..10])?);
        let (hour, minute, second) =
            (number(&bytes[11..13])?, number(&bytes[14..16])?, number(&bytes[17..19])?);
        if !(1..=12).contains(&month)
            || !(1..=31).contains(&day)
            || hour > 23
            || minute > 59
            || second > 60
        {
            return None;
        }
        let mut rest = &bytes[19..];
        let (mut micros, mut nanos) = (0, 0);
        if let [b'.', digits @ ..] = rest {
            let count = digits.iter().take_while(|d| d.is_ascii_digit()).count();
            if count == 0 {
                return None;
            }
            let mut padded = digits[..count].iter().chain(b"000000000");
            for digit in padded.by_ref().take(6) {
                micros = micros * 10 + i64::from(digit - b'0');
            }
            for digit in padded.take(3) {
                nanos = nanos * 10 + u16::from(digit - b'0');
            }
            rest = &digits[count..];
        }
        let offset = match rest {
            b"Z" | b"z" => 0,
            [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
                let minutes = number(&[*h1, *h2])? * 60 + number(&[*m1, *m2])?;
                if *sign == b'+' { minutes } else { -minutes }
            }
            _ => return None,
        };
        let seconds = hour * 3600 + minute * 60 + second - offset * 60;
        Some((Self(days(year, month, day) * DAY + seconds * 1_000_000 + micros), nanos))
    }

    /// What `text` says in RFC 3339 as nanoseconds since 1970, if they are more than none and fit 64 bits.
    #[cfg(feature = "otlp")]
    pub(crate) fn parse_unix_nanos(text: &str) -> Option<u64> {
        let (Self(micros), nanos) = Self::parse_exactly(text)?;
        let nanos = u64::try_from(micros).ok()?.checked_mul(1000)?.checked_add(nanos.into())?;
        (nanos > 0).then_some(nanos)
    }

    /// The day, as `2026-11-21`.
    pub(crate) fn date(self) -> String {
        let (year, month, day) = date(self.0.div_euclid(DAY));
        format!("{year:04}-{month:02}-{day:02}")
    }

    /// The time of day to the millisecond, as `09:28:31.123`.
    pub(crate) fn time(self) -> String {
        let millis = self.0.rem_euclid(DAY) / 1000;
        let (seconds, millis) = (millis / 1000, millis % 1000);
        format!("{:02}:{:02}:{:02}.{millis:03}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.rem_euclid(1000);
        write!(f, "{}T{}{micros:03}Z", self.date(), self.time())
    }
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |sum, d| d.is_ascii_digit().then(|| sum * 10 + i64::from(d - b'0')))
}

/// Days since 1970 of a date in the Gregorian calendar: years are counted from March, so that the leap day comes last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The inverse of [`days`].
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spells_what_it_parses() {
        for text in [
            "1970-01-01T00:00:00.000000Z",
            "2000-02-29T23:59:59.999999Z",
            "2026-11-21T09:28:31.123456Z",
            "1969-12-31T23:59:59.999999Z",
            "9999-12-31T00:00:00.000001Z",
            "0000-03-01T00:00:00.000000Z",
        ] {
            assert_eq!(Moment::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Moment::parse("1970-01-01T00:00:01Z"), Some(Moment(1_000_000)));
        assert_eq!(
            Moment::parse("2026-11-21T10:28:31.123456789+01:00"),
            Moment::parse("2026-11-21T09:28:31.123456Z")
        );
    }

    #[test]
    #[cfg(feature = "otlp")]
    fn nanoseconds_are_exact_or_not_told() {
        let nanos = Moment::parse_unix_nanos;
        assert_eq!(nanos("1970-01-01T00:00:00.000000001Z"), Some(1));
        assert_eq!(nanos("2026-11-21T09:28:31.123456Z"), Some(1_795_253_311_123_456_000));
        assert_eq!(nanos("2026-11-21T09:28:31.1234567894Z"), Some(1_795_253_311_123_456_789));
        assert_eq!(nanos("2554-07-21T23:34:33.709551615Z"), Some(u64::MAX));
        for text in ["1970-01-01T00:00:00Z", "1969-12-31T23:59:59.9Z", "2555-01-01T00:00:00Z", "-"]
        {
            assert_eq!(nanos(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_is_known_again() {
        for day in (-800_000..3_000_000).step_by(13) {
            let (year, month, of_month) = date(day);
            assert_eq!(days(year, month, of_month), day);
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "now",
            "2026-11-21",
            "2026-13-21T09:28:31Z",
            "2026-11-21T24:28:31Z",
            "2026-11-21T09:28:31",
            "2026-11-21T09:28:31.Z",
            "2026-11-21T09:28:31.1+1",
            "2026-11-21T09:28:3é.12Z",
        ] {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
        assert!(Moment(i64::MIN).to_string().starts_with('-'));
    }
}
