use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use serde_json::Value as Json;
use throughline_ctx::{Context, Hold};
use throughline_structlog::{FileSink, Logger, Output, Rotation, Service, debug, error, info};

use crate::collector::{Client, Listener, PATIENCE};
use crate::{Part, command, test};

pub(crate) const PARTS: &[Part] = &[
    ("forks", forks),
    ("forks_in_silence", forks_in_silence),
    ("forks_while_threads_write", forks_while_threads_write),
    ("forks_while_threads_write_to_files", forks_while_threads_write_to_files),
    ("forks_with_detail", forks_with_detail),
];

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        test(
            "parent_child_and_grandchild_each_send_their_own_lines_once",
            parent_child_and_grandchild_each_send_their_own_lines_once,
        ),
        test(
            "a_child_that_writes_nothing_does_not_keep_its_parents_connection_open",
            a_child_that_writes_nothing_does_not_keep_its_parents_connection_open,
        ),
        test(
            "children_of_a_process_whose_threads_write_can_write_and_hang_nowhere",
            children_of_a_process_whose_threads_write_can_write_and_hang_nowhere,
        ),
        test(
            "children_of_a_process_whose_threads_write_to_files_and_streams_can_write_to_them",
            children_of_a_process_whose_threads_write_to_files_and_streams_can_write_to_them,
        ),
        test(
            "what_was_held_or_suppressed_before_a_fork_is_told_by_the_parent_only",
            what_was_held_or_suppressed_before_a_fork_is_told_by_the_parent_only,
        ),
    ]
}

const LINES: usize = 300;
const GENERATIONS: usize = 3;

/// Forks, and runs `child` in the child, which then ends. In the parent it returns the child's process id.
pub(crate) fn fork(child: impl FnOnce() -> i32) -> libc::pid_t {
    // SAFETY: the only other thread is the logger's, which has to cope.
    match unsafe { libc::fork() } {
        0 => {
            let code = catch_unwind(AssertUnwindSafe(child)).unwrap_or(101);
            // SAFETY: it ends the process, with no handler and no destructor run.
            unsafe { libc::_exit(code) }
        }
        pid => {
            assert!(pid > 0);
            pid
        }
    }
}

/// The exit code of a child.
fn wait_for(pid: libc::pid_t) -> i32 {
    let mut status = 0;
    // SAFETY: `status` is valid for writing.
    let waited = unsafe { libc::waitpid(pid, &raw mut status, 0) };
    assert_eq!((waited, libc::WIFEXITED(status)), (pid, true));
    libc::WEXITSTATUS(status)
}

/// Writes, forks while nothing is delivered, and writes in parent, child and grandchild. The collector does not listen before all have written.
fn forks(path: &Path) -> ExitCode {
    let log = Logger::builder(Service::new("forks").instance("one")).socket(path).build();
    write(&log, 0, 0..LINES / 2);
    let child = fork(|| {
        assert_eq!(log.lost().total(), 0);
        assert!(log.flush(Duration::ZERO).is_ok(), "what the parent wrote is none of the child's");
        write(&log, 1, 0..LINES / 2);
        let grandchild = fork(|| {
            write(&log, 2, 0..LINES);
            finish(&log)
        });
        write(&log, 1, LINES / 2..LINES);
        finish(&log) | wait_for(grandchild)
    });
    write(&log, 0, LINES / 2..LINES);
    ExitCode::from((finish(&log) | wait_for(child)) as u8)
}

fn write(log: &Logger, generation: usize, numbers: std::ops::Range<usize>) {
    for number in numbers {
        // Each has a new request id, a new trace id and a new span id.
        info!(logger: log, &Context::root(), "written", generation, number, pid = std::process::id());
    }
}

fn finish(log: &Logger) -> i32 {
    match log.flush(PATIENCE) {
        Ok(()) => i32::from(log.lost().total() > 0),
        Err(error) => {
            eprintln!("{error}");
            1
        }
    }
}

fn parent_child_and_grandchild_each_send_their_own_lines_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let mut process = command("forks", &path).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(100)); // so that some of it happens while nobody listens
    let listener = Listener::bind(&path);
    let clients: Vec<_> = (0..GENERATIONS)
        .map(|_| listener.accept())
        .map(|mut client| std::thread::spawn(move || read_all(&mut client)))
        .collect();

    let (mut streams, mut generations, mut ids) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut instances = BTreeSet::new();
    for client in clients {
        let (hello, lines) = client.join().unwrap();
        assert_eq!(hello["offset"], 0);
        streams.insert(hello["stream"].as_str().unwrap().to_owned());
        let generation = lines[0]["generation"].as_u64().unwrap();
        assert!(generations.insert(generation));
        for (number, line) in lines.iter().enumerate() {
            assert_eq!(
                (&line["generation"], &line["number"]),
                (&generation.into(), &number.into())
            );
            for id in ["id", "trace_id", "span_id"] {
                let id = line["context"][id].as_str().unwrap();
                assert!(ids.insert(id.to_owned()), "{id} twice");
            }
            let expected = match generation {
                0 => "one".to_owned(),
                _ => format!("one.{}", line["pid"]),
            };
            assert_eq!(line["service"]["instance"], expected);
            assert_eq!(hello["service"]["instance"], expected);
            instances.insert(expected);
        }
    }
    assert_eq!((streams.len(), generations.len(), instances.len()), (3, 3, 3));
    assert_eq!(ids.len(), GENERATIONS * LINES * 3);
    assert!(process.wait().unwrap().success());
}

fn read_all(client: &mut Client) -> (Json, Vec<Json>) {
    let hello = client.hello(true);
    let lines = (0..LINES).map(|_| client.json()).collect();
    client.ack();
    assert_eq!(client.try_line(), None);
    (hello, lines)
}

/// Writes a line and is killed, while a child that wrote nothing lives on.
fn forks_in_silence(path: &Path) -> ExitCode {
    let log = Logger::builder("forks").socket(path).build();
    info!(logger: log, "before");
    log.flush(PATIENCE).unwrap();
    let child = fork(|| {
        std::thread::sleep(PATIENCE);
        0
    });
    info!(logger: log, "after", child);
    std::thread::sleep(PATIENCE);
    ExitCode::SUCCESS
}

fn a_child_that_writes_nothing_does_not_keep_its_parents_connection_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = Listener::bind(&path);
    let mut process = command("forks_in_silence", &path).spawn().unwrap();
    let mut client = listener.accept();
    client.hello(true);
    client.line();
    client.ack();
    let child = client.json()["child"].as_i64().unwrap() as libc::pid_t;
    process.kill().unwrap();
    process.wait().unwrap();
    assert_eq!(client.try_line(), None, "the connection ends with the parent");
    // SAFETY: it has no effect but the signal, to a process that this test made.
    assert_eq!(unsafe { libc::kill(child, libc::SIGKILL) }, 0, "the child lived all the time");
}

const CHILDREN: usize = 20;

fn forks_while_threads_write(path: &Path) -> ExitCode {
    let log = Logger::builder("forks").socket(path).build();
    let enough = AtomicBool::new(false);
    let codes = std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !enough.load(Ordering::Relaxed) {
                    write(&log, 0, 0..10);
                    std::thread::sleep(Duration::from_micros(100));
                }
            });
        }
        let children: Vec<_> = (0..CHILDREN)
            .map(|_| {
                fork(|| {
                    write(&log, 1, 0..1);
                    finish(&log)
                })
            })
            .collect();
        let codes = children.into_iter().map(wait_for).fold(0, |all, code| all | code);
        enough.store(true, Ordering::Relaxed);
        codes
    });
    ExitCode::from((codes | finish(&log)) as u8)
}

fn children_of_a_process_whose_threads_write_can_write_and_hang_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = Listener::bind(&path);
    let mut process = command("forks_while_threads_write", &path).spawn().unwrap();
    let clients: Vec<_> = (0..=CHILDREN)
        .map(|_| listener.accept())
        .map(|mut client| {
            std::thread::spawn(move || {
                client.hello(true);
                let first = client.json();
                client.ack();
                let mut lines = 1;
                while client.try_line().is_some() {
                    client.ack();
                    lines += 1;
                }
                (first["generation"].as_u64().unwrap(), lines)
            })
        })
        .collect();
    let mut lines: Vec<_> = clients.into_iter().map(|client| client.join().unwrap()).collect();
    lines.sort_unstable();
    let (parent, children) = lines.split_first().unwrap();
    assert!(parent.0 == 0 && parent.1 >= 10);
    assert_eq!(children, [(1, 1); CHILDREN]);
    assert!(process.wait().unwrap().success());
}

/// Forks while other threads hold the locks of the sinks nearly all of the time.
fn forks_while_threads_write_to_files(path: &Path) -> ExitCode {
    let file = FileSink::rotating(path, Rotation::keep(1000).at_bytes(100_000)).unwrap();
    let log = Logger::builder("forks").stdout().also(Output::to(file)).build();
    let enough = AtomicBool::new(false);
    let codes = std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !enough.load(Ordering::Relaxed) {
                    write(&log, 0, 0..10);
                }
            });
        }
        let children = (0..CHILDREN).map(|_| {
            fork(|| {
                write(&log, 1, 0..1);
                // The system has the line. A flush would wait for the disk, and for every old file.
                i32::from(log.lost().total() > 0)
            })
        });
        let codes = children.map(wait_for).fold(0, |all, code| all | code);
        enough.store(true, Ordering::Relaxed);
        codes
    });
    ExitCode::from((codes | finish(&log)) as u8)
}

fn children_of_a_process_whose_threads_write_to_files_and_streams_can_write_to_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let mut command = command("forks_while_threads_write_to_files", &path);
    let stdout = folder.path().join("stdout");
    let mut process = command.stdout(std::fs::File::create(&stdout).unwrap()).spawn().unwrap();
    let started = Instant::now();
    let status = loop {
        match process.try_wait().unwrap() {
            Some(status) => break status,
            None if started.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(5)),
            None => {
                process.kill().unwrap();
                panic!("a child hangs");
            }
        }
    };
    assert!(status.success(), "{status}");
    let of_children = |name: &str| {
        let mut lines = 0;
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_str().unwrap().starts_with(name) {
                let text = std::fs::read_to_string(path).unwrap();
                let events = text.lines().filter(|line| line.starts_with('{'));
                let jsons = events.map(|line| serde_json::from_str::<Json>(line).unwrap());
                lines += jsons.filter(|json| json["generation"] == 1).count();
            }
        }
        lines
    };
    assert_eq!((of_children("log"), of_children("stdout")), (CHILDREN, CHILDREN));
}

/// Holds a line back, suppresses some, and forks; in child and parent the request then goes wrong.
fn forks_with_detail(path: &Path) -> ExitCode {
    let file = FileSink::open(path.with_file_name("log")).unwrap();
    let log = Logger::builder("forks").rate_limit(1).sink(file).build();
    (0..1000).for_each(|_| info!(logger: log, "flood"));
    let ctx = Context::root().with_hold(Hold::new(4096));
    debug!(logger: log, &ctx, "held");
    let go_wrong = || {
        let pid = std::process::id();
        error!(logger: log, &ctx, "wrong", pid);
        finish(&log)
    };
    let child = fork(go_wrong);
    ExitCode::from((wait_for(child) | go_wrong()) as u8)
}

fn what_was_held_or_suppressed_before_a_fork_is_told_by_the_parent_only() {
    let folder = tempfile::tempdir().unwrap();
    let status = command("forks_with_detail", &folder.path().join("socket")).status().unwrap();
    assert!(status.success());
    let text = std::fs::read_to_string(folder.path().join("log")).unwrap();
    let lines: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let count = |message: &str| lines.iter().filter(|line| line["message"] == message).count();
    assert_eq!((count("held"), count("wrong")), (1, 2));
    let suppressed = lines.iter().filter(|line| line["event"] == "throughline.suppressed");
    let suppressed: u64 = suppressed.map(|line| line["events"].as_u64().unwrap()).sum();
    assert_eq!(count("flood") as u64 + suppressed, 1000);
}
