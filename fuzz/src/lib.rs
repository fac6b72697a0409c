//! What the targets of single writers share: the writers are not public, and an event with one field is the shortest way to each.

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use throughline_schema::{Event, Value};
use throughline_structlog::{Builder, FlushError, Line, Logger, Lost, Sink};

/// An event that says one thing.
#[derive(Event)]
#[event(name = "one", version = 1, level = "info", message = "One")]
struct One<T> {
    /// It.
    value: T,
}

/// Keeps the last line.
#[derive(Clone, Default)]
struct Last(Arc<Mutex<Vec<u8>>>);

impl Sink for Last {
    fn write(&self, line: Line<'_>) {
        let mut last = self.0.lock().unwrap();
        last.clear();
        last.extend_from_slice(line.as_bytes());
    }

    fn flush(&self, _: Duration) -> Result<(), FlushError> {
        Ok(())
    }

    fn lost(&self) -> Lost {
        Lost::default()
    }
}

/// A logger, and where it writes to.
struct Log(Logger, Last);

impl Log {
    fn new(configure: impl FnOnce(Builder) -> Builder) -> Log {
        let last = Last::default();
        Log(configure(Logger::builder("fuzz")).sink(last.clone()).build(), last)
    }
}

/// The value as it stands in the line of an event that has nothing else.
pub fn written(value: impl Value) -> String {
    static LOG: LazyLock<Log> = LazyLock::new(|| Log::new(|log| log));
    written_by(&LOG, value)
}

/// The value as it stands where times have nanoseconds.
pub fn written_with_nanoseconds(value: impl Value) -> String {
    static LOG: LazyLock<Log> = LazyLock::new(|| Log::new(Builder::nanoseconds));
    written_by(&LOG, value)
}

fn written_by(Log(log, last): &Log, value: impl Value) -> String {
    log.emit(None, &One { value });
    let line = String::from_utf8(last.0.lock().unwrap().clone()).unwrap();
    let (_, value) = line.split_once(",\"value\":").unwrap();
    value.strip_suffix("}\n").unwrap().to_owned()
}
