use std::time::{SystemTime, UNIX_EPOCH};

/// Writes the present time as RFC 3339 with microseconds. The date and time to the second are kept from one event to the next.
pub(crate) struct Stamp {
    second: u64,
    text: [u8; 27],
}

const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut at = 0;
    while at < 100 {
        pairs[at] = [b'0' + at as u8 / 10, b'0' + at as u8 % 10];
        at += 1;
    }
    pairs
};

impl Stamp {
    pub(crate) fn new() -> Stamp {
        Stamp { second: u64::MAX, text: *b"0000-00-00T00:00:00.000000Z" }
    }

    #[inline]
    pub(crate) fn now(&mut self) -> &[u8; 27] {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        if now.as_secs() != self.second {
            self.set_second(now.as_secs());
        }
        let micros = now.subsec_micros() as usize;
        self.text[20..22].copy_from_slice(&PAIRS[micros / 10_000]);
        self.text[22..24].copy_from_slice(&PAIRS[micros / 100 % 100]);
        self.text[24..26].copy_from_slice(&PAIRS[micros % 100]);
        &self.text
    }

    #[cold]
    fn set_second(&mut self, second: u64) {
        self.second = second;
        // Howard Hinnant, "chrono-compatible low-level date algorithms", civil_from_days.
        let days = second / 86_400 + 719_468;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = year + era * 400 + u64::from(month <= 2);
        let mut pair = |at: usize, value: u64| {
            self.text[at..at + 2].copy_from_slice(&PAIRS[value as usize]);
        };
        pair(0, year / 100);
        pair(2, year % 100);
        pair(5, month);
        pair(8, day);
        pair(11, second % 86_400 / 3_600);
        pair(14, second % 3_600 / 60);
        pair(17, second % 60);
    }
}
