use std::fmt;
use std::str::FromStr;

use throughline_schema::Level;

/// The least important level that a logger writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threshold(u8);

impl Threshold {
    /// Nothing is written.
    pub const OFF: Threshold = Threshold(Level::Error as u8 + 1);

    /// Everything is written.
    pub(crate) const ALL: Threshold = Threshold(Level::Trace as u8);

    /// Whether events of this level are written.
    #[inline]
    pub fn allows(self, level: Level) -> bool {
        level as u8 >= self.0
    }

    /// The one that lets more through.
    pub(crate) fn or(self, other: Threshold) -> Threshold {
        Threshold(self.0.min(other.0))
    }

    #[cfg(test)]
    pub(crate) fn from_bits(bits: u8) -> Threshold {
        Threshold(bits)
    }

    #[inline]
    pub(crate) fn bits(self) -> u8 {
        self.0
    }
}

impl From<Level> for Threshold {
    fn from(level: Level) -> Threshold {
        Threshold(level as u8)
    }
}

impl FromStr for Threshold {
    type Err = InvalidThreshold;

    /// The name of a level, or `off`, in upper or lower case.
    fn from_str(text: &str) -> Result<Threshold, InvalidThreshold> {
        match text.trim() {
            off if off.eq_ignore_ascii_case("off") => Ok(Threshold::OFF),
            level => level.parse::<Level>().map(Threshold::from).map_err(|_| InvalidThreshold(())),
        }
    }
}

impl fmt::Display for Threshold {
    /// The name of the level in lower case, or `off`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = Level::ALL.into_iter().find(|level| Threshold::from(*level) == *self);
        f.pad(&level.map_or("off".to_owned(), |level| level.as_str().to_lowercase()))
    }
}

/// The text names no level, and is not `off`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidThreshold(());

impl fmt::Display for InvalidThreshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected one of trace, debug, info, warn, error, off")
    }
}

impl std::error::Error for InvalidThreshold {}
