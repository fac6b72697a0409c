use crate::Lost;

/// What a sink did since it was made: for metrics. All but the first four only ever grow in one process; a forked child begins anew.
///
/// A sink that hands each line to the system at once counts what it lost, and nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Lines that are in the buffer now: written, and not delivered yet.
    pub lines_buffered: u64,
    /// Bytes of the buffer that are used now.
    pub bytes_buffered: u64,
    /// Bytes that the buffer has.
    pub buffer_size: u64,
    /// Collectors that are connected now.
    pub connected: u64,
    /// How often a collector was connected to.
    pub connections: u64,
    /// Lines that were delivered.
    pub lines_delivered: u64,
    /// Bytes of the lines that were delivered.
    pub bytes_delivered: u64,
    /// Lines that were sent again, since a connection broke before they were acknowledged.
    pub lines_resent: u64,
    /// Events that were lost.
    pub lost: Lost,
}

impl Stats {
    /// Those of both.
    pub(crate) fn plus(&self, other: &Stats) -> Stats {
        Stats {
            lines_buffered: self.lines_buffered + other.lines_buffered,
            bytes_buffered: self.bytes_buffered + other.bytes_buffered,
            buffer_size: self.buffer_size + other.buffer_size,
            connected: self.connected + other.connected,
            connections: self.connections + other.connections,
            lines_delivered: self.lines_delivered + other.lines_delivered,
            bytes_delivered: self.bytes_delivered + other.bytes_delivered,
            lines_resent: self.lines_resent + other.lines_resent,
            lost: self.lost.plus(&other.lost),
        }
    }
}
