use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ExitCode};
use std::time::Duration;

use libtest_mimic::Trial;
use throughline_structlog::{Logger, flush_on_signals, info};

use crate::collector::{Client, Listener, PATIENCE};
use crate::fork::fork;
use crate::{Part, start, test};

pub(crate) const PARTS: &[Part] = &[
    ("is_ended", is_ended),
    ("is_ended_after_the_guard", is_ended_after_the_guard),
    ("is_ended_as_a_child", is_ended_as_a_child),
];

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        test("a_signal_ends_the_process_after_a_flush", a_signal_ends_the_process_after_a_flush),
        test("a_second_signal_ends_the_process_at_once", a_second_signal_ends_the_process_at_once),
        test("a_signal_waits_for_no_collector_for_ever", a_signal_waits_for_no_collector_for_ever),
        test(
            "a_signal_after_the_guard_ends_the_process",
            a_signal_after_the_guard_ends_the_process,
        ),
        test("a_signal_ends_a_forked_child", a_signal_ends_a_forked_child),
    ]
}

fn is_ended(path: &Path) -> ExitCode {
    let log = Logger::builder("signals").socket(path).build();
    let _signals = flush_on_signals(&log).unwrap();
    info!(logger: log, "ready", pid = std::process::id());
    std::thread::sleep(PATIENCE);
    ExitCode::SUCCESS
}

fn is_ended_after_the_guard(path: &Path) -> ExitCode {
    let log = Logger::builder("signals").socket(path).build();
    drop(flush_on_signals(&log).unwrap());
    info!(logger: log, "ready", pid = std::process::id());
    std::thread::sleep(PATIENCE);
    ExitCode::SUCCESS
}

fn is_ended_as_a_child(path: &Path) -> ExitCode {
    let log = Logger::builder("signals").build();
    let _signals = flush_on_signals(&log).unwrap();
    let child = fork(|| {
        let log = Logger::builder("signals").socket(path).build();
        info!(logger: log, "ready", pid = std::process::id());
        std::thread::sleep(PATIENCE);
        0
    });
    let mut status = 0;
    // SAFETY: `status` is valid for writing.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert!(libc::WIFSIGNALED(status));
    ExitCode::from(libc::WTERMSIG(status) as u8)
}

fn signal(pid: i64, signal: libc::c_int) {
    // SAFETY: it has no effect but the signal, to a process that this test started.
    assert_eq!(unsafe { libc::kill(pid as libc::pid_t, signal) }, 0);
}

/// A process that plays a part, its connection, and the process id that it says.
fn ready(part: &str) -> (Child, Client, i64) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = Listener::bind(&path);
    let process = start(part, &path);
    let mut client = listener.accept();
    client.hello(true);
    let pid = client.json()["pid"].as_i64().unwrap();
    (process, client, pid)
}

fn a_signal_ends_the_process_after_a_flush() {
    for number in [libc::SIGTERM, libc::SIGINT] {
        let (mut process, mut client, pid) = ready("is_ended");
        signal(pid, number);
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(process.try_wait().unwrap(), None, "it waits for the acknowledgement");
        client.ack();
        assert_eq!(process.wait().unwrap().signal(), Some(number));
        assert_eq!(process.wait_with_output().unwrap().stderr, b"");
    }
}

fn a_second_signal_ends_the_process_at_once() {
    let (mut process, _client, pid) = ready("is_ended");
    signal(pid, libc::SIGTERM);
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(process.try_wait().unwrap(), None, "it waits for the acknowledgement");
    signal(pid, libc::SIGTERM);
    assert_eq!(process.wait().unwrap().signal(), Some(libc::SIGTERM));
    assert_eq!(process.wait_with_output().unwrap().stderr, b"", "no flush failed");
}

fn a_signal_waits_for_no_collector_for_ever() {
    let (mut process, _client, pid) = ready("is_ended");
    signal(pid, libc::SIGTERM);
    assert_eq!(process.wait().unwrap().signal(), Some(libc::SIGTERM));
    let said = String::from_utf8(process.wait_with_output().unwrap().stderr).unwrap();
    assert!(said.contains("not delivered"), "{said}");
}

fn a_signal_after_the_guard_ends_the_process() {
    let (mut process, _client, pid) = ready("is_ended_after_the_guard");
    signal(pid, libc::SIGTERM);
    assert_eq!(process.wait().unwrap().signal(), Some(libc::SIGTERM));
    assert_eq!(process.wait_with_output().unwrap().stderr, b"", "no flush failed");
}

fn a_signal_ends_a_forked_child() {
    let (mut process, _client, pid) = ready("is_ended_as_a_child");
    signal(pid, libc::SIGTERM);
    assert_eq!(process.wait().unwrap().code(), Some(libc::SIGTERM));
}
