use std::{
    fs::File,
    io::{self, BufRead, BufReader, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use super::{
    folder::last_number,
    segment::{data_path, list},
};

/// A line longer than this is passed over: no collector stored it.
const MAX_LINE: usize = 256 << 20;

/// Reads the stored lines of a folder, in the order in which they were stored.
///
/// Only whole lines are yielded, without their line feeds. At the end of what is stored it yields `None`; when it is asked
/// again later it goes on with what was stored since, so that a caller follows a collector by asking from time to time.
/// A file that is deleted before it was read is passed over, and [counted](Self::missed).
#[derive(Debug)]
pub struct Reader {
    dir: PathBuf,
    /// The files that were there to be read at first. Those with higher numbers were made since.
    known: Vec<u64>,
    missed: u64,
    /// The next file to open is the first whose number is at least this.
    next: u64,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    sequence: u64,
    file: BufReader<File>,
    /// The position after the last whole line.
    position: u64,
    /// What was read after it.
    partial: Vec<u8>,
    /// How many bytes of an overlong line were passed over.
    skipped: u64,
}

impl Reader {
    /// Reads the folder `dir` from its oldest line.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read.
    pub fn open(dir: impl Into<PathBuf>) -> io::Result<Self> {
        let dir = dir.into();
        let known = list(&dir)?;
        Ok(Self { dir, known, missed: 0, next: 0, open: None })
    }

    /// Reads on from byte `position` of the file number `sequence`, or from the next file if that is gone.
    pub(crate) fn open_at(dir: &Path, sequence: u64, position: u64) -> io::Result<Self> {
        let mut reader = Self { known: vec![sequence], next: sequence, ..Self::open(dir)? };
        if let Some(mut open) = Open::new(dir, sequence)? {
            open.file.seek(SeekFrom::Start(position))?;
            open.position = position;
            reader.open = Some(open);
            reader.next = sequence.saturating_add(1);
        }
        Ok(reader)
    }

    /// The number of the file that is being read, and the position after its last yielded line.
    pub(crate) fn position(&self) -> Option<(u64, u64)> {
        self.open.as_ref().map(|open| (open.sequence, open.position))
    }

    /// How many files were deleted before they could be read, at most: numbers that were given to no file count, too, as those
    /// that a collector could not make. What was deleted before this reader was opened is none of its business.
    pub fn missed(&self) -> u64 {
        self.missed
    }

    fn advance(&mut self) -> io::Result<Option<String>> {
        loop {
            if let Some(open) = &mut self.open {
                if let Some(line) = open.line()? {
                    return Ok(Some(line));
                }
                // A file is complete once there is a later one: look for it first, then read again.
                if self.later()?.is_none() {
                    return Ok(None);
                }
            }
            if let Some(open) = &mut self.open
                && let Some(line) = open.line()?
            {
                return Ok(Some(line));
            }
            let Some(sequence) = self.later()? else {
                return Ok(None);
            };
            self.open = Open::new(&self.dir, sequence)?;
            let missed = self.between(sequence).saturating_add(u64::from(self.open.is_none()));
            self.missed = self.missed.saturating_add(missed);
            self.next = sequence.saturating_add(1);
        }
    }

    /// How many files there were to read before file number `sequence`.
    fn between(&self, sequence: u64) -> u64 {
        let known = self.known.iter().filter(|known| (self.next..sequence).contains(known)).count();
        let made = match (self.known.last(), self.next) {
            // Which number is the first nobody knows.
            (None, 0) => 0,
            (None, next) => sequence - next,
            (Some(last), next) => sequence.saturating_sub(next.max(last.saturating_add(1))),
        };
        made.saturating_add(known as u64)
    }

    /// The number of the next file, if there is one.
    fn later(&mut self) -> io::Result<Option<u64>> {
        let all = list(&self.dir)?;
        let is_gone = all.last().is_some_and(|newest| newest.saturating_add(1) < self.next);
        if is_gone && self.is_counted_anew()? {
            self.next = 0;
            self.known.clone_from(&all);
        }
        Ok(all.into_iter().find(|sequence| *sequence >= self.next))
    }

    /// Whether somebody took everything away, so that a collector began with the first number again.
    fn is_counted_anew(&self) -> io::Result<bool> {
        let last = last_number(&self.dir)?;
        Ok(last > 0 && last.saturating_add(1) < self.next)
    }
}

impl Iterator for Reader {
    type Item = io::Result<String>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance().transpose()
    }
}

impl Open {
    /// `None` if the file is gone, or is no file.
    fn new(dir: &Path, sequence: u64) -> io::Result<Option<Self>> {
        let file = match File::open(data_path(dir, sequence)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if !file.metadata()?.is_file() {
            return Ok(None);
        }
        Ok(Some(Self {
            sequence,
            file: BufReader::with_capacity(64 << 10, file),
            position: 0,
            partial: Vec::new(),
            skipped: 0,
        }))
    }

    fn line(&mut self) -> io::Result<Option<String>> {
        loop {
            let read = self.file.fill_buf()?;
            if read.is_empty() {
                self.back_if_cut()?;
                return Ok(None);
            }
            let end = read.iter().position(|byte| *byte == b'\n');
            let part = &read[..end.unwrap_or(read.len())];
            if self.skipped == 0 && self.partial.len() + part.len() <= MAX_LINE {
                self.partial.extend_from_slice(part);
            } else {
                self.skipped += (self.partial.len() + part.len()) as u64;
                self.partial = Vec::new();
            }
            let used = part.len() + usize::from(end.is_some());
            self.file.consume(used);
            if end.is_none() {
                continue;
            }
            let line = std::mem::take(&mut self.partial);
            let skipped = std::mem::take(&mut self.skipped);
            self.position += line.len() as u64 + skipped + 1;
            if skipped == 0 {
                return Ok(Some(match String::from_utf8(line) {
                    Ok(line) => line,
                    Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
                }));
            }
        }
    }

    /// A collector that starts cuts off a torn end, and one whose disk is full does so before it tries again.
    fn back_if_cut(&mut self) -> io::Result<()> {
        let len = self.file.get_ref().metadata()?.len();
        if len < self.position + self.partial.len() as u64 + self.skipped {
            self.position = len.min(self.position);
            self.partial.clear();
            self.skipped = 0;
            self.file.seek(SeekFrom::Start(self.position))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, io::Write};

    fn append(dir: &Path, sequence: u64, text: &str) {
        let path = data_path(dir, sequence);
        let mut file = File::options().create(true).append(true).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn drain(reader: &mut Reader) -> Vec<String> {
        reader.map(Result::unwrap).collect()
    }

    #[test]
    fn follows_growth_and_new_files() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        let mut reader = Reader::open(dir).unwrap();
        assert!(reader.next().is_none());
        append(dir, 3, "one\ntw");
        assert_eq!(drain(&mut reader), ["one"]);
        append(dir, 3, "o\n");
        assert_eq!(drain(&mut reader), ["two"]);
        append(dir, 3, "three\ntorn");
        append(dir, 5, "four\n");
        append(dir, 9, "five\n");
        assert_eq!(drain(&mut reader), ["three", "four", "five"]);
        assert_eq!(reader.position(), Some((9, 5)));
    }

    #[test]
    fn a_deleted_file_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        append(dir, 1, "one\n");
        let mut reader = Reader::open(dir).unwrap();
        assert_eq!(drain(&mut reader), ["one"]);
        fs::remove_file(data_path(dir, 1)).unwrap();
        append(dir, 2, "two\n");
        fs::create_dir(data_path(dir, 3)).unwrap();
        append(dir, 4, "four\n");
        assert_eq!(drain(&mut reader), ["two", "four"]);
    }

    #[test]
    fn files_that_were_deleted_before_they_were_read_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        let delete = |sequence| fs::remove_file(data_path(dir, sequence)).unwrap();
        let mut reader = Reader::open(dir).unwrap();
        append(dir, 3, "three\n");
        append(dir, 7, "seven\n");
        drain(&mut reader);
        assert_eq!(reader.missed(), 3, "4, 5 and 6 were made and deleted");

        let mut reader = Reader::open(dir).unwrap();
        drain(&mut reader);
        assert_eq!(reader.missed(), 0, "they were not there at first");
        append(dir, 8, "eight\n");
        append(dir, 10, "ten\n");
        drain(&mut reader);
        assert_eq!(reader.missed(), 1);

        let mut reader = Reader::open(dir).unwrap();
        reader.next().unwrap().unwrap();
        delete(7);
        delete(8);
        assert_eq!(drain(&mut reader), ["ten"]);
        assert_eq!(reader.missed(), 2);

        // Between two readers, the second of which goes on where the first one stopped.
        let at = reader.position().unwrap();
        append(dir, 12, "twelve\n");
        delete(10);
        let mut reader = Reader::open_at(dir, at.0, at.1).unwrap();
        assert_eq!(drain(&mut reader), ["twelve"]);
        assert_eq!(reader.missed(), 2, "what 10 was to get yet, and 11");
    }

    #[test]
    fn no_number_of_a_file_makes_it_read_without_end() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        append(dir, 1, "one\n");
        let mut reader = Reader::open(dir).unwrap();
        assert_eq!(drain(&mut reader), ["one"]);
        append(dir, u64::MAX - 1, "theirs\n");
        append(dir, u64::MAX, "theirs, too\n");
        let read: Vec<_> = reader.by_ref().take(9).map(Result::unwrap).collect();
        assert_eq!(read, ["theirs"]);
        // Somebody takes all away, and does it again.
        for number in [u64::MAX - 1, u64::MAX] {
            fs::remove_file(data_path(dir, number)).unwrap();
        }
        fs::remove_file(data_path(dir, 1)).unwrap();
        fs::write(dir.join("collector.lock"), "00000000000000000001\n").unwrap();
        append(dir, 1, "one\n");
        assert_eq!(drain(&mut reader), ["one"]);
        append(dir, u64::MAX - 1, "theirs\n");
        assert_eq!(drain(&mut reader), ["theirs"]);
        assert_eq!(reader.missed(), u64::MAX);
    }

    #[test]
    fn a_torn_end_that_is_cut_off_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        append(dir, 1, "one\ntorn");
        let mut reader = Reader::open(dir).unwrap();
        assert_eq!(drain(&mut reader), ["one"]);
        let file = File::options().write(true).open(data_path(dir, 1)).unwrap();
        file.set_len(4).unwrap();
        assert!(drain(&mut reader).is_empty());
        append(dir, 1, "two\n");
        assert_eq!(drain(&mut reader), ["two"]);
    }

    #[test]
    fn goes_on_where_another_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        append(dir, 1, "one\ntwo\n");
        append(dir, 2, "three\n");
        let mut reader = Reader::open_at(dir, 1, 4).unwrap();
        assert_eq!(drain(&mut reader), ["two", "three"]);
        let mut reader = Reader::open_at(dir, 0, 99).unwrap();
        assert_eq!(drain(&mut reader).len(), 3);
    }
}
