use std::time::{Duration, Instant};

use crate::{clock::Moment, service::service, spool::Reason};

/// What the collector has to say in the stream about what it did not keep, or did not pass on: counted, and told at most once
/// a second for each reason.
#[derive(Debug, Default)]
pub(crate) struct Told {
    refused: [Tally; Reason::ALL.len()],
    total: [u64; Reason::ALL.len()],
    dropped: Vec<(Dropped, Tally)>,
}

/// Why, and from whom, something was kept back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dropped {
    /// The kind of the destination.
    pub(crate) to: &'static str,
    pub(crate) reason: &'static str,
}

#[derive(Debug, Default)]
struct Tally {
    count: u64,
    bytes: u64,
    told: Option<Instant>,
}

impl Tally {
    const PAUSE: Duration = Duration::from_secs(1);

    fn add(&mut self, count: u64, bytes: u64) {
        self.count += count;
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// The count and the bytes, if it is time to tell them.
    fn due(&mut self, now: Instant, end: bool) -> Option<(u64, u64)> {
        let recently = self.told.is_some_and(|last| now.duration_since(last) < Self::PAUSE);
        if (self.count == 0 && self.bytes == 0) || (recently && !end) {
            return None;
        }
        let due = (self.count, self.bytes);
        *self = Self { told: Some(now), ..Self::default() };
        Some(due)
    }
}

impl Told {
    /// Lines were refused.
    pub(crate) fn refused(&mut self, reason: Reason, count: u64, bytes: u64) {
        self.refused[reason as usize].add(count, bytes);
        self.total[reason as usize] += count;
    }

    /// How many lines were refused in all, for each reason.
    pub(crate) fn total(&self) -> &[u64; Reason::ALL.len()] {
        &self.total
    }

    /// Stored lines will not be forwarded.
    pub(crate) fn dropped(&mut self, what: Dropped, count: u64, bytes: u64) {
        match self.dropped.iter_mut().find(|(known, _)| *known == what) {
            Some((_, tally)) => tally.add(count, bytes),
            None => self.dropped.push((what, Tally { count, bytes, told: None })),
        }
    }

    /// The events that are due at `now`, or all that there is to say if this is the end. Each ends with a line feed.
    pub(crate) fn report(&mut self, now: Instant, end: bool) -> Vec<String> {
        let mut lines = Vec::new();
        for (reason, tally) in Reason::ALL.into_iter().zip(&mut self.refused) {
            if let Some((count, bytes)) = tally.due(now, end) {
                let reason = reason.name();
                let members = format!(r#""reason":"{reason}","count":{count},"bytes":{bytes}"#);
                lines.push(event("throughline.refused", "Lines refused", &members));
            }
        }
        for (Dropped { to, reason }, tally) in &mut self.dropped {
            if let Some((count, bytes)) = tally.due(now, end) {
                // Of what is missing, nobody knows how many lines it had; of what was rejected, which ones.
                let known = |name, sum| match sum {
                    0 => String::new(),
                    sum => format!(r#","{name}":{sum}"#),
                };
                let (count, bytes) = (known("count", count), known("bytes", bytes));
                let members = format!(r#""to":"{to}","reason":"{reason}"{count}{bytes}"#);
                lines.push(event("throughline.dropped", "Events not forwarded", &members));
            }
        }
        lines
    }
}

fn event(name: &str, message: &str, members: &str) -> String {
    let (timestamp, service) = (Moment::now(), service());
    let mut line = format!(
        r#"{{"timestamp":"{timestamp}","level":"WARN","event":"{name}","version":1,"message":"{message}","service":{service},{members}}}"#
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
        let mut told = Told::default();
        told.refused(Reason::TooLong, 1, 10);
        assert_eq!(told.report(start, false).len(), 1);
        told.refused(Reason::TooLong, 2, 20);
        told.refused(Reason::NotUtf8, 1, 5);
        let soon = told.report(start + Duration::from_millis(10), false);
        assert_eq!(soon.len(), 1);
        assert!(soon[0].contains("not_utf8"));
        told.refused(Reason::TooLong, 1, 10);
        let later = told.report(start + Duration::from_secs(1), false);
        assert!(later[0].contains(r#""count":3,"bytes":30}"#), "{later:?}");
        told.refused(Reason::TooLong, 1, 10);
        assert_eq!(told.report(start + Duration::from_secs(1), true).len(), 1);
        assert!(told.report(start + Duration::from_secs(9), true).is_empty());
    }

    #[test]
    fn what_it_reports_are_events() {
        let mut told = Told::default();
        told.refused(Reason::NotAnEvent, 1, 2);
        told.dropped(Dropped { to: "nats", reason: "too_large" }, 1, 2);
        told.dropped(Dropped { to: "nats", reason: "too_large" }, 2, 3);
        told.dropped(Dropped { to: "file", reason: "retention" }, 1, 2);
        told.dropped(Dropped { to: "otlp", reason: "rejected" }, 3, 0);
        let lines = told.report(Instant::now(), false);
        assert_eq!(lines.len(), 4);
        for line in &lines {
            assert_eq!(crate::connection::check(line.trim_end().as_bytes()), Ok(()));
        }
        assert!(lines[1].contains(r#""to":"nats","reason":"too_large","count":3,"bytes":5}"#));
        assert!(lines[3].contains(r#""to":"otlp","reason":"rejected","count":3}"#));
    }
}
