use std::io;

use tokio::task::yield_now;

use super::{
    super::{
        feed::{Arrived, Feed, Place, Told},
        lines::{Line, Lines},
        progress::Loss,
    },
    record::{Mapper, Record},
    request::Request,
};
use crate::clock::Moment;

/// The longest request, in bytes, that every receiver of gRPC takes unless it is told otherwise.
const MAX_REQUEST: usize = 4 << 20;

/// How many lines are sent together at most.
const BATCH_LINES: usize = 2048;

/// After so many lines whatever else there is to do gets its turn.
const TURN: usize = 64;

/// Lines that are sent together, and what became of them.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) records: Vec<(usize, Record)>,
    lines: Vec<Sent>,
    bytes: usize,
    /// How many lines the endpoint said it had rejected, without saying which.
    pub(super) rejected: u64,
}

/// A line of a batch.
#[derive(Debug)]
struct Sent {
    place: Place,
    bytes: u64,
    arrived: Option<Arrived>,
    /// Why it will never be sent.
    lost: Option<&'static str>,
    /// Whether it says what was not sent. If the endpoint does not take that, either, nobody says so: it would have no end.
    is_told: bool,
}

impl Sent {
    fn of(line: &Line) -> Self {
        Self {
            place: line.place,
            bytes: line.bytes.len() as u64,
            arrived: line.arrived,
            lost: None,
            is_told: line.stream.is_own() && Told::of(&line.bytes, "otlp").is_some(),
        }
    }
}

/// Makes batches of a feed.
#[derive(Debug)]
pub(super) struct Batches {
    lines: Lines,
    mapper: Mapper,
    /// What did not fit into the last one.
    next: Option<(Sent, Record)>,
    /// How many lines are lost of those that have not arrived.
    lost: u64,
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Whether nothing more was to be added.
    pub(super) fn is_full(&self, limit: usize) -> bool {
        self.bytes >= limit || self.lines.len() >= BATCH_LINES
    }

    /// The line number `line` will never be sent.
    pub(super) fn lose(&mut self, line: usize, reason: &'static str) {
        self.lines[line].lost = Some(reason);
    }

    fn add(&mut self, sent: Sent, record: Record) {
        self.bytes += Request::share(&record);
        self.records.push((self.lines.len(), record));
        self.lines.push(sent);
    }
}

impl Batches {
    pub(super) fn new(mapper: Mapper) -> Self {
        Self { lines: Lines::default(), mapper, next: None, lost: 0 }
    }

    /// Adds to `batch` what there is to send now, up to `limit` bytes, about.
    pub(super) async fn fill(
        &mut self,
        batch: &mut Batch,
        limit: usize,
        feed: &mut Feed,
    ) -> io::Result<()> {
        let observed = u64::try_from(Moment::now().0).unwrap_or(0).saturating_mul(1000);
        while !batch.is_full(limit) {
            let (mut sent, record) = match self.next.take() {
                Some(next) => next,
                None => {
                    if batch.lines.len() % TURN == TURN - 1 {
                        yield_now().await;
                    }
                    let Some(line) = self.lines.next(feed)? else { break };
                    (Sent::of(&line), self.mapper.record(&line.bytes, line.id(), observed))
                }
            };
            let share = Request::share(&record);
            if share > MAX_REQUEST {
                sent.lost = Some("too_large");
                batch.lines.push(sent);
            } else if batch.bytes + share > MAX_REQUEST {
                self.next = Some((sent, record));
                break;
            } else {
                batch.add(sent, record);
            }
        }
        Ok(())
    }

    /// Everything in the batch has arrived, or is lost.
    pub(super) fn landed(&mut self, batch: Batch, feed: &mut Feed) -> io::Result<()> {
        let news = |sent: &&Sent| !sent.is_told;
        for Sent { place, bytes, lost, .. } in batch.lines.iter().filter(news) {
            if let &Some(reason) = lost {
                feed.lose(*place, Loss { reason, lines: 1, bytes: *bytes })?;
            }
        }
        let rejected = batch.rejected.min(batch.lines.iter().filter(news).count() as u64);
        if let (Some(last), 1..) = (batch.lines.last(), rejected) {
            // After the last line, and before the next.
            let (after, offset) = last.place;
            feed.lose((after, offset + 1), Loss { reason: "rejected", lines: rejected, bytes: 0 })?;
        }
        self.lost += batch.rejected;
        for Sent { arrived, lost, .. } in batch.lines {
            self.lost += u64::from(lost.is_some());
            if let Some(mut arrived) = arrived {
                let lost = self.lost.min(arrived.lines);
                self.lost -= lost;
                arrived.lines -= lost;
                feed.arrived(arrived)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::super::{feed::tests::feed, source::tests::store},
        *,
    };

    #[tokio::test]
    async fn what_did_not_fit_is_not_added_to_what_it_does_not_fit_into() {
        let folder = tempfile::tempdir().unwrap();
        let line = |bytes: usize| format!("{{\"event\":\"a\",\"b\":\"{}\"}}\n", "b".repeat(bytes));
        let lines = line(600 << 10) + &line(3600 << 10);
        let frontier = store(folder.path(), 1, lines.as_bytes());
        let (mut feed, _) = feed(folder.path(), frontier);
        let (mut batches, mut batch) = (Batches::new(Mapper::new(false)), Batch::default());
        // As it is prepared while another one is under way, and once more before it is sent.
        for _ in 0..2 {
            batches.fill(&mut batch, 1 << 20, &mut feed).await.unwrap();
            assert_eq!(batch.records.len(), 1);
        }
        let mut next = Batch::default();
        batches.fill(&mut next, 1 << 20, &mut feed).await.unwrap();
        assert_eq!(next.records.len(), 1);
    }
}
