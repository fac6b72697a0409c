use std::{
    ffi::OsStr,
    fs::{self, File},
    io,
    os::unix::fs::{FileExt, MetadataExt},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::index::Entry;

/// The path of the file of events number `sequence`.
pub(crate) fn data_path(dir: &Path, sequence: u64) -> PathBuf {
    dir.join(format!("events-{sequence:020}.ndjson"))
}

/// The path of its index.
pub(crate) fn index_path(dir: &Path, sequence: u64) -> PathBuf {
    dir.join(format!("events-{sequence:020}.idx"))
}

/// The number that a file's name states, if it has one of these names. The greatest is none: every number has a next one.
fn sequence(name: &OsStr, ending: &str) -> Option<u64> {
    let digits = name.to_str()?.strip_prefix("events-")?.strip_suffix(ending)?;
    let plain = digits.len() == 20 && digits.bytes().all(|d| d.is_ascii_digit());
    digits.parse().ok().filter(|number| plain && *number < u64::MAX)
}

/// The numbers of the files of events in `dir`, ascending.
pub(crate) fn list(dir: &Path) -> io::Result<Vec<u64>> {
    list_ending(dir, ".ndjson")
}

/// The numbers of the indices in `dir`, ascending.
pub(crate) fn list_indices(dir: &Path) -> io::Result<Vec<u64>> {
    list_ending(dir, ".idx")
}

fn list_ending(dir: &Path, ending: &str) -> io::Result<Vec<u64>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        found.extend(sequence(&entry?.file_name(), ending));
    }
    found.sort_unstable();
    Ok(found)
}

/// A file of events and its index, open for appending.
#[derive(Debug)]
pub(crate) struct Segment {
    sequence: u64,
    made: Instant,
    data: File,
    index: File,
    data_len: u64,
    index_len: u64,
    /// Whether a failed write may have left something after the lengths above.
    torn: bool,
}

impl Segment {
    /// Makes new, empty files in `dir`, of which `handle` is an open handle.
    pub(crate) fn create(dir: &Path, handle: &File, sequence: u64) -> io::Result<Self> {
        let index_path = index_path(dir, sequence);
        // The index comes first: a file of events without one is never ours.
        let index = File::create_new(&index_path)?;
        let data = File::create_new(data_path(dir, sequence)).inspect_err(|_| {
            let _ = fs::remove_file(&index_path);
        })?;
        handle.sync_all()?;
        Ok(Self {
            sequence,
            made: Instant::now(),
            data,
            index,
            data_len: 0,
            index_len: 0,
            torn: false,
        })
    }

    pub(crate) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// How long ago it was made.
    pub(crate) fn age(&self) -> Duration {
        self.made.elapsed()
    }

    /// How many bytes of events it holds.
    pub(crate) fn len(&self) -> u64 {
        self.data_len
    }

    /// Whether somebody deleted the file under us.
    pub(crate) fn is_deleted(&self) -> bool {
        self.data.metadata().is_ok_and(|now| now.nlink() == 0)
    }

    /// The length of its index.
    pub(crate) fn index_len(&self) -> u64 {
        self.index_len
    }

    /// Appends `bytes`, and `entries` that count from their beginning; with `flush`, the disk has them then. After an error,
    /// nothing of it counts as written.
    pub(crate) fn append(
        &mut self,
        bytes: &[u8],
        entries: &[Entry],
        flush: bool,
    ) -> io::Result<()> {
        self.cut()?;
        self.torn = true;
        let mut lines = String::with_capacity(entries.len() * 128);
        for entry in entries {
            entry.write(self.data_len, &mut lines);
        }
        self.data.write_all_at(bytes, self.data_len)?;
        self.index.write_all_at(lines.as_bytes(), self.index_len)?;
        if flush {
            self.flush()?;
        }
        self.torn = false;
        self.data_len += bytes.len() as u64;
        self.index_len += lines.len() as u64;
        Ok(())
    }

    /// Returns when the disk has everything that was appended.
    pub(crate) fn flush(&self) -> io::Result<()> {
        self.data.sync_data()?;
        self.index.sync_data()
    }

    /// Removes what a failed write left.
    pub(crate) fn cut(&mut self) -> io::Result<()> {
        if self.torn {
            self.data.set_len(self.data_len)?;
            self.index.set_len(self.index_len)?;
            self.torn = false;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_names_have_a_sequence() {
        let of = |name: &str| sequence(OsStr::new(name), ".idx");
        assert_eq!(of("events-00000000000000000007.idx"), Some(7));
        for name in [
            "events-7.idx",
            "events-0000000000000000000x.idx",
            "events-99999999999999999999.idx",
            "events-18446744073709551615.idx",
            "events-00000000000000000007.idx.gz",
            "events-+0000000000000000007.idx",
            "",
        ] {
            assert_eq!(of(name), None, "{name}");
        }
    }
}
