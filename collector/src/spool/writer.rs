use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::sync::{mpsc, oneshot};

use super::{Batch, Folder, group::Group, refusals::Refusals, segment::Segment};
use crate::{
    config::Sync,
    error::{Error, Kind},
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

/// What the writer did.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Totals {
    pub(crate) lines: u64,
    pub(crate) bytes: u64,
    pub(crate) refused: u64,
    pub(crate) duplicate_bytes: u64,
}

/// The one thread that writes: takes everything that waits, makes it durable with one flush, and acknowledges it.
#[derive(Debug)]
pub(crate) struct Writer {
    folder: Folder,
    segment_bytes: u64,
    sync: Sync,
    segment: Option<Segment>,
    refusals: Refusals,
    own: StreamId,
    own_offset: u64,
    totals: Totals,
    failing: bool,
    give_up: Arc<AtomicBool>,
}

impl Writer {
    /// A writer into `folder`. Once `give_up` is set, a write that fails is not tried again.
    pub(crate) fn new(
        folder: Folder,
        segment_bytes: u64,
        sync: Sync,
        give_up: Arc<AtomicBool>,
    ) -> Self {
        Self {
            folder,
            segment_bytes,
            sync,
            segment: None,
            refusals: Refusals::default(),
            own: StreamId::own(),
            own_offset: 0,
            totals: Totals::default(),
            failing: false,
            give_up,
        }
    }

    /// Runs on a thread of its own until all senders of `queue` are gone.
    pub(crate) fn spawn(
        self,
        queue: mpsc::Receiver<Message>,
    ) -> io::Result<oneshot::Receiver<Result<Totals, Error>>> {
        let (done, result) = oneshot::channel();
        thread::Builder::new().name("throughline-spool".into()).spawn(move || {
            let _ = done.send(self.run(queue));
        })?;
        Ok(result)
    }

    fn run(mut self, mut queue: mpsc::Receiver<Message>) -> Result<Totals, Error> {
        let limit = GROUP_BYTES.min(self.segment_bytes);
        loop {
            let mut group = Group::default();
            let first = queue.blocking_recv();
            let end = first.is_none();
            let mut next = first;
            while let Some(message) = next {
                if let Message::Batch(batch) = message {
                    group.add(batch, self.folder.held(), &mut self.refusals);
                }
                let room = (group.bytes().len() as u64) < limit;
                next = if room { queue.try_recv().ok() } else { None };
            }
            for line in self.refusals.report(Instant::now(), end) {
                group.add_own(self.own, self.own_offset, &line);
                self.own_offset += line.len() as u64;
            }
            self.commit(group)?;
            if end {
                self.totals.refused = self.refusals.total();
                return Ok(self.totals);
            }
        }
    }

    fn commit(&mut self, group: Group) -> Result<(), Error> {
        while !group.entries().is_empty() {
            match self.write(&group) {
                Ok(()) => break,
                Err(error) => self.failed(error)?,
            }
        }
        if self.failing && !group.entries().is_empty() {
            self.failing = false;
            say(format_args!("writing to {} again", self.folder.path().display()));
        }
        self.totals.lines += group.lines();
        self.totals.bytes += group.line_bytes();
        self.totals.duplicate_bytes += group.duplicate_bytes();
        group.acknowledge(self.folder.held());
        Ok(())
    }

    fn write(&mut self, group: &Group) -> io::Result<()> {
        let len = group.bytes().len() as u64;
        let full = |segment: &Segment| {
            segment.len() > 0 && segment.len().saturating_add(len) > self.segment_bytes
        };
        if self.segment.as_ref().is_some_and(|segment| full(segment) || segment.is_deleted()) {
            self.segment = None;
        }
        let segment = match &mut self.segment {
            Some(segment) => segment,
            None => self.segment.insert(self.folder.create_segment()?),
        };
        segment.append(group.bytes(), group.entries(), self.sync)
    }

    fn failed(&mut self, error: io::Error) -> Result<(), Error> {
        if let Some(segment) = &mut self.segment {
            // Frees the room again; the next attempt makes sure.
            let _ = segment.cut();
        }
        if !self.failing {
            self.failing = true;
            say(format_args!(
                "cannot write to {}: {error}; acknowledging nothing until it works again",
                self.folder.path().display()
            ));
        }
        if self.give_up.load(Ordering::Relaxed) {
            return Err(Error::io(Kind::Unwritten, self.folder.path(), error));
        }
        thread::sleep(RETRY);
        Ok(())
    }
}
