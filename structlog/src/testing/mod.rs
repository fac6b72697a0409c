//! For tests: what was emitted, without a global and without a file, so that tests can run side by side.
//!
//! ```
//! use throughline_ctx::{Context, Key};
//! use throughline_schema::{Event, Level};
//! use throughline_structlog::{info, testing};
//!
//! /// A login attempt was refused.
//! #[derive(Event)]
//! #[event(name = "user.login_failed", version = 1, level = "error", message = "User login failed")]
//! struct LoginFailed<'a> {
//!     /// Account name as typed.
//!     user: &'a str,
//!     /// Failed attempts in the last hour.
//!     attempts: u32,
//! }
//!
//! const TENANT: Key<str> = Key::local("tenant", "Whose data");
//!
//! let (log, captured) = testing::capture();
//! let ctx = Context::root().with(&TENANT, "acme");
//! log.emit(&ctx, &LoginFailed { user: "tyler", attempts: 3 });
//! info!(logger: log, &ctx, "cache miss", keys = ["user:7", "user:8"]);
//!
//! let failed = captured.only::<LoginFailed>();
//! assert_eq!(failed["user"], "tyler");
//! assert_eq!(failed["attempts"], 3);
//! assert_eq!(failed["context"]["tenant"], "acme");
//! assert_eq!(failed.level(), Level::Error);
//!
//! let events = captured.take();
//! assert_eq!(events.len(), 2);
//! assert_eq!(events[1].message(), "cache miss");
//! assert_eq!(events[1]["keys"], ["user:7", "user:8"]);
//! testing::assert_nothing_lost(&log);
//! ```
//!
//! Each line that is looked at is checked against `spec/event.md`, and an event whose type is known against what its type declares. A line that breaks the contract
//! panics there, with the reason. Lines from elsewhere, a file for example, are checked when they are read as a [`Record`]:
//!
//! ```
//! use throughline_structlog::testing::Record;
//!
//! let error = r#"{"level":"INFO","event":"log"}"#.parse::<Record>().unwrap_err();
//! assert_eq!(error.to_string(), "`timestamp` is missing or not in its place");
//! ```

mod check;
mod compare;
mod global;
mod json;
mod reader;
mod record;
mod types;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use throughline_schema::{Descriptor, Event, Level};

use crate::{Builder, FlushError, Line, Logger, Lost, Sink};
pub use global::{ReplacedGlobal, replace_global};
pub use json::Json;
pub use record::Record;

/// A logger that writes everything from `trace` up to memory, and what it wrote. It is cleared for public values only.
pub fn capture() -> (Logger, Captured) {
    capture_with(|builder| builder)
}

/// As [`capture`], with a logger that is configured otherwise.
///
/// ```
/// use throughline_schema::{Class, Level};
/// use throughline_structlog::{info, debug, testing};
///
/// let (log, captured) =
///     testing::capture_with(|log| log.filter(Level::Info).cleared_for(Class::Personal));
/// debug!(logger: log, "not written");
/// info!(logger: log, "written");
/// assert_eq!(captured.events().len(), 1);
/// ```
pub fn capture_with(configure: impl FnOnce(Builder) -> Builder) -> (Logger, Captured) {
    let captured = Captured::default();
    let builder = configure(Logger::builder("test").filter(Level::Trace));
    (builder.sink(captured.clone()).build(), captured)
}

/// Checks that a logger has lost nothing, wherever it writes to.
///
/// # Panics
///
/// If it has, with the number of each level.
#[track_caller]
pub fn assert_nothing_lost(log: &Logger) {
    let lost = log.lost();
    let counts = Level::ALL.map(|level| (level, lost.of(level)));
    let counts: Vec<_> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
    assert!(counts.is_empty(), "events were lost: {counts:?}");
}

/// A sink that keeps lines in memory. A clone keeps the same ones.
///
/// # Panics
///
/// Whatever returns lines or events panics if one of them breaks the contract.
#[derive(Clone, Debug, Default)]
pub struct Captured(Arc<Mutex<Vec<Vec<u8>>>>);

impl Captured {
    /// The lines so far, without the line feeds.
    #[track_caller]
    pub fn lines(&self) -> Vec<String> {
        self.events().into_iter().map(Record::into_line).collect()
    }

    /// The events so far.
    #[track_caller]
    pub fn events(&self) -> Vec<Record> {
        let lines = self.lock().clone();
        read(&lines)
    }

    /// The events so far of this type: those with its name and its version. Each is checked against what the type declares: a value that does not keep to its limits panics here, while
    /// [`events`](Captured::events) has it with its `violations`.
    #[track_caller]
    pub fn of<E: Event>(&self) -> Vec<Record> {
        of_type(self.events(), E::DESCRIPTOR)
    }

    /// The one event of this type.
    ///
    /// # Panics
    ///
    /// If there is none, or more than one, with a list of all that there is.
    #[track_caller]
    pub fn only<E: Event>(&self) -> Record {
        let all = self.events();
        let (name, version) = (E::DESCRIPTOR.name, E::DESCRIPTOR.version);
        match <[Record; 1]>::try_from(of_type(all.clone(), E::DESCRIPTOR)) {
            Ok([record]) => record,
            Err(found) => panic!(
                "expected 1 event {name} of version {version}, found {} among:\n{}",
                found.len(),
                List(&all)
            ),
        }
    }

    /// The events so far, which it keeps no longer.
    #[track_caller]
    pub fn take(&self) -> Vec<Record> {
        let lines = std::mem::take(&mut *self.lock());
        read(&lines)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[track_caller]
fn read(lines: &[Vec<u8>]) -> Vec<Record> {
    let mut records = Vec::new();
    for line in lines {
        match Record::from_bytes(line) {
            Ok(record) => records.push(record),
            Err(why) => panic!("{why}, in the line:\n{}", line.escape_ascii()),
        }
    }
    records
}

#[track_caller]
fn of_type(mut records: Vec<Record>, descriptor: &'static Descriptor) -> Vec<Record> {
    records.retain(|record| {
        record.event() == descriptor.name && record.version() == descriptor.version
    });
    for record in &records {
        if let Err(why) = check::against(record, descriptor) {
            panic!("{why}, in the line:\n{}", record.line());
        }
    }
    records
}

/// Events one below the other.
struct List<'a>(&'a [Record]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|record| writeln!(f, "{}", record.line()))
    }
}

impl Sink for Captured {
    fn write(&self, line: Line<'_>) {
        self.lock().push(line.as_bytes().to_vec());
    }

    fn flush(&self, _: Duration) -> Result<(), FlushError> {
        Ok(())
    }

    fn lost(&self) -> Lost {
        Lost::default()
    }
}

/// Why a text is no JSON, or no line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed(String);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Malformed {}

#[cfg(test)]
mod tests;
