use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde::Deserialize;
use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

use super::{
    checkpoint::{Checkpoint, Position},
    progress::{Loss, Progress},
    source::{Next, Run, Source},
};
use crate::{spool::Frontier, stderr::say, stream::StreamId};

/// How often the checkpoint is saved while things arrive.
const SAVE: Duration = Duration::from_secs(1);

/// What a forwarder sends, and where it says what became of it.
#[derive(Debug)]
pub(super) struct Feed {
    dir: PathBuf,
    source: Source,
    frontier: watch::Receiver<Frontier>,
    checkpoint: Checkpoint,
    path: PathBuf,
    saved: Instant,
    /// Whether the checkpoint is further than its file.
    unsaved: bool,
    progress: Arc<Progress>,
    /// What was lost up to here is told: an attempt that begins again does not tell it again. What cannot be read is found before
    /// the lines ahead of it have arrived or are lost, so that each has its own place.
    #[cfg(any(feature = "nats", feature = "otlp"))]
    lost: Place,
    unreadable: Position,
}

/// A line: the position after its run, and its offset in the stream.
#[cfg(any(feature = "nats", feature = "otlp"))]
pub(super) type Place = (Position, u64);

/// Lines that arrived.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrived {
    pub(super) lines: u64,
    pub(super) bytes: u64,
    pub(super) after: Position,
}

impl From<&Run> for Arrived {
    fn from(run: &Run) -> Self {
        let lines = memchr::memchr_iter(b'\n', &run.bytes).count() as u64;
        Self { lines, bytes: run.bytes.len() as u64, after: run.after }
    }
}

impl Feed {
    /// Goes on from the checkpoint in the folder `dir`.
    pub(super) fn open(
        dir: &Path,
        frontier: watch::Receiver<Frontier>,
        progress: Arc<Progress>,
    ) -> io::Result<Self> {
        let path = Checkpoint::path(dir, progress.kind());
        let Frontier { sequence, index } = *frontier.borrow();
        let end = Position { sequence, index };
        let checkpoint = match Checkpoint::load(&path) {
            Ok(Some(checkpoint)) if checkpoint.position > end => {
                let path = path.display();
                say(format_args!(
                    "{path}: it is of files that are gone; forwarding everything stored"
                ));
                Checkpoint::beginning()
            }
            Ok(Some(checkpoint)) => checkpoint,
            Ok(None) => Checkpoint::beginning(),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                say(format_args!("{}: {error}; forwarding everything stored", path.display()));
                Checkpoint::beginning()
            }
            Err(error) => return Err(error),
        };
        // Whoever cannot write it shall not find out after everything was forwarded.
        checkpoint.save(&path)?;
        let source = Source::new(dir, checkpoint.position);
        progress.reach(checkpoint.position);
        progress.pass(checkpoint.position.sequence);
        let (dir, saved, unsaved) = (dir.to_owned(), Instant::now(), false);
        Ok(Self {
            dir,
            source,
            frontier,
            checkpoint,
            path,
            saved,
            unsaved,
            progress,
            #[cfg(any(feature = "nats", feature = "otlp"))]
            lost: (checkpoint.position, u64::MAX),
            unreadable: checkpoint.position,
        })
    }

    /// The stream that is sent, and the offset in it of what comes next after [`rewind`](Self::rewind).
    pub(super) fn stream(&self) -> (StreamId, u64) {
        (self.checkpoint.stream, self.checkpoint.offset)
    }

    /// What is sent from here on has nothing to do with what was sent before.
    pub(super) fn begin_stream(&mut self) {
        (self.checkpoint.stream, self.checkpoint.offset) = (StreamId::random(), 0);
    }

    /// Begins again after what arrived last.
    pub(super) fn rewind(&mut self) {
        self.source.seek(self.checkpoint.position);
    }

    /// Whether something is missing that may have been sent since the checkpoint.
    pub(super) fn has_gap(&self) -> bool {
        self.source.has_gap()
    }

    /// The next lines to send, if there are any now.
    pub(super) fn next(&mut self) -> io::Result<Option<Run>> {
        let frontier = *self.frontier.borrow_and_update();
        loop {
            match self.source.next(frontier)? {
                Some(Next::Run(run)) => return Ok(Some(run)),
                Some(Next::Lost { reason, bytes }) => {
                    let position = self.source.position();
                    if position > self.unreadable {
                        self.progress.lose(Loss { reason, lines: 0, bytes }, 0)?;
                        self.unreadable = position;
                    }
                }
                None => return Ok(None),
            }
        }
    }

    /// Waits until there may be more to send. Returns whether there can be.
    pub(super) async fn more(&mut self) -> io::Result<bool> {
        if self.unsaved {
            match timeout_at(self.saved + SAVE, self.frontier.changed()).await {
                Ok(changed) => return Ok(changed.is_ok()),
                Err(_) => self.save()?,
            }
        }
        Ok(self.frontier.changed().await.is_ok())
    }

    /// Resolves when nothing will be stored any more.
    pub(super) fn ends(&self) -> impl Future<Output = ()> + 'static {
        let mut frontier = self.frontier.clone();
        async move { while frontier.changed().await.is_ok() {} }
    }

    /// Whether nothing will be stored any more.
    pub(super) fn has_ended(&self) -> bool {
        self.frontier.has_changed().is_err()
    }

    /// How many bytes are stored and have not arrived.
    pub(super) fn backlog(&self) -> io::Result<u64> {
        let frontier = *self.frontier.borrow();
        Source::new(&self.dir, self.checkpoint.position).count_bytes(frontier)
    }

    /// Everything up to here has arrived.
    pub(super) fn arrived(&mut self, arrived: Arrived) -> io::Result<()> {
        let Arrived { lines, bytes, after } = arrived;
        if self.progress.arrived(lines, bytes) {
            say(format_args!("forwarding to {} again", self.progress.kind()));
        }
        self.checkpoint.offset += bytes;
        self.move_on(after)
    }

    /// Nothing is under way: what was passed over is done, too.
    pub(super) fn settle(&mut self) -> io::Result<()> {
        self.move_on(self.source.position())
    }

    fn move_on(&mut self, to: Position) -> io::Result<()> {
        let next_file = to.sequence > self.checkpoint.position.sequence;
        self.unsaved |= to != self.checkpoint.position;
        self.checkpoint.position = to;
        self.progress.reach(to);
        if next_file || self.saved.elapsed() >= SAVE { self.save() } else { Ok(()) }
    }

    /// Makes the checkpoint survive the end of the process.
    pub(super) fn save(&mut self) -> io::Result<()> {
        self.checkpoint.save(&self.path)?;
        (self.saved, self.unsaved) = (Instant::now(), false);
        self.progress.pass(self.checkpoint.position.sequence);
        Ok(())
    }

    /// The line at this place will never be sent, and the stream says so. Places are told in their order.
    ///
    /// # Errors
    ///
    /// If nobody can say so any more: then it stands for the next start.
    #[cfg(any(feature = "nats", feature = "otlp"))]
    pub(super) fn lose(&mut self, place: Place, loss: Loss) -> io::Result<()> {
        if place > self.lost {
            self.progress.lose(loss, 0)?;
            self.lost = place;
        }
        Ok(())
    }

    /// Gives up what is stored before file number `sequence` and has not arrived.
    pub(super) fn give_up(&mut self, sequence: u64) -> io::Result<()> {
        self.rewind();
        if self.source.position().sequence >= sequence {
            return Ok(());
        }
        let (mut lines, mut bytes) = (0, 0);
        // What was told before, and is given up before anybody heard it, is told again.
        let (mut told_lines, mut told_bytes) = (0, 0);
        while let Some(next) = self.source.next(Frontier { sequence, index: 0 })? {
            match next {
                Next::Run(run) if run.stream.is_own() => {
                    for line in run.bytes.split_inclusive(|byte| *byte == b'\n') {
                        match Told::of(line, self.progress.kind()) {
                            Some(told) => {
                                told_lines += told.count;
                                told_bytes += told.bytes;
                            }
                            None => {
                                lines += 1;
                                bytes += line.len() as u64;
                            }
                        }
                    }
                }
                Next::Run(run) => {
                    lines += memchr::memchr_iter(b'\n', &run.bytes).count() as u64;
                    bytes += run.bytes.len() as u64;
                }
                Next::Lost { bytes: lost, .. } => bytes += lost,
            }
        }
        if bytes + told_bytes > 0 {
            let (lines, bytes) = (lines + told_lines, bytes + told_bytes);
            self.progress.lose(Loss { reason: "retention", lines, bytes }, told_lines)?;
        }
        self.checkpoint.position = self.source.position();
        self.progress.reach(self.checkpoint.position);
        // The next collector would take the bytes after the gap for those in it.
        self.begin_stream();
        self.save()
    }
}

/// An event that says what this collector did not forward.
#[derive(Debug, Deserialize)]
pub(super) struct Told {
    event: String,
    to: String,
    #[serde(default)]
    count: u64,
    #[serde(default)]
    bytes: u64,
}

impl Told {
    /// What `line` says of destinations of this kind, if it says such a thing.
    pub(super) fn of(line: &[u8], kind: &str) -> Option<Self> {
        let told: Self = serde_json::from_slice(line).ok()?;
        (told.event == "throughline.dropped" && told.to == kind).then_some(told)
    }
}

#[cfg(all(test, any(feature = "nats", feature = "otlp")))]
pub(super) mod tests {
    use super::{super::source::tests::store, *};
    use crate::spool::data_path;

    /// What is stored in the folder `dir` up to `frontier`, and what is said of it.
    pub(in super::super) fn feed(dir: &Path, frontier: Frontier) -> (Feed, Arc<Progress>) {
        let (_, stored) = watch::channel(frontier);
        let progress = Arc::new(Progress::new("otlp", dir.to_owned(), stored.clone()));
        (Feed::open(dir, stored, progress.clone()).unwrap(), progress)
    }

    #[test]
    fn a_line_that_is_lost_is_told_though_what_follows_was_found_damaged_before() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        store(dir, 1, b"one\n");
        let frontier = store(dir, 1, b"two\n");
        std::fs::write(data_path(dir, 1), "one\ntWo\n").unwrap();
        let (mut feed, progress) = feed(dir, frontier);
        for expected in [&["damaged", "refused"][..], &[]] {
            let run = feed.next().unwrap().unwrap();
            assert!(feed.next().unwrap().is_none());
            let loss = Loss { reason: "refused", lines: 1, bytes: 4 };
            feed.lose((run.after, 0), loss).unwrap();
            let told: Vec<_> = progress.take_untold(false).iter().map(|l| l.reason).collect();
            assert_eq!(told, expected);
            // Another attempt tells none of it again.
            feed.rewind();
        }
    }
}
