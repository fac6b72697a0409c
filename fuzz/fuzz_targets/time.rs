//! Moments, one after the other, are written as counting the days finds them; and lengths of time as their digits stand in them.

#![no_main]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use libfuzzer_sys::fuzz_target;
use throughline_fuzz::{written, written_with_nanoseconds};

/// 9999-12-31T23:59:59, the last second that there is.
const LAST: u64 = 253_402_300_799;

fuzz_target!(|moments: Vec<(i64, u32, bool)>| {
    for (second, nanos, is_likely) in moments {
        let second = if is_likely { second % (LAST as i64 + 1) } else { second };
        let since = Duration::new(second.unsigned_abs(), nanos % 1_000_000_000);
        assert_eq!(written(since), seconds(since));
        let time =
            if second < 0 { UNIX_EPOCH.checked_sub(since) } else { UNIX_EPOCH.checked_add(since) };
        if let Some(time) = time {
            let (text, nanos) = naive(time);
            assert_eq!(written(time), format!("\"{text}.{:06}Z\"", nanos / 1000));
            assert_eq!(written_with_nanoseconds(time), format!("\"{text}.{nanos:09}Z\""));
        }
    }
});

/// The date and time to the second, and the nanoseconds.
fn naive(time: SystemTime) -> (String, u32) {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let second = since.as_secs().min(LAST);
    let (mut days, in_day) = (second / 86_400, second % 86_400);
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let mut month = 1;
    for length in [31, 28 + u64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let (hour, minute, second) = (in_day / 3600, in_day / 60 % 60, in_day % 60);
    let text = format!("{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}", days + 1);
    (text, since.subsec_nanos())
}

fn seconds(duration: Duration) -> String {
    let digits = format!("{}.{:09}", duration.as_secs(), duration.subsec_nanos());
    digits.trim_end_matches('0').trim_end_matches('.').to_owned()
}
