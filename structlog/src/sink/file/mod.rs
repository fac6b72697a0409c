//! A file, which begins anew from time to time.

mod present;
mod rotation;
#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{self, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::refused::Refused;
use crate::fork::PerProcess;
use crate::{FlushError, Line, Lost, Sink, stderr};
use present::{Present, same};
pub use rotation::Rotation;

/// How often it looks whether the file is still at its path.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Appends lines to a file, each whole, with one `write` for each.
///
/// ```
/// use std::time::Duration;
/// use throughline_structlog::{FileSink, Logger, Rotation, info};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("shop.log");
/// let rotation = Rotation::keep(7).every(Duration::from_secs(86_400)).at_bytes(100 << 20);
/// let log = Logger::builder("shop").sink(FileSink::rotating(&path, rotation)?).build();
/// info!(logger: log, "started");
/// log.flush(Duration::from_secs(1))?;
/// assert!(std::fs::read_to_string(&path)?.ends_with("}\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # What is delivered, and what is lost
///
/// A line is handed to the system at once, and so outlives the process. A [flush](Sink::flush) makes sure that it outlives the machine: it waits until the file and
/// the old ones are on the disk (`fdatasync`).
///
/// A line that the system refuses, because the disk is full for example, is lost and counted, and the next flush says so. If the system took a part of it, that part
/// is cut off again. When there is room, it goes on. (At a limit on the size of files, `RLIMIT_FSIZE`, the system ends the process by `SIGXFSZ`, unless that is ignored.) A file that ends in half a line when it is opened, after a crash of the machine for example, has that line ended.
///
/// # Rotation
///
/// With a [`Rotation`], the file is renamed from time to time, and a new one begun. The old one has the time at which that happened added to its name, in UTC:
/// `shop.log.20261121T092831.123456Z`. So names are in the order of their times. The oldest are deleted; files with names of another form are left alone. If a file
/// cannot be renamed, or an old one not deleted, standard error says so, once, and lines go to the file that there is.
///
/// Another program may rotate the file as well, as logrotate does. Once a second at most, before it writes, it looks whether the file is still at its path. If
/// it is not, it begins a new one there. So for up to a second lines go to the file that was moved: tell logrotate `delaycompress`. A file that is
/// truncated (`copytruncate`) is written on from its new end.
///
/// Several processes may append to one file, as they do while one takes over from another, and as a forked child does with its parent. Each may rotate it.
#[derive(Debug)]
pub struct FileSink {
    path: PathBuf,
    rotation: Option<Rotation>,
    own: PerProcess<Arc<Own>>,
}

/// What a process does not share with those that it forks: a thread that is not there in the child may hold the lock.
#[derive(Debug)]
struct Own {
    state: Mutex<State>,
    refused: Refused,
}

#[derive(Debug)]
struct State {
    /// `None` until a forked child writes.
    present: Option<Present>,
    looked: Instant,
    /// The time in the name of the last file that was put aside.
    put_aside: SystemTime,
    /// Whether standard error has been told that rotation fails.
    told: bool,
}

impl FileSink {
    /// Appends to the file at `path`. If there is none it is made, for its owner to write and its group to read.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened, for example because its folder does not exist.
    pub fn open(path: impl Into<PathBuf>) -> io::Result<FileSink> {
        FileSink::new(path.into(), None)
    }

    /// Appends to the file at `path`, as [`open`](FileSink::open) does, and puts it aside from time to time.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened, is no regular file, or its folder cannot be written to.
    pub fn rotating(path: impl Into<PathBuf>, rotation: Rotation) -> io::Result<FileSink> {
        FileSink::new(path.into(), Some(rotation))
    }

    fn new(path: PathBuf, rotation: Option<Rotation>) -> io::Result<FileSink> {
        // It stays where it is if the process goes to another folder.
        let path = path::absolute(path)?;
        let present = Present::open(&path, rotation.as_ref())?;
        if rotation.is_some() {
            rotation::check_folder(&path)?;
        }
        Ok(FileSink { path, rotation, own: PerProcess::new(Own::new(Some(present))) })
    }

    fn own(&self) -> &Arc<Own> {
        self.own.get(|| Own::new(None))
    }

    fn write_at(&self, line: &[u8], now: SystemTime) -> io::Result<()> {
        let mut state = self.own().state();
        self.prepare(&mut state, line.len() as u64, now)?;
        let Some(present) = &mut state.present else { return Err(ErrorKind::NotFound.into()) };
        present.out.write(line)?;
        if let (0, Some(rotation)) = (present.len, &self.rotation) {
            // It begins with this line. Its own time comes from a coarser clock, and may be that of the period before.
            present.period = rotation.period_of(now);
        }
        present.len += line.len() as u64;
        Ok(())
    }

    /// Sees to it that the present file is the one for a line of this length.
    fn prepare(&self, state: &mut State, len: u64, now: SystemTime) -> io::Result<()> {
        let is_looked_at = state.present.is_some() && state.looked.elapsed() < LOOK_EVERY;
        if is_looked_at && !self.is_due(state, len, now) {
            return Ok(());
        }
        self.follow(state)?;
        state.looked = Instant::now();
        let Some(rotation) = self.rotation.as_ref().filter(|_| self.is_due(state, len, now)) else {
            return Ok(());
        };
        let rotated = self.put_aside(state, now).and_then(|()| rotation.prune(&self.path));
        match rotated {
            Err(error) if !state.told => {
                stderr::say(format_args!("{} is not rotated: {error}", self.path.display()));
                state.told = true;
            }
            Err(_) => {}
            Ok(()) => state.told = false,
        }
        Ok(())
    }

    fn is_due(&self, state: &State, len: u64, now: SystemTime) -> bool {
        let (Some(present), Some(rotation)) = (&state.present, &self.rotation) else {
            return false;
        };
        let is_over = rotation.period_of(now) > present.period;
        present.len > 0 && (is_over || rotation.is_full(present.len + len))
    }

    /// Begins a new file if the present one is not at its path any more. If none can be begun, lines go on to where they went, unless nobody could find them there.
    fn follow(&self, state: &mut State) -> io::Result<()> {
        let Some(present) = &mut state.present else {
            state.present = Some(Present::open(&self.path, self.rotation.as_ref())?);
            return Ok(());
        };
        let ours = present.out.file().metadata()?;
        match fs::metadata(&self.path) {
            Ok(there) if same(&there, &ours) => {
                present.len = there.len();
                return Ok(());
            }
            Err(error) if error.kind() != ErrorKind::NotFound => return Ok(()),
            _ => {}
        }
        match Present::open(&self.path, self.rotation.as_ref()) {
            Ok(next) => *present = next,
            Err(error) if ours.nlink() == 0 => return Err(error),
            Err(_) => {}
        }
        Ok(())
    }

    fn put_aside(&self, state: &mut State, now: SystemTime) -> io::Result<()> {
        let Some(present) = &mut state.present else { return Ok(()) };
        let ours = present.out.file().metadata()?;
        if !same(&fs::metadata(&self.path)?, &ours) {
            return Err(io::Error::other("a new file cannot be begun"));
        }
        // Names stay in order if the clock steps back.
        let now = now.max(state.put_aside + Duration::from_micros(1));
        let (old, time) = rotation::old_name(&self.path, now);
        fs::rename(&self.path, old)?;
        state.put_aside = time;
        *present = Present::open(&self.path, self.rotation.as_ref())?;
        Ok(())
    }

    /// Waits until the files are on the disk.
    fn sync(path: &Path, own: &Own) -> io::Result<()> {
        let present = own.state().present.as_ref().map(|present| present.out.file().try_clone());
        let Some(present) = present.transpose()? else { return Ok(()) };
        match present.sync_data() {
            // A pipe or a device.
            Err(error) if error.kind() == ErrorKind::InvalidInput => return Ok(()),
            synced => synced?,
        }
        for old in rotation::old_files(path)? {
            match File::open(old) {
                Ok(old) => old.sync_data()?,
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Own {
    fn new(present: Option<Present>) -> Arc<Own> {
        let (looked, put_aside) = (Instant::now(), SystemTime::UNIX_EPOCH);
        let state = Mutex::new(State { present, looked, put_aside, told: false });
        Arc::new(Own { state, refused: Refused::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for FileSink {
    fn write(&self, line: Line<'_>) {
        if let Err(error) = self.write_at(line.as_bytes(), SystemTime::now()) {
            self.own().refused.add(line.level(), error);
        }
    }

    fn flush(&self, timeout: Duration) -> Result<(), FlushError> {
        let name = || self.path.display().to_string();
        let unsynced = |why: &dyn std::fmt::Display| {
            FlushError::new(format!("{} is not on the disk: {why}", name()))
        };
        // A disk does not answer to a timeout, nor does a line that waits for it: a thread of its own waits for them.
        let (done, synced) = mpsc::channel();
        let (path, own) = (self.path.clone(), self.own().clone());
        thread::Builder::new()
            .name("throughline-sync".to_owned())
            .spawn(move || done.send(FileSink::sync(&path, &own)))
            .map_err(|error| unsynced(&error))?;
        match synced.recv_timeout(timeout) {
            Ok(Ok(())) => self.own().refused.tell(name),
            Ok(Err(error)) => Err(unsynced(&error)),
            Err(_) => Err(unsynced(&format_args!("it takes longer than {timeout:?}"))),
        }
    }

    fn lost(&self) -> Lost {
        self.own().refused.lost()
    }
}
