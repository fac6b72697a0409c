use super::nest::Nested;
use crate::{clock::Moment, tail::Record};

/// A gap is worth a word from this on, in microseconds.
const LEAST: i64 = 1_000;

/// Finds the time between the records of one unit of work in which nothing was said, and in which no work within it went on.
#[derive(Debug)]
pub(super) struct Gaps {
    /// For each depth, until when something was known to go on.
    busy: Vec<i64>,
    /// The shortest gap that is told.
    least: i64,
}

impl Gaps {
    /// For a request that began and ended then: gaps are told that take a fifth of it or more.
    pub(super) fn new(start: i64, end: i64) -> Self {
        let least = (end.saturating_sub(start) / 5).max(LEAST);
        Self { busy: vec![start], least }
    }

    /// How long nothing was said before a record, if that is worth a word. Records come from the top of the tree to the bottom.
    pub(super) fn before(&mut self, nested: &Nested, record: &Record) -> Option<i64> {
        let (start, Moment(end)) = (record.start()?, record.moment?);
        self.busy.truncate(nested.depth + 1);
        let busy = self.busy.last_mut()?;
        let gap = start.saturating_sub(*busy);
        *busy = end.max(*busy);
        self.busy.push(start);
        (gap >= self.least).then_some(gap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(at_ms: u64, took_ms: Option<u64>) -> Record {
        let span = took_ms.map_or(String::new(), |ms| {
            format!(r#","kind":"span","duration_us":{},"outcome":"ok""#, ms * 1000)
        });
        let line = format!(
            r#"{{"timestamp":"2026-11-21T09:28:31.{at_ms:03}000Z","level":"INFO","event":"e","version":1{span},"message":"","service":{{"name":"s"}}}}"#
        );
        Record::parse(&line).unwrap()
    }

    #[test]
    fn a_gap_is_what_neither_siblings_nor_work_within_fill() {
        let whole = record(500, Some(500));
        let (start, Moment(end)) = (whole.start().unwrap(), whole.moment.unwrap());
        let mut gaps = Gaps::new(start, end);
        let mut before = |depth, record: &Record| {
            let nested = Nested { record: 0, depth, last: false };
            gaps.before(&nested, record).map(|micros| micros / 1000)
        };
        assert_eq!(before(0, &whole), None);
        assert_eq!(before(1, &record(10, None)), None);
        assert_eq!(before(1, &record(150, None)), Some(140));
        // A call that takes from 160 to 400, and says something in the midst of it.
        assert_eq!(before(1, &record(400, Some(240))), None);
        assert_eq!(before(2, &record(300, None)), Some(140));
        // The next one after the call is no gap, whatever was said within the call.
        assert_eq!(before(1, &record(450, None)), None);
    }

    #[test]
    fn in_a_short_request_nothing_is_a_gap() {
        let whole = record(1, Some(1));
        let (start, Moment(end)) = (whole.start().unwrap(), whole.moment.unwrap());
        let mut gaps = Gaps::new(start, end);
        let nested = |depth| Nested { record: 0, depth, last: false };
        assert_eq!(gaps.before(&nested(0), &whole), None);
        assert_eq!(gaps.before(&nested(1), &record(1, None)), Some(1000));
        assert_eq!(gaps.before(&nested(1), &record(1, None)), None);
    }
}
