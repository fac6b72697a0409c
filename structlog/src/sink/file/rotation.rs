use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{fs, io};

use crate::encode::time_text;

/// When a [`FileSink`](crate::FileSink) begins a new file, and how many old ones it keeps.
///
/// ```
/// use std::time::Duration;
/// use throughline_structlog::Rotation;
///
/// // At midnight, UTC, and before it is larger than 100 MiB.
/// let rotation = Rotation::keep(14).every(Duration::from_secs(86_400)).at_bytes(100 << 20);
/// ```
#[derive(Clone, Debug)]
pub struct Rotation {
    keep: usize,
    max_bytes: Option<u64>,
    period: Option<Duration>,
}

impl Rotation {
    /// Keeps this many old files, and deletes the older ones. Without [`at_bytes`](Rotation::at_bytes) and [`every`](Rotation::every) there never is one.
    pub fn keep(old_files: usize) -> Rotation {
        Rotation { keep: old_files, max_bytes: None, period: None }
    }

    /// Begins a new file when the line would make the present one larger than this. A single line that is larger has a file of its own.
    #[must_use]
    pub fn at_bytes(mut self, bytes: u64) -> Rotation {
        self.max_bytes = Some(bytes);
        self
    }

    /// Begins a new file with the first line after each multiple of `period` since 1970-01-01T00:00:00Z: after each midnight, UTC, for one of 24 hours. A period
    /// of zero is none.
    #[must_use]
    pub fn every(mut self, period: Duration) -> Rotation {
        self.period = Some(period).filter(|period| !period.is_zero());
        self
    }

    pub(super) fn is_full(&self, bytes: u64) -> bool {
        self.max_bytes.is_some_and(|max| bytes > max)
    }

    /// Which of the periods this is.
    pub(super) fn period_of(&self, time: SystemTime) -> u128 {
        let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        self.period.map_or(0, |period| since_epoch.as_nanos() / period.as_nanos())
    }

    /// Deletes the old files that are not to be kept.
    pub(super) fn prune(&self, path: &Path) -> io::Result<()> {
        let old = old_files(path)?;
        let excess = old.len().saturating_sub(self.keep);
        old[..excess].iter().try_for_each(|old| match fs::remove_file(old) {
            // Another process was faster.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed,
        })
    }
}

/// The old files of this one, the oldest first.
pub(super) fn old_files(path: &Path) -> io::Result<Vec<PathBuf>> {
    let prefix = file_name(path).as_encoded_bytes();
    let is_old = |name: &OsStr| {
        name.as_encoded_bytes()
            .strip_prefix(prefix)
            .and_then(|rest| rest.strip_prefix(b"."))
            .is_some_and(is_stamp)
    };
    let mut old = Vec::new();
    for entry in fs::read_dir(folder(path))? {
        let entry = entry?;
        if is_old(&entry.file_name()) {
            old.push(entry.path());
        }
    }
    old.sort();
    Ok(old)
}

/// A name for the file as an old one: its own, and the time at which it became one. If the name is taken, a later time, which is returned as well.
pub(super) fn old_name(path: &Path, mut now: SystemTime) -> (PathBuf, SystemTime) {
    loop {
        let mut name = OsString::from(path);
        name.push(".");
        name.push(stamp(now));
        let name = PathBuf::from(name);
        match name.symlink_metadata() {
            Ok(_) => now += Duration::from_micros(1),
            Err(_) => return (name, now),
        }
    }
}

/// ISO 8601, in UTC and in the basic format, which has no colons: `20261121T092831.123456Z`.
fn stamp(time: SystemTime) -> String {
    time_text(time).replace(['-', ':'], "")
}

fn is_stamp(text: &[u8]) -> bool {
    const FORM: &[u8] = b"00000000T000000.000000Z";
    let fits =
        |(byte, form): (&u8, &u8)| if *form == b'0' { byte.is_ascii_digit() } else { byte == form };
    text.len() == FORM.len() && text.iter().zip(FORM).all(fits)
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn file_name(path: &Path) -> &OsStr {
    path.file_name().unwrap_or_default()
}

/// Whether files can be renamed in the folder of this one. Better asked now than at midnight.
pub(super) fn check_folder(path: &Path) -> io::Result<()> {
    let (probe, _) = old_name(path, SystemTime::now());
    File::create_new(&probe).and_then(|_| fs::remove_file(&probe)).map_err(|error| {
        let folder = folder(path).display();
        io::Error::new(error.kind(), format!("cannot rename files in {folder}: {error}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_old_files_are_in_the_order_of_their_times_and_never_taken_twice() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let at = |micros| UNIX_EPOCH + Duration::from_micros(micros);
        let names =
            [0, 999_999, 1_763_717_311_123_456, 1_763_717_311_123_457, 4_107_542_400_000_000]
                .map(|micros| old_name(&path, at(micros)).0);
        assert!(names.is_sorted());
        assert!(names[2].ends_with("log.20251121T092831.123456Z"), "{:?}", names[2]);
        fs::write(&names[2], "").unwrap();
        let (later, time) = old_name(&path, at(1_763_717_311_123_456));
        assert_eq!((&later, time), (&names[3], at(1_763_717_311_123_457)));
    }

    #[test]
    fn only_what_is_named_as_an_old_file_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let old = path.with_file_name("log.20251121T092831.123456Z");
        let others =
            ["log", "log.1", "log.20251121T092831.123456Z.gz", "dog.20251121T092831.123456Z"];
        fs::write(&old, "").unwrap();
        others.iter().for_each(|name| fs::write(path.with_file_name(name), "").unwrap());
        assert_eq!(old_files(&path).unwrap(), [old]);
        Rotation::keep(0).prune(&path).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), others.len());
    }

    #[test]
    fn periods_begin_at_multiples_of_their_length() {
        let day = Rotation::keep(1).every(Duration::from_secs(86_400));
        let midnight = UNIX_EPOCH + Duration::from_secs(20_000 * 86_400);
        assert_eq!(day.period_of(midnight), 20_000);
        assert_eq!(day.period_of(midnight - Duration::from_nanos(1)), 19_999);
        assert_eq!(day.period_of(UNIX_EPOCH - Duration::from_secs(1)), 0);
        assert_eq!(day.every(Duration::ZERO).period_of(midnight), 0);
    }
}
