use std::fmt;
use std::str::FromStr;

/// How much one request says of itself: the least important level that is written of its events, where the loggers on its way would write less.
///
/// It is set with [`Context::with_verbosity`](crate::Context::with_verbosity), and goes along on every call as a member of the baggage (`spec/context.md`, "Verbosity").
///
/// The order is that of how much is said: `Info < Debug < Trace`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Verbosity {
    /// What happened.
    Info,
    /// And what helps to find a fault.
    Debug,
    /// And what helps to step through the code.
    Trace,
}

impl Verbosity {
    /// The key of its member in a baggage. No entry can have this name.
    pub(crate) const KEY: &str = "throughline.verbosity";

    const ALL: [Verbosity; 3] = [Verbosity::Info, Verbosity::Debug, Verbosity::Trace];

    /// The name of the level: `info`, `debug` or `trace`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Verbosity::Info => "info",
            Verbosity::Debug => "debug",
            Verbosity::Trace => "trace",
        }
    }
}

impl fmt::Display for Verbosity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Verbosity {
    type Err = InvalidVerbosity;

    /// The verbosity of this name, in lower case.
    fn from_str(name: &str) -> Result<Verbosity, InvalidVerbosity> {
        let is_named = |verbosity: &Verbosity| verbosity.as_str() == name;
        Verbosity::ALL.into_iter().find(is_named).ok_or(InvalidVerbosity(()))
    }
}

/// The text names no [`Verbosity`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidVerbosity(());

impl fmt::Display for InvalidVerbosity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a verbosity is one of info, debug, trace")
    }
}

impl std::error::Error for InvalidVerbosity {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written_and_others_are_not() {
        for verbosity in Verbosity::ALL {
            assert_eq!(verbosity.as_str().parse(), Ok(verbosity));
        }
        assert!(Verbosity::ALL.is_sorted());
        for other in ["", "DEBUG", " debug", "debug ", "warn", "error", "off", "5"] {
            assert!(other.parse::<Verbosity>().is_err(), "{other:?}");
        }
    }
}
