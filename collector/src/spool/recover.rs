use std::{
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    path::Path,
};

use super::{
    Held,
    index::Entry,
    segment::{data_path, index_path, list, list_indices},
};
use crate::error::{Error, Kind};

/// What a folder held when it was opened.
#[derive(Debug)]
pub(crate) struct Recovered {
    pub(crate) held: Held,
    /// The lowest number that is above those of all files.
    pub(crate) next: u64,
    /// What was repaired.
    pub(crate) notes: Vec<String>,
}

/// Reads the indices in `dir`, and cuts off what the last collector left half written.
pub(crate) fn recover(dir: &Path) -> Result<Recovered, Error> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::io(Kind::Recover, &path, source)
    };
    let held = Held::default();
    let mut notes = Vec::new();
    let indices = list_indices(dir).map_err(failed(dir))?;
    let newest = indices.last().copied();
    let newest_data = list(dir).map_err(failed(dir))?.last().copied();
    for &sequence in &indices {
        let path = index_path(dir, sequence);
        if !path.is_file() {
            continue;
        }
        let mut index = Index::read(&path).map_err(failed(&path))?;
        let data_path = data_path(dir, sequence);
        match File::open(&data_path) {
            Ok(_) if !data_path.is_file() => continue,
            Ok(data) => {
                index.drop_unstored(&data).map_err(failed(&path))?;
                if Some(sequence) == newest {
                    notes = index.cut(dir, sequence).map_err(failed(&path))?;
                }
            }
            // Somebody moved the events away. They were durable here all the same.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(&data_path)(error)),
        }
        for (entry, _) in &index.entries {
            held.raise(entry.stream, entry.end, sequence);
        }
    }
    let next = newest.max(newest_data).map_or(1, |last| last.saturating_add(1));
    Ok(Recovered { held, next, notes })
}

/// The entries of an index that count, each with the position after its line.
#[derive(Debug)]
struct Index {
    entries: Vec<(Entry, u64)>,
}

impl Index {
    fn read(path: &Path) -> io::Result<Self> {
        let bytes = fs::read(path)?;
        let mut entries = Vec::new();
        let mut at = 0;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            at += line.len() as u64;
            if let [line @ .., b'\n'] = line
                && let Some(entry) = Entry::parse(line)
            {
                entries.push((entry, at));
            }
        }
        Ok(Self { entries })
    }

    /// Drops entries from the end until one is found whose bytes are in `data` as they were written.
    fn drop_unstored(&mut self, data: &File) -> io::Result<()> {
        let len = data.metadata()?.len();
        while let Some((entry, _)) = self.entries.last() {
            if entry.to <= len && is_stored(entry, data)? {
                break;
            }
            self.entries.pop();
        }
        Ok(())
    }

    /// Cuts the two files after the last entry that counts. Says what it cut.
    fn cut(&self, dir: &Path, sequence: u64) -> io::Result<Vec<String>> {
        let mut notes = Vec::new();
        let (data_end, index_end) = self.entries.last().map_or((0, 0), |(e, at)| (e.to, *at));
        for (path, end) in
            [(data_path(dir, sequence), data_end), (index_path(dir, sequence), index_end)]
        {
            let len = fs::metadata(&path)?.len();
            if len > end {
                File::options().write(true).open(&path)?.set_len(end)?;
                notes.push(format!(
                    "{}: cut {} bytes that a sudden end left half written",
                    path.display(),
                    len - end
                ));
            }
        }
        Ok(notes)
    }
}

fn is_stored(entry: &Entry, data: &File) -> io::Result<bool> {
    let mut hasher = crc32fast::Hasher::new();
    let mut buffer = vec![0; 64 << 10];
    let mut at = entry.from;
    while at < entry.to {
        let want = (entry.to - at).min(buffer.len() as u64) as usize;
        match data.read_at(&mut buffer[..want], at)? {
            0 => return Ok(false),
            read => {
                hasher.update(&buffer[..read]);
                at += read as u64;
            }
        }
    }
    Ok(hasher.finalize() == entry.crc)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{spool::segment::Segment, stream::StreamId};

    const CLIENT: &str = "0193f6c2-7d3e-7bb4-9c1e-2f0d3a1b5c6d";

    fn entry(start: u64, bytes: &[u8]) -> Entry {
        Entry {
            stream: StreamId::parse(CLIENT).unwrap(),
            start,
            end: start + bytes.len() as u64,
            from: 0,
            to: bytes.len() as u64,
            crc: crc32fast::hash(bytes),
        }
    }

    fn stored(dir: &Path) {
        let mut segment = Segment::create(dir, &File::open(dir).unwrap(), 1).unwrap();
        for (start, bytes) in [(0, b"first\n" as &[u8]), (6, b"second\n")] {
            let entry = entry(start, bytes);
            segment.append(bytes, &[entry], false).unwrap();
        }
    }

    fn held(dir: &Path) -> u64 {
        recover(dir).unwrap().held.of(StreamId::parse(CLIENT).unwrap())
    }

    fn append(path: &Path, bytes: &[u8]) {
        let old = fs::read(path).unwrap();
        fs::write(path, [&old, bytes].concat()).unwrap();
    }

    #[test]
    fn an_undamaged_folder_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        stored(folder.path());
        assert_eq!(held(folder.path()), 13);
        assert_eq!(recover(folder.path()).unwrap().next, 2);
        let data = fs::read(data_path(folder.path(), 1)).unwrap();
        assert_eq!(data, b"first\nsecond\n");
    }

    #[test]
    fn every_torn_length_is_recovered() {
        for data_len in 0..13_u64 {
            let folder = tempfile::tempdir().unwrap();
            stored(folder.path());
            let path = data_path(folder.path(), 1);
            let file = File::options().write(true).open(&path).unwrap();
            file.set_len(data_len).unwrap();
            let whole = if data_len < 6 { 0 } else { 6 };
            assert_eq!(held(folder.path()), whole);
            assert_eq!(fs::metadata(&path).unwrap().len(), whole);
            assert_eq!(held(folder.path()), whole);
        }
        let folder = tempfile::tempdir().unwrap();
        stored(folder.path());
        let index = fs::read(index_path(folder.path(), 1)).unwrap();
        let first = index.iter().position(|b| *b == b'\n').unwrap() + 1;
        for index_len in 0..index.len() {
            let folder = tempfile::tempdir().unwrap();
            stored(folder.path());
            fs::write(index_path(folder.path(), 1), &index[..index_len]).unwrap();
            let whole = if index_len < first { 0 } else { 6 };
            assert_eq!(held(folder.path()), whole);
            assert_eq!(fs::metadata(data_path(folder.path(), 1)).unwrap().len(), whole);
        }
    }

    #[test]
    fn bytes_that_were_never_flushed_are_noticed() {
        let folder = tempfile::tempdir().unwrap();
        stored(folder.path());
        fs::write(data_path(folder.path(), 1), b"first\n\0\0\0\0\0\0\0").unwrap();
        assert_eq!(held(folder.path()), 6);
        let data = fs::read(data_path(folder.path(), 1)).unwrap();
        assert_eq!(data, b"first\n");
    }

    #[test]
    fn damage_before_the_end_does_not_cost_what_follows() {
        let folder = tempfile::tempdir().unwrap();
        stored(folder.path());
        fs::write(data_path(folder.path(), 1), b"FIRST\nsecond\n").unwrap();
        assert_eq!(held(folder.path()), 13);
        assert_eq!(fs::metadata(data_path(folder.path(), 1)).unwrap().len(), 13);
    }

    #[test]
    fn garbage_in_the_folder_is_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        stored(dir);
        append(&index_path(dir, 1), b"\xff\xfe garbage\n\n1 2 3\nhalf a li");
        append(&data_path(dir, 1), b"half a li");
        fs::write(dir.join("events-00000000000000000009.ndjson"), "theirs\n").unwrap();
        fs::create_dir(dir.join("events-00000000000000000004.idx")).unwrap();
        fs::write(dir.join("events-x.idx"), "\0").unwrap();
        fs::write(dir.join("README"), "notes").unwrap();
        assert_eq!(held(dir), 13);
        assert_eq!(recover(dir).unwrap().next, 10);
        let theirs = fs::read(data_path(dir, 9)).unwrap();
        assert_eq!(theirs, b"theirs\n");
    }

    #[test]
    fn events_that_were_moved_away_still_count() {
        let folder = tempfile::tempdir().unwrap();
        stored(folder.path());
        fs::remove_file(data_path(folder.path(), 1)).unwrap();
        assert_eq!(held(folder.path()), 13);
    }
}
