use std::time::{Duration, Instant};

use crate::clock::Moment;

/// Why a line is no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    TooLong,
    NotUtf8,
    ControlCharacter,
    NotAJsonObject,
    NotAnEvent,
}

impl Reason {
    const ALL: [Self; 5] = [
        Self::TooLong,
        Self::NotUtf8,
        Self::ControlCharacter,
        Self::NotAJsonObject,
        Self::NotAnEvent,
    ];

    /// Its name in the event that reports it.
    fn name(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::NotUtf8 => "not_utf8",
            Self::ControlCharacter => "control_character",
            Self::NotAJsonObject => "not_a_json_object",
            Self::NotAnEvent => "not_an_event",
        }
    }
}

/// Refused lines, counted by reason, and reported at most once a second for each.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    tallies: [Tally; Reason::ALL.len()],
    total: u64,
}

#[derive(Debug, Default)]
struct Tally {
    count: u64,
    bytes: u64,
    reported: Option<Instant>,
}

impl Refusals {
    const PAUSE: Duration = Duration::from_secs(1);

    pub(crate) fn add(&mut self, reason: Reason, count: u64, bytes: u64) {
        let tally = &mut self.tallies[reason as usize];
        tally.count += count;
        tally.bytes = tally.bytes.saturating_add(bytes);
        self.total += count;
    }

    /// How many there were in all.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// The events that are due at `now`, or all that there is to say if this is the end. Each ends with a line feed.
    pub(crate) fn report(&mut self, now: Instant, end: bool) -> Vec<String> {
        let mut lines = Vec::new();
        for (reason, tally) in Reason::ALL.into_iter().zip(&mut self.tallies) {
            let recently =
                tally.reported.is_some_and(|last| now.duration_since(last) < Self::PAUSE);
            if tally.count == 0 || (recently && !end) {
                continue;
            }
            lines.push(line(reason, tally.count, tally.bytes));
            *tally = Tally { reported: Some(now), ..Tally::default() };
        }
        lines
    }
}

fn line(reason: Reason, count: u64, bytes: u64) -> String {
    let (timestamp, reason, version) = (Moment::now(), reason.name(), env!("CARGO_PKG_VERSION"));
    let mut line = format!(
        r#"{{"timestamp":"{timestamp}","level":"WARN","event":"throughline.refused","version":1,"message":"Lines refused","service":{{"name":"throughline-collector","version":"{version}"}},"reason":"{reason}","count":{count},"bytes":{bytes}}}"#
    );
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_at_once_then_once_a_second_then_the_rest() {
        let start = Instant::now();
        let mut refusals = Refusals::default();
        refusals.add(Reason::TooLong, 1, 10);
        assert_eq!(refusals.report(start, false).len(), 1);
        refusals.add(Reason::TooLong, 2, 20);
        refusals.add(Reason::NotUtf8, 1, 5);
        let soon = refusals.report(start + Duration::from_millis(10), false);
        assert_eq!(soon.len(), 1);
        assert!(soon[0].contains("not_utf8"));
        refusals.add(Reason::TooLong, 1, 10);
        let later = refusals.report(start + Duration::from_secs(1), false);
        assert!(later[0].contains(r#""count":3,"bytes":30}"#), "{later:?}");
        refusals.add(Reason::TooLong, 1, 10);
        assert_eq!(refusals.report(start + Duration::from_secs(1), true).len(), 1);
        assert!(refusals.report(start + Duration::from_secs(9), true).is_empty());
        assert_eq!(refusals.total(), 6);
    }

    #[test]
    fn what_it_reports_is_an_event() {
        let line = line(Reason::NotAnEvent, 1, 2);
        assert_eq!(crate::connection::check(line.trim_end().as_bytes()), Ok(()));
    }
}
