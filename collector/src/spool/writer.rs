use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::sync::{mpsc, oneshot, watch};

use super::{Batch, Folder, Retention, group::Group, segment::Segment, told::Told};
use crate::{
    config::SyncPolicy,
    error::{Error, Kind},
    metrics::Metrics,
    stderr::say,
    stream::StreamId,
};

/// How much goes to the disk at once, at most.
const GROUP_BYTES: u64 = 4 << 20;

/// The pause between two attempts at a write that fails.
const RETRY: Duration = Duration::from_millis(200);

/// What the writer is told.
#[derive(Debug)]
pub(crate) enum Message {
    Batch(Batch),
    /// Time passes: what was held back may be due.
    Tick,
}

/// Everything before it is durable: the files with a lower number, and so much of the index of this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Frontier {
    pub(crate) sequence: u64,
    pub(crate) index: u64,
}

/// The one thread that writes: takes everything that waits, makes it durable with one flush, and acknowledges it.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) folder: Folder,
    pub(crate) segment_bytes: u64,
    pub(crate) sync: SyncPolicy,
    pub(crate) retention: Retention,
    pub(crate) frontier: watch::Sender<Frontier>,
    pub(crate) metrics: Arc<Metrics>,
    /// Once this is set, a write that fails is not tried again.
    pub(crate) give_up: Arc<AtomicBool>,
    pub(crate) state: State,
}

/// What a writer is in the midst of.
#[derive(Debug)]
pub(crate) struct State {
    segment: Option<Segment>,
    group: Group,
    /// Since when something written has not been flushed.
    unflushed: Option<Instant>,
    told: Told,
    own: StreamId,
    own_offset: u64,
}

impl Default for State {
    fn default() -> Self {
        Self {
            segment: None,
            group: Group::default(),
            unflushed: None,
            told: Told::default(),
            own: StreamId::own(),
            own_offset: 0,
        }
    }
}

impl Writer {
    /// Runs on a thread of its own until all senders of `queue` are gone.
    pub(crate) fn spawn(
        self,
        queue: mpsc::Receiver<Message>,
    ) -> io::Result<oneshot::Receiver<Result<(), Error>>> {
        let (done, result) = oneshot::channel();
        thread::Builder::new().name("throughline-spool".into()).spawn(move || {
            let _ = done.send(self.run(queue));
        })?;
        Ok(result)
    }

    fn run(mut self, mut queue: mpsc::Receiver<Message>) -> Result<(), Error> {
        let limit = GROUP_BYTES.min(self.segment_bytes);
        loop {
            let first = queue.blocking_recv();
            let end = first.is_none();
            let mut next = first;
            while let Some(message) = next {
                let State { group, told, .. } = &mut self.state;
                match message {
                    Message::Batch(batch) => group.add(batch, self.folder.held(), told),
                    Message::Tick => {}
                }
                let room = (group.bytes().len() as u64) < limit;
                next = if room { queue.try_recv().ok() } else { None };
            }
            let state = &mut self.state;
            for (what, lines, bytes) in self.retention.unforwarded(end) {
                state.told.dropped(what, lines, bytes);
            }
            for line in state.told.report(Instant::now(), end) {
                state.group.add_own(state.own, state.own_offset, &line);
                state.own_offset += line.len() as u64;
            }
            self.commit(end)?;
            self.retire(end)?;
            self.count();
            if end {
                return Ok(());
            }
        }
    }

    /// Writes the group, and acknowledges what is as durable as it has to be.
    fn commit(&mut self, end: bool) -> Result<(), Error> {
        if !self.state.group.entries().is_empty() {
            if self.is_full() {
                self.flush()?;
            }
            while let Err(error) = self.write() {
                self.failed(error)?;
            }
            if self.metrics.failing.swap(false, Relaxed) {
                say(format_args!("writing to {} again", self.folder.path().display()));
            }
            self.state.unflushed.get_or_insert_with(Instant::now);
        }
        let (lines, bytes, duplicate_bytes) = self.state.group.counts();
        Metrics::add(&self.metrics.lines, lines);
        Metrics::add(&self.metrics.bytes, bytes);
        Metrics::add(&self.metrics.duplicate_bytes, duplicate_bytes);
        self.state.group.written();
        let due = match self.sync {
            SyncPolicy::Interval(interval) => {
                end || self.state.unflushed.is_none_or(|since| since.elapsed() >= interval)
            }
            SyncPolicy::EachBatch | SyncPolicy::Never => true,
        };
        if due { self.settle() } else { Ok(()) }
    }

    /// Makes what is written as durable as it has to be, and says so to everyone who waits for it.
    fn settle(&mut self) -> Result<(), Error> {
        self.flush()?;
        let state = &mut self.state;
        let written = state.unflushed.take().is_some();
        let sequence = match &state.segment {
            Some(segment) if written => {
                let (sequence, index) = (segment.sequence(), segment.index_len());
                self.frontier.send_replace(Frontier { sequence, index });
                sequence
            }
            _ => self.folder.next(),
        };
        state.group.acknowledge(self.folder.held(), sequence);
        Ok(())
    }

    /// Flushes what was written and not flushed, where the configuration wants that to be done from time to time.
    ///
    /// After a flush that fails nobody knows what the disk has, and trying again proves nothing. So the collector ends: its
    /// clients still have what was not acknowledged, and send it to the next one.
    fn flush(&self) -> Result<(), Error> {
        match &self.state.segment {
            Some(segment)
                if self.state.unflushed.is_some()
                    && matches!(self.sync, SyncPolicy::Interval(_)) =>
            {
                let failed = |error| Error::io(Kind::Unflushed, self.folder.path(), error);
                segment.flush().map_err(failed)
            }
            _ => Ok(()),
        }
    }

    /// Whether the group does not fit into the current file, or that file is no longer there.
    fn is_full(&self) -> bool {
        self.state.segment.as_ref().is_some_and(|segment| {
            let len = segment.len().saturating_add(self.state.group.bytes().len() as u64);
            segment.len() > 0 && len > self.segment_bytes || segment.is_deleted()
        })
    }

    fn write(&mut self) -> io::Result<()> {
        if self.is_full() {
            self.close()?;
        }
        let State { segment, group, .. } = &mut self.state;
        let segment = match segment {
            Some(segment) => segment,
            None => segment.insert(self.folder.create_segment()?),
        };
        segment.append(group.bytes(), group.entries(), self.sync == SyncPolicy::EachBatch)
    }

    /// The current file gets nothing more.
    fn close(&mut self) -> io::Result<()> {
        if let Some(segment) = &mut self.state.segment {
            segment.cut()?;
            self.retention.complete(segment.sequence(), segment.len());
            self.state.segment = None;
        }
        Ok(())
    }

    /// Closes a file that is old enough, and deletes those that are too old or too much.
    fn retire(&mut self, end: bool) -> Result<(), Error> {
        let old = |segment: &Segment| {
            let limit = self.retention.full_after();
            segment.len() > 0 && limit.is_some_and(|limit| segment.age() > limit)
        };
        if !end && self.state.segment.as_ref().is_some_and(old) {
            self.settle()?;
            // If it cannot be closed now, then later.
            if self.close().is_ok() {
                let sequence = self.folder.next();
                self.frontier.send_replace(Frontier { sequence, index: 0 });
            }
        }
        self.delete();
        Ok(())
    }

    fn delete(&mut self) {
        let current = self.state.segment.as_ref().map_or(0, Segment::len);
        self.retention.apply(current, self.folder.held());
    }

    fn count(&self) {
        let segment = self.state.segment.as_ref();
        let Metrics { spool_bytes, spool_files, streams, deleted_files, refused, .. } =
            &*self.metrics;
        spool_bytes.store(self.retention.bytes() + segment.map_or(0, Segment::len), Relaxed);
        spool_files
            .store((self.retention.files() + usize::from(segment.is_some())) as u64, Relaxed);
        streams.store(self.folder.held().len() as u64, Relaxed);
        deleted_files.store(self.retention.deleted(), Relaxed);
        for (count, total) in refused.iter().zip(self.state.told.total()) {
            count.store(*total, Relaxed);
        }
    }

    fn failed(&mut self, error: io::Error) -> Result<(), Error> {
        Metrics::add(&self.metrics.failed_writes, 1);
        if let Some(segment) = &mut self.state.segment {
            // Frees the room again; the next attempt makes sure.
            let _ = segment.cut();
        }
        if !self.metrics.failing.swap(true, Relaxed) {
            say(format_args!(
                "cannot write to {}: {error}; acknowledging nothing until it works again",
                self.folder.path().display()
            ));
        }
        if self.give_up.load(Relaxed) {
            return Err(Error::io(Kind::Unwritten, self.folder.path(), error));
        }
        // What may be deleted makes room.
        self.delete();
        thread::sleep(RETRY);
        Ok(())
    }
}
