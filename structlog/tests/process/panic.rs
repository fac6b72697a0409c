use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{ExitCode, Output};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::Value as Json;
use throughline_ctx::Context;
use throughline_schema::Class;
use throughline_structlog::{
    FlushError, Line, Logger, Lost, Service, Sink, SocketSink, info, report_panics,
};

use crate::collector::{Listener, PATIENCE, eventually};
use crate::{Part, start, test};

pub(crate) const PARTS: &[Part] = &[
    ("panics", panics),
    ("panics_cleared", panics_cleared),
    ("panics_in_a_sink", panics_in_a_sink),
    ("panics_in_a_value", panics_in_a_value),
    ("panics_in_a_destructor", panics_in_a_destructor),
    ("panics_with_no_collector", panics_in_a_destructor),
];

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        test("a_panic_is_an_event_in_its_context", a_panic_is_an_event_in_its_context),
        test("a_cleared_logger_says_what_panicked", a_cleared_logger_says_what_panicked),
        test("a_sink_that_panics_holds_nobody_up", a_sink_that_panics_holds_nobody_up),
        test("a_panic_within_an_event_is_reported", a_panic_within_an_event_is_reported),
        test("a_panic_that_aborts_is_delivered_first", a_panic_that_aborts_is_delivered_first),
        test(
            "a_panic_that_aborts_does_so_without_a_collector",
            a_panic_that_aborts_does_so_without_a_collector,
        ),
    ]
}

/// Plays a part, and returns the lines that the collector gets, and how it ended.
fn play(part: &str) -> (Vec<Json>, Output) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = Listener::bind(&path);
    let process = start(part, &path);
    let mut client = listener.accept();
    client.hello(true);
    let mut lines = Vec::new();
    while let Some(line) = client.try_line() {
        client.ack();
        lines.push(serde_json::from_str(&line).unwrap());
    }
    (lines, process.wait_with_output().unwrap())
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn panics(path: &Path) -> ExitCode {
    let log = Logger::builder("panics").socket(path).build();
    panics_in_context(&log)
}

fn panics_cleared(path: &Path) -> ExitCode {
    let log = Logger::builder("panics").cleared_for(Class::Personal).socket(path).build();
    panics_in_context(&log)
}

fn panics_in_context(log: &Logger) -> ExitCode {
    report_panics(log);
    let ctx = Context::root();
    info!(logger: log, &ctx, "before");
    ctx.scope(|| panic!("no user {}", "ada"));
    ExitCode::SUCCESS
}

fn a_panic_is_an_event_in_its_context() {
    let (lines, output) = play("panics");
    let [before, panicked] = lines.try_into().unwrap();
    assert_eq!(
        (&panicked["event"], &panicked["level"]),
        (&"throughline.panic".into(), &"ERROR".into())
    );
    assert_eq!(panicked["context"], before["context"]);
    assert_eq!(panicked["exception.type"], "panic");
    assert_eq!(panicked["exception.message"], "[redacted]");
    assert_eq!(panicked["code.file.path"], file!());
    assert!(panicked["code.line.number"].is_u64() && panicked["code.column.number"].is_u64());
    assert_eq!(panicked["thread.name"], "main");
    assert_eq!(output.status.code(), Some(101));
    assert!(stderr(&output).contains("no user ada"), "the hook before is called");
}

fn a_cleared_logger_says_what_panicked() {
    let (lines, _) = play("panics_cleared");
    assert_eq!(lines[1]["exception.message"], "no user ada");
}

/// A sink that panics at its first line, and holds a lock while it does.
struct Trap {
    /// How many lines it was given.
    lines: Arc<Mutex<usize>>,
    inner: SocketSink,
}

impl Sink for Trap {
    fn write(&self, line: Line<'_>) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        *lines += 1;
        assert!(*lines > 1, "the sink panics");
        self.inner.write(line);
    }

    fn flush(&self, timeout: Duration) -> Result<(), FlushError> {
        self.inner.flush(timeout)
    }

    fn lost(&self) -> Lost {
        self.inner.lost()
    }
}

fn panics_in_a_sink(path: &Path) -> ExitCode {
    let inner = SocketSink::new(path, &Service::new("panics"));
    let lines = Arc::new(Mutex::new(0));
    let log = Logger::builder("panics").sink(Trap { lines: lines.clone(), inner }).build();
    report_panics(&log);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| info!(logger: log, "into the trap"));
        assert!(writer.join().is_err());
    });
    info!(logger: log, "after");
    eventually("the event of the panic", || {
        (*lines.lock().unwrap_or_else(PoisonError::into_inner) == 3).then_some(())
    });
    log.flush(PATIENCE).unwrap();
    ExitCode::SUCCESS
}

fn a_sink_that_panics_holds_nobody_up() {
    let (lines, output) = play("panics_in_a_sink");
    assert!(output.status.success(), "{}", stderr(&output));
    let mut said: Vec<_> = lines.iter().map(|line| line["message"].as_str().unwrap()).collect();
    said.sort_unstable();
    assert_eq!(said, ["A thread panicked", "after"]);
}

struct Panics;

impl std::fmt::Display for Panics {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("the value panics")
    }
}

fn panics_in_a_value(path: &Path) -> ExitCode {
    let log = Logger::builder("panics").socket(path).build();
    report_panics(&log);
    let emit = || info!(logger: log, "whole?", value = %Panics);
    let emitted = catch_unwind(AssertUnwindSafe(emit));
    info!(logger: log, "after", caught = emitted.is_err());
    ExitCode::SUCCESS
}

fn a_panic_within_an_event_is_reported() {
    let (lines, output) = play("panics_in_a_value");
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(lines.first().unwrap()["event"], "throughline.panic");
    assert_eq!(lines.last().unwrap()["message"], "after");
}

struct PanicsAgain;

impl Drop for PanicsAgain {
    fn drop(&mut self) {
        panic!("the second panic");
    }
}

fn panics_in_a_destructor(path: &Path) -> ExitCode {
    let log = Logger::builder("panics").cleared_for(Class::Personal).socket(path).build();
    report_panics(&log);
    let _again = PanicsAgain;
    panic!("the first panic");
}

fn a_panic_that_aborts_is_delivered_first() {
    let (lines, output) = play("panics_in_a_destructor");
    assert_eq!(output.status.code(), None, "a signal ended it");
    let said: Vec<_> =
        lines.iter().map(|line| line["exception.message"].as_str().unwrap()).collect();
    let last = "panic in a destructor during cleanup";
    assert_eq!(said, ["the first panic", "the second panic", last]);
}

fn a_panic_that_aborts_does_so_without_a_collector() {
    let folder = tempfile::tempdir().unwrap();
    let process = start("panics_with_no_collector", &folder.path().join("socket"));
    let output = process.wait_with_output().unwrap();
    assert_eq!(output.status.code(), None, "a signal ended it");
    assert!(stderr(&output).contains("not delivered"), "{}", stderr(&output));
}
