use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::{FileExt, MetadataExt},
    path::Path,
    time::Duration,
};

use tokio::time::timeout;

use super::feed::{Arrived, Feed};

/// How much is written at once, about.
const BATCH: usize = 1 << 20;

/// How often it is looked whether the file was moved away.
const LOOK: Duration = Duration::from_millis(500);

/// Appends lines to the file at `path`, and makes it anew where it was moved away.
pub(super) async fn forward_to_file(path: &Path, feed: &mut Feed) -> io::Result<()> {
    let mut file = open(path)?;
    loop {
        let batch = Batch::fill(feed)?;
        if is_moved(&file, path) {
            file = open(path)?;
        }
        if batch.bytes.is_empty() {
            feed.settle()?;
            if let Ok(more) = timeout(LOOK, feed.more()).await
                && !more?
            {
                return Ok(());
            }
            continue;
        }
        let before = file.metadata()?.len();
        if let Err(error) = file.write_all(&batch.bytes).and_then(|()| file.sync_data()) {
            let _ = file.set_len(before);
            return Err(error);
        }
        batch.arrived(feed)?;
        feed.save()?;
    }
}

/// Writes lines to the standard output.
pub(super) async fn forward_to_stdout(feed: &mut Feed) -> io::Result<()> {
    loop {
        let batch = Batch::fill(feed)?;
        if batch.bytes.is_empty() {
            feed.settle()?;
            if !feed.more().await? {
                return Ok(());
            }
            continue;
        }
        let mut out = io::stdout().lock();
        out.write_all(&batch.bytes).and_then(|()| out.flush())?;
        batch.arrived(feed)?;
    }
}

/// Lines that are written together.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    runs: Vec<Arrived>,
}

impl Batch {
    fn fill(feed: &mut Feed) -> io::Result<Self> {
        let mut batch = Self::default();
        while batch.bytes.len() < BATCH
            && let Some(run) = feed.next()?
        {
            batch.bytes.extend_from_slice(&run.bytes);
            batch.runs.push(Arrived::from(&run));
        }
        Ok(batch)
    }

    fn arrived(self, feed: &mut Feed) -> io::Result<()> {
        self.runs.into_iter().try_for_each(|run| feed.arrived(run))
    }
}

/// Opens the file for appending, without the half line that a sudden end may have left.
fn open(path: &Path) -> io::Result<File> {
    let file = File::options().create(true).read(true).append(true).open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() {
        let whole = end_of_lines(&file, metadata.len())?;
        if whole < metadata.len() {
            file.set_len(whole)?;
        }
    }
    Ok(file)
}

/// The position after the last line feed before `end`.
fn end_of_lines(file: &File, mut end: u64) -> io::Result<u64> {
    let mut buffer = [0; 4096];
    while end > 0 {
        let start = end.saturating_sub(buffer.len() as u64);
        let part = &mut buffer[..(end - start) as usize];
        file.read_exact_at(part, start)?;
        if let Some(found) = memchr::memrchr(b'\n', part) {
            return Ok(start + found as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

fn is_moved(file: &File, path: &Path) -> bool {
    let same = |now: fs::Metadata| {
        file.metadata().is_ok_and(|open| (open.dev(), open.ino()) == (now.dev(), now.ino()))
    };
    !fs::metadata(path).is_ok_and(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_line_at_the_end_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let long = "x".repeat(10_000);
        for (before, after) in [
            ("", ""),
            ("one\n", "one\n"),
            ("one\ntw", "one\n"),
            ("half", ""),
            (&format!("one\n{long}"), "one\n"),
            (&format!("{long}\n{long}"), &format!("{long}\n")),
        ] {
            fs::write(&path, before).unwrap();
            open(&path).unwrap().write_all(b"next\n").unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), format!("{after}next\n"));
        }
    }
}
