//! Files, with several writers and without room.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use serde_json::Value as Json;
use throughline_structlog::{FileSink, Logger, Rotation, info};

use crate::child;
use crate::collector::PATIENCE;

fn logger(sink: FileSink) -> Logger {
    Logger::builder("shop").sink(sink).build()
}

/// The lines of all files in a folder, in the order of the files' names but the present one last. Each must be whole.
pub(crate) fn lines(path: &Path) -> Vec<Json> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.retain(|file| file != path);
    files.push(path.into());
    let mut lines = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'), "{file:?} ends in half a line");
        let carries_an_event = |line: &&str| !line.is_empty();
        let events = text.lines().filter(carries_an_event);
        lines.extend(events.map(|line| serde_json::from_str::<Json>(line).unwrap()));
    }
    lines
}

#[test]
fn threads_and_processes_that_rotate_one_file_lose_nothing_and_mix_nothing_up() {
    const LINES: u64 = 500;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.log");
    let rotation = Rotation::keep(1000).at_bytes(20_000);
    // Each sink opens the file for itself, as another process does.
    let logs = [(); 2].map(|()| logger(FileSink::rotating(&path, rotation.clone()).unwrap()));
    thread::scope(|scope| {
        for writer in 0..6 {
            let log = &logs[writer % 2];
            scope.spawn(move || {
                for number in 0..LINES {
                    info!(logger: log, "counted", writer, number, text = "x".repeat(100));
                }
            });
        }
    });
    for log in &logs {
        log.flush(PATIENCE).unwrap();
        assert_eq!(log.lost().total(), 0);
    }
    let mut numbers: HashMap<u64, Vec<u64>> = HashMap::new();
    for line in lines(&path) {
        let number = |name: &str| line[name].as_u64().unwrap();
        numbers.entry(number("writer")).or_default().push(number("number"));
    }
    assert_eq!(numbers.len(), 6);
    for mut numbers in numbers.into_values() {
        // Of two processes, one may still write to the old file when the other has begun the new one.
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq(0..LINES));
    }
    assert!(fs::read_dir(folder.path()).unwrap().count() > 6 * LINES as usize * 200 / 20_000);
}

#[test]
fn a_full_disk_leaves_whole_lines_and_a_count_and_is_gone_on_with() {
    if !child::is_child() {
        let folder = tempfile::tempdir().unwrap();
        // A limit on the size of a file refuses the part of a line that goes beyond it, as a full disk does.
        let script = r#"trap '' XFSZ && ulimit -f 16 && "$@""#;
        let test = "file::a_full_disk_leaves_whole_lines_and_a_count_and_is_gone_on_with";
        let mut command = child::shell(script, test);
        command.env("FILE", folder.path().join("shop.log"));
        child::run(command);
        return;
    }
    let path = PathBuf::from(std::env::var_os("FILE").unwrap());
    let log = logger(FileSink::open(&path).unwrap());
    let mut emitted = 0;
    while log.lost().total() < 3 {
        info!(logger: log, "counted", emitted, text = "x".repeat(777));
        emitted += 1;
        assert!(emitted < 1000, "there is no limit");
    }
    let held = lines(&path);
    assert_eq!(held.len() as u64 + log.lost().total(), emitted);
    assert!(held.iter().map(|line| line["emitted"].as_u64().unwrap()).eq(0..emitted - 3));
    let error = log.flush(PATIENCE).unwrap_err().to_string();
    assert!(error.starts_with("3 events were refused by "), "{error}");
    log.flush(PATIENCE).unwrap();

    fs::write(&path, "").unwrap();
    info!(logger: log, "there is room");
    assert_eq!(lines(&path)[0]["message"], "there is room");
    assert_eq!(log.lost().total(), 3);
}

#[test]
fn a_device_without_room_is_counted() {
    let log = logger(FileSink::open("/dev/full").unwrap());
    info!(logger: log, "nowhere");
    assert_eq!(log.lost().total(), 1);
    let error = log.flush(PATIENCE).unwrap_err().to_string();
    assert!(error.starts_with("1 event was refused by /dev/full: "), "{error}");
    log.flush(PATIENCE).unwrap();
}

#[test]
fn a_flush_waits_for_a_line_that_is_stuck_no_longer_than_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let opened = thread::spawn({
        let path = path.clone();
        move || fs::File::open(path).unwrap()
    });
    let log = logger(FileSink::open(&path).unwrap());
    let mut reader = opened.join().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| info!(logger: log, "more than a pipe holds", text = "x".repeat(500_000)));
        let mut first = [0];
        reader.read_exact(&mut first).unwrap();
        let error = log.flush(Duration::from_millis(20)).unwrap_err().to_string();
        assert!(error.contains("it takes longer than "), "{error}");
        let mut line = BufReader::new(reader);
        assert!(line.skip_until(b'\n').unwrap() > 500_000);
        log.flush(PATIENCE).unwrap();
    });
}

#[test]
fn what_cannot_be_opened_or_rotated_is_an_error_that_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing/shop.log");
    let error = FileSink::open(&missing).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains(missing.to_str().unwrap()), "{error}");
    assert_eq!(FileSink::open(folder.path()).unwrap_err().kind(), ErrorKind::IsADirectory);
    let error = FileSink::rotating("/dev/null", Rotation::keep(1)).unwrap_err().to_string();
    assert!(error.contains("no regular file"), "{error}");
    // A file that can be written, in a folder that cannot.
    #[cfg(target_os = "linux")]
    {
        let error = FileSink::rotating("/proc/self/comm", Rotation::keep(1)).unwrap_err();
        assert!(error.to_string().starts_with("cannot rename files in /proc/self"), "{error}");
    }
}
