use std::fmt;

/// What a collector did between its start and its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Summary {
    /// How many connections it accepted.
    pub connections: u64,
    /// How many lines it stored for clients.
    pub lines: u64,
    /// The bytes of those lines.
    pub bytes: u64,
    /// How many lines it refused, since they were no events.
    pub refused: u64,
    /// How many bytes arrived again that it had already, and were dropped.
    pub duplicate_bytes: u64,
    /// How many lines arrived where they were forwarded to, over all destinations.
    pub forwarded: u64,
    /// How many lines will not be forwarded, over all destinations.
    pub dropped: u64,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} lines ({} bytes) stored from {} connections, {} lines refused, {} bytes received twice and kept once",
            self.lines, self.bytes, self.connections, self.refused, self.duplicate_bytes
        )?;
        match (self.forwarded, self.dropped) {
            (0, 0) => Ok(()),
            (forwarded, dropped) => write!(f, ", {forwarded} forwarded, {dropped} given up"),
        }
    }
}
