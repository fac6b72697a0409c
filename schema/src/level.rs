use std::fmt;
use std::str::FromStr;

/// How much an event matters to the person who runs the service (`spec/event.md`, "Levels").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// For stepping through the code.
    Trace = 0,
    /// For looking for a fault.
    Debug = 1,
    /// What happened.
    Info = 2,
    /// Something went wrong, and the service helped itself.
    Warn = 3,
    /// A request or a job failed.
    Error = 4,
}

impl Level {
    /// All levels, the least important first.
    pub const ALL: [Level; 5] =
        [Level::Trace, Level::Debug, Level::Info, Level::Warn, Level::Error];

    /// The level as it stands in a line: `TRACE`, `DEBUG`, `INFO`, `WARN` or `ERROR`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Level::Trace => "TRACE",
            Level::Debug => "DEBUG",
            Level::Info => "INFO",
            Level::Warn => "WARN",
            Level::Error => "ERROR",
        }
    }

    /// OpenTelemetry's severity number: 1, 5, 9, 13 or 17 (`spec/event.md`, "Levels").
    pub const fn severity_number(self) -> u8 {
        self as u8 * 4 + 1
    }

    /// The level whose range of four severity numbers, of 1 to 24, this one is in: `FATAL` is an error.
    pub const fn from_severity_number(number: u8) -> Level {
        match number {
            0..5 => Level::Trace,
            5..9 => Level::Debug,
            9..13 => Level::Info,
            13..17 => Level::Warn,
            _ => Level::Error,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Level {
    type Err = InvalidLevel;

    /// The level of this name, in upper or lower case.
    fn from_str(name: &str) -> Result<Level, InvalidLevel> {
        let is_named = |level: &Level| level.as_str().eq_ignore_ascii_case(name);
        Level::ALL.into_iter().find(is_named).ok_or(InvalidLevel(()))
    }
}

/// The text names no [`Level`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidLevel(());

impl fmt::Display for InvalidLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a level is one of trace, debug, info, warn, error")
    }
}

impl std::error::Error for InvalidLevel {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_read_in_either_case_and_ordered() {
        for level in Level::ALL {
            assert_eq!(level.as_str().parse(), Ok(level));
            assert_eq!(level.as_str().to_lowercase().parse(), Ok(level));
        }
        assert!(Level::ALL.is_sorted());
        assert!("warning".parse::<Level>().is_err());
    }
}
