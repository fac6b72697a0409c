use std::time::{SystemTime, UNIX_EPOCH};

use super::room::Room;

/// How many digits of a second a moment is written with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Precision {
    /// Six.
    #[default]
    Micros,
    /// Nine.
    Nanos,
}

/// How a line begins in a certain second. Most lines follow another in the same second.
pub(super) struct Beginning {
    second: u64,
    text: [u8; 34],
}

impl Default for Beginning {
    fn default() -> Beginning {
        Beginning { second: 0, text: *b"{\"timestamp\":\"1970-01-01T00:00:00." }
    }
}

impl Beginning {
    /// Appends the beginning of a line up to the end of the time.
    #[inline(always)]
    pub(super) fn push(&mut self, room: &mut Room<'_>, time: SystemTime, precision: Precision) {
        let (second, nanos) = since_epoch(time);
        if second != self.second {
            self.begin(second);
        }
        room.push(&self.text);
        push_fraction(room, nanos, precision);
    }

    #[cold]
    #[inline(never)]
    fn begin(&mut self, second: u64) {
        self.second = second;
        self.text[14..].copy_from_slice(&date_and_time(second));
    }
}

/// 9999-12-31T23:59:59, the last second that RFC 3339 can write.
const MAX_SECOND: u64 = 253_402_300_799;

/// A moment as text, with microseconds.
pub(crate) fn text(time: SystemTime) -> String {
    let mut bytes = [0; 28];
    push(&mut Room::new(&mut bytes), time, Precision::Micros);
    String::from_utf8_lossy(&bytes[..27]).into_owned()
}

/// Appends a moment as RFC 3339, in UTC. What lies outside of the years 1970 to 9999 is written as the nearest moment within.
pub(super) fn push(room: &mut Room<'_>, time: SystemTime, precision: Precision) {
    let (second, nanos) = since_epoch(time);
    room.push(&date_and_time(second));
    push_fraction(room, nanos, precision);
}

/// The second of a moment, and its nanoseconds.
#[inline(always)]
fn since_epoch(time: SystemTime) -> (u64, u32) {
    let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    (since_epoch.as_secs(), since_epoch.subsec_nanos())
}

/// Appends the digits of a second, and what ends a moment.
#[inline(always)]
fn push_fraction(room: &mut Room<'_>, nanos: u32, precision: Precision) {
    let [a, b, c] = pairs(nanos / 1_000);
    match precision {
        Precision::Micros => room.push(&[a[0], a[1], b[0], b[1], c[0], c[1], b'Z']),
        Precision::Nanos => {
            let mut end = *b"000Z";
            digits(&mut end[..3], u64::from(nanos % 1_000));
            room.push(&[a[0], a[1], b[0], b[1], c[0], c[1]]);
            room.push(&end);
        }
    }
}

/// The date and time of a second, and the full stop before its fraction.
fn date_and_time(since_epoch: u64) -> [u8; 20] {
    let since_epoch = since_epoch.min(MAX_SECOND);
    let (year, month, day) = civil(since_epoch / 86_400);
    let in_day = since_epoch % 86_400;
    let mut text = *b"0000-00-00T00:00:00.";
    digits(&mut text[0..4], year);
    digits(&mut text[5..7], month);
    digits(&mut text[8..10], day);
    digits(&mut text[11..13], in_day / 3600);
    digits(&mut text[14..16], in_day / 60 % 60);
    digits(&mut text[17..19], in_day % 60);
    text
}

/// The date of a day since 1970-01-01, in the proleptic Gregorian calendar.
///
/// Counts from the first of March of the year 0, so that a leap day is the last of its year, and every 400 years are the same.
fn civil(days_since_epoch: u64) -> (u64, u64, u64) {
    let days = days_since_epoch + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let leap_days = day_of_era / 1_460 + day_of_era / 146_096 - day_of_era / 36_524;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

/// Fills `out` with the last decimal digits of `value`.
#[inline]
pub(super) fn digits(out: &mut [u8], mut value: u64) {
    for digit in out.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

/// The digits of a number below a million.
#[inline(always)]
fn pairs(value: u32) -> [[u8; 2]; 3] {
    [value / 10_000, value / 100 % 100, value % 100].map(|pair| PAIRS[pair as usize & 127])
}

/// `00` to `99`, and as many more as spare a check.
const PAIRS: [[u8; 2]; 128] = {
    let mut pairs = [[b'0'; 2]; 128];
    let mut value = 0;
    while value < 100 {
        pairs[value] = [b'0' + value as u8 / 10, b'0' + value as u8 % 10];
        value += 1;
    }
    pairs
};

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn written(time: SystemTime, precision: Precision) -> String {
        let mut bytes = [0; 40];
        let mut room = Room::new(&mut bytes);
        push(&mut room, time, precision);
        let used = 40 - room.left();
        String::from_utf8(bytes[..used].to_vec()).unwrap()
    }

    fn at(second: u64, nanos: u32) -> String {
        written(UNIX_EPOCH + Duration::new(second, nanos), Precision::Micros)
    }

    #[test]
    fn known_moments_have_their_dates() {
        let cases = [
            (0, 0, "1970-01-01T00:00:00.000000Z"),
            (951_782_399, 999_999_999, "2000-02-28T23:59:59.999999Z"),
            (951_782_400, 0, "2000-02-29T00:00:00.000000Z"),
            (951_868_800, 1_000, "2000-03-01T00:00:00.000001Z"),
            (1_763_717_311, 123_456_789, "2025-11-21T09:28:31.123456Z"),
            (4_107_542_400, 0, "2100-03-01T00:00:00.000000Z"),
            (4_107_542_399, 0, "2100-02-28T23:59:59.000000Z"),
            (MAX_SECOND, 0, "9999-12-31T23:59:59.000000Z"),
            (MAX_SECOND + 1, 0, "9999-12-31T23:59:59.000000Z"),
        ];
        for (second, nanos, expected) in cases {
            assert_eq!(at(second, nanos), expected);
        }
    }

    #[test]
    fn microseconds_have_six_digits() {
        for micros in [0, 7, 99, 100, 123_456, 999_999] {
            assert_eq!(str::from_utf8(pairs(micros).as_flattened()), Ok(&*format!("{micros:06}")));
        }
    }

    #[test]
    fn lines_begin_with_their_own_second_wherever_the_clock_steps() {
        let mut beginning = Beginning::default();
        let midnight = 1_709_164_800; // 2024-02-29
        for (second, nanos) in [
            (midnight - 1, 999_999_999),
            (midnight, 0),
            (midnight, 1_000),
            (5, 0),
            (midnight + 86_400, 0),
        ] {
            let mut bytes = [0; 64];
            let mut room = Room::new(&mut bytes);
            let time = UNIX_EPOCH + Duration::new(second, nanos);
            beginning.push(&mut room, time, Precision::Micros);
            let used = 64 - room.left();
            let line = str::from_utf8(&bytes[..used]).unwrap();
            assert_eq!(line, format!("{{\"timestamp\":\"{}", at(second, nanos)));
        }
        assert!(at(midnight, 0).starts_with("2024-02-29T00:00:00"));
        assert!(at(midnight + 86_400, 0).starts_with("2024-03-01T00:00:00"));
    }

    #[test]
    fn a_clock_that_steps_back_is_followed() {
        assert_eq!(at(100, 5_000), "1970-01-01T00:01:40.000005Z");
        assert_eq!(at(99, 0), "1970-01-01T00:01:39.000000Z");
        let before = written(UNIX_EPOCH - Duration::from_secs(1), Precision::Micros);
        assert_eq!(before, "1970-01-01T00:00:00.000000Z");
    }

    #[test]
    fn nanoseconds_have_nine_digits() {
        for (nanos, expected) in [(0, "000000000"), (1, "000000001"), (123_456_789, "123456789")] {
            let text = written(UNIX_EPOCH + Duration::new(59, nanos), Precision::Nanos);
            assert_eq!(text, format!("1970-01-01T00:00:59.{expected}Z"));
        }
    }

    #[test]
    fn each_day_of_four_centuries_follows_the_one_before() {
        let is_leap = |year: u64| {
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
        };
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for days in 0..400 * 366 {
            assert_eq!(civil(days), (year, month, day));
            day += 1;
            let len = match month {
                2 => 28 + u64::from(is_leap(year)),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            if day > len {
                (day, month) = (1, month + 1);
            }
            if month > 12 {
                (month, year) = (1, year + 1);
            }
        }
    }
}
