//! For tests: what was emitted, without a global and without a file, so that tests can run side by side.
//!
//! ```
//! use throughline_structlog::{info, testing};
//!
//! let (log, captured) = testing::capture();
//! info!(logger: log, "cache miss", key = "user:7");
//! assert!(captured.lines()[0].contains(r#""key":"user:7""#));
//! ```

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use throughline_schema::Level;

use crate::{FlushError, Line, Logger, Lost, Sink};

/// A logger that writes everything from `trace` up to memory, and what it wrote. It is cleared for public values only.
pub fn capture() -> (Logger, Captured) {
    let captured = Captured::default();
    let log = Logger::builder("test").filter(Level::Trace).sink(captured.clone()).build();
    (log, captured)
}

/// A sink that keeps lines in memory. A clone keeps the same ones.
#[derive(Clone, Debug, Default)]
pub struct Captured(Arc<Mutex<Vec<String>>>);

impl Captured {
    /// The lines so far, without the line feeds.
    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Sink for Captured {
    fn write(&self, line: Line<'_>) {
        let text = String::from_utf8_lossy(line.as_bytes());
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(text.trim_end_matches('\n').to_owned());
    }

    fn flush(&self, _: Duration) -> Result<(), FlushError> {
        Ok(())
    }

    fn lost(&self) -> Lost {
        Lost::default()
    }
}
