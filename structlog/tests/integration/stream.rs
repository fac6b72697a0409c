//! The standard streams of a process, behaving badly.

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Stdio;

use serde_json::Value as Json;
use throughline_structlog::{Logger, StreamSink, info};

use crate::child;
use crate::collector::PATIENCE;

fn stderr() -> Logger {
    Logger::builder("shop").sink(StreamSink::stderr()).build()
}

#[test]
fn a_reader_that_is_gone_costs_lines_which_are_counted_and_nothing_else() {
    if !child::is_child() {
        let test = "stream::a_reader_that_is_gone_costs_lines_which_are_counted_and_nothing_else";
        let mut command = child::shell(r#""$@""#, test);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        command.stderr(writer);
        child::run(command);
        return;
    }
    let log = stderr();
    info!(logger: log, "to nobody");
    info!(logger: log, "to nobody", text = "x".repeat(1 << 20));
    assert_eq!(log.lost().total(), 2);
    let error = log.flush(PATIENCE).unwrap_err().to_string();
    assert!(error.starts_with("2 events were refused by standard error: "), "{error}");
    log.flush(PATIENCE).unwrap();
}

#[test]
fn a_full_device_is_counted() {
    if !child::is_child() {
        let mut command = child::shell(r#""$@""#, "stream::a_full_device_is_counted");
        command.stderr(OpenOptions::new().write(true).open("/dev/full").unwrap());
        child::run(command);
        return;
    }
    let log = stderr();
    info!(logger: log, "nowhere");
    assert_eq!(log.lost().total(), 1);
    assert!(log.flush(PATIENCE).unwrap_err().to_string().contains("standard error"));
}

#[test]
fn a_stream_that_goes_to_a_file_without_room_holds_whole_lines() {
    if !child::is_child() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let test = "stream::a_stream_that_goes_to_a_file_without_room_holds_whole_lines";
        for redirection in [">", ">>"] {
            let script = format!(r#"trap '' XFSZ && ulimit -f 16 && "$@" 2{redirection}"$FILE""#);
            let mut command = child::shell(&script, test);
            command.env("FILE", file.path());
            child::run(command);
            let text = fs::read_to_string(file.path()).unwrap();
            assert!(text.ends_with("}\n") && text.len() > 5000, "{text}");
            let numbers = text.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
            let numbers: Vec<u64> = numbers.map(|line| line["number"].as_u64().unwrap()).collect();
            assert!(
                numbers.is_sorted_by(|a, b| a < b) && numbers.last() == Some(&1000),
                "{numbers:?}"
            );
            fs::write(file.path(), "").unwrap();
        }
        return;
    }
    let log = stderr();
    let mut number = 0;
    while log.lost().total() < 3 {
        info!(logger: log, "counted", number, text = "x".repeat(1500));
        number += 1;
        assert!(number < 1000, "there is no limit");
    }
    // A shorter one fits.
    info!(logger: log, "short", number = 1000);
    assert_eq!(log.lost().total(), 3);
}

const WRITERS: usize = 4;
const LINES: usize = 20;

/// Emits from many threads lines that are larger than what a pipe or a socket holds.
fn emit(log: &Logger, between: impl Fn() + Sync) {
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let between = &between;
            scope.spawn(move || {
                for number in 0..LINES {
                    info!(logger: log, "counted", writer, number, text = "x".repeat(300_000));
                    between();
                }
            });
        }
    });
    log.flush(PATIENCE).unwrap();
    assert_eq!(log.lost().total(), 0);
}

/// Reads what was emitted, each line whole and each writer's in order, and returns the lines that are no events.
fn read(from: impl Read) -> Vec<String> {
    let mut next = [0; WRITERS];
    let mut others = Vec::new();
    for line in BufReader::new(from).lines() {
        let line = line.unwrap();
        if !line.starts_with('{') {
            others.push(line);
            continue;
        }
        let json: Json = serde_json::from_str(&line).unwrap();
        let writer = json["writer"].as_u64().unwrap() as usize;
        assert_eq!(json["number"], next[writer]);
        next[writer] += 1;
    }
    assert_eq!(next, [LINES; WRITERS]);
    others
}

#[test]
fn a_stream_that_does_not_block_takes_whole_lines() {
    if child::is_child() {
        return emit(&stderr(), || ());
    }
    let test = "stream::a_stream_that_does_not_block_takes_whole_lines";
    let mut command = child::shell(r#"exec "$@""#, test);
    let (ours, theirs) = UnixStream::pair().unwrap();
    // The flag belongs to what is open, which the child shares.
    theirs.set_nonblocking(true).unwrap();
    command.stderr(OwnedFd::from(theirs)).stdout(Stdio::piped());
    let child = command.spawn().unwrap();
    drop(command);
    assert_eq!(read(ours), Vec::<String>::new());
    child::check(&child.wait_with_output().unwrap());
}

#[test]
fn events_take_turns_with_what_is_printed() {
    if child::is_child() {
        let log = Logger::builder("shop").stdout().build();
        return emit(&log, || println!("printed"));
    }
    let test = "stream::events_take_turns_with_what_is_printed";
    let output = child::run(child::shell(r#""$@""#, test));
    let others = read(&*output.stdout);
    assert_eq!(others.iter().filter(|line| *line == "printed").count(), WRITERS * LINES);
}
