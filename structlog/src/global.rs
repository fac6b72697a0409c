use std::cell::Cell;
use std::env;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, OnceLock};
use std::time::Duration;

#[cfg(feature = "to-tracing")]
use throughline_schema::Level;

use crate::{Filter, InvalidFilter, Logger, Service, stderr};

static GLOBAL: OnceLock<Logger> = OnceLock::new();

/// How long a [`Guard`] waits for what is not delivered yet.
pub(crate) const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// Makes the global logger, from the environment: see the [front page](crate#the-global-logger).
///
/// Keep the guard until `main` returns: a program that ends does not drop what is global, so it is the guard that flushes.
///
/// ```no_run
/// use throughline_structlog::{Service, info};
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let _guard =
///         throughline_structlog::init(Service::new("accounts").version(env!("CARGO_PKG_VERSION")))?;
///     info!("started");
///     Ok(())
/// }
/// ```
///
/// # Errors
///
/// If there is a global logger already, or `THROUGHLINE_LOG` is malformed.
pub fn init(service: impl Into<Service>) -> Result<Guard, InitError> {
    let mut builder = Logger::builder(service);
    if let Some(text) = env::var_os("THROUGHLINE_LOG") {
        let text = text.to_string_lossy();
        let filter: Result<Filter, _> = text.parse();
        builder = builder.filter(filter.map_err(|error| InitError(Kind::Filter(error)))?);
    }
    if let Some(path) = env::var_os("THROUGHLINE_SOCKET").filter(|path| !path.is_empty()) {
        builder = builder.socket(path);
    }
    install(builder.build())
}

/// Makes `logger` the global one: for a program that configures its logger itself.
///
/// ```standalone_crate
/// use throughline_structlog::{info, install, testing};
///
/// let (log, captured) = testing::capture();
/// let _guard = install(log.clone())?;
/// info!("through the global logger");
/// assert_eq!(captured.lines().len(), 1);
/// assert!(install(log).unwrap_err().is_already_initialized());
/// # Ok::<(), throughline_structlog::InitError>(())
/// ```
///
/// # Errors
///
/// If there is one already.
pub fn install(logger: Logger) -> Result<Guard, InitError> {
    GLOBAL.set(logger).map_err(|_| InitError(Kind::Twice))?;
    Ok(Guard(()))
}

/// The global logger. Until [`init`] made it, one that writes nothing; with the feature `to-tracing`, one that hands events to the subscriber of `tracing`, if there is one, so that a library that uses it
/// is heard in programs that know nothing of this crate.
///
/// A test can have [another](crate::testing::replace_global) on its thread.
#[inline]
pub fn logger() -> &'static Logger {
    #[cfg(not(feature = "to-tracing"))]
    static FALLBACK: LazyLock<Logger> = LazyLock::new(Logger::disabled);
    #[cfg(feature = "to-tracing")]
    static FALLBACK: LazyLock<Logger> =
        LazyLock::new(|| Logger::builder("").filter(Level::Trace).to_tracing().build());
    if REPLACEMENTS.load(Ordering::Relaxed) > 0
        && let Ok(Some(logger)) = REPLACEMENT.try_with(Cell::get)
    {
        return logger;
    }
    GLOBAL.get().unwrap_or_else(|| &FALLBACK)
}

/// On how many threads another logger stands in place of the global one.
static REPLACEMENTS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static REPLACEMENT: Cell<Option<&'static Logger>> = const { Cell::new(None) };
}

/// Puts a logger in place of the global one on this thread, and returns what was there before: see [`crate::testing::replace_global`].
pub(crate) fn replace(logger: Option<&'static Logger>) -> Option<&'static Logger> {
    let before = REPLACEMENT.try_with(|replacement| replacement.replace(logger)).ok().flatten();
    match (before, logger) {
        (None, Some(_)) => _ = REPLACEMENTS.fetch_add(1, Ordering::Relaxed),
        (Some(_), None) => _ = REPLACEMENTS.fetch_sub(1, Ordering::Relaxed),
        _ => {}
    }
    before
}

/// Flushes the global logger when it is dropped, waiting up to 2 seconds, and says on standard error if something could not be delivered.
#[derive(Debug)]
#[must_use = "the guard flushes when it is dropped: keep it until `main` returns"]
pub struct Guard(());

impl Drop for Guard {
    fn drop(&mut self) {
        let Some(logger) = GLOBAL.get() else { return };
        if let Err(error) = logger.flush(FLUSH_TIMEOUT) {
            stderr::say(format_args!("{error}"));
        }
        let lost = logger.lost().total();
        if lost > 0 {
            stderr::say(format_args!("{lost} events were lost since the start"));
        }
    }
}

/// The global logger could not be made.
///
/// Its debug form is its text as well, since that is what a `main` that returns it shows.
pub struct InitError(Kind);

enum Kind {
    Twice,
    #[cfg(feature = "log")]
    Taken(&'static str),
    Filter(InvalidFilter),
}

impl InitError {
    /// Another library sends what it takes elsewhere.
    #[cfg(feature = "log")]
    pub(crate) fn taken(library: &'static str) -> InitError {
        InitError(Kind::Taken(library))
    }

    /// Whether there is a global logger already.
    pub fn is_already_initialized(&self) -> bool {
        matches!(self.0, Kind::Twice)
    }
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Twice => f.write_str("there is a global logger already; call init once, in main"),
            #[cfg(feature = "log")]
            Kind::Taken(library) => {
                write!(f, "`{library}` sends its events elsewhere already; call init once, in main")
            }
            Kind::Filter(error) => write!(f, "THROUGHLINE_LOG: {error}"),
        }
    }
}

impl fmt::Debug for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for InitError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_main_that_returns_the_error_shows_its_text() {
        let error = InitError(Kind::Filter("loud".parse::<crate::Filter>().unwrap_err()));
        assert_eq!(format!("{error:?}"), error.to_string());
        assert!(error.to_string().contains("THROUGHLINE_LOG: \"loud\" is neither"), "{error}");
    }
}
