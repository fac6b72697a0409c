use super::style::Paint;

/// How much an event matters, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

impl Level {
    /// The level that `name` means, in any case.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let all = [Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Error];
        all.into_iter().find(|level| level.name().eq_ignore_ascii_case(name))
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        }
    }

    pub(crate) fn paint(self) -> Paint {
        match self {
            Self::Trace | Self::Debug => Paint::Dim,
            Self::Info => Paint::Green,
            Self::Warn => Paint::Yellow,
            Self::Error => Paint::Red,
        }
    }
}
