use throughline_schema::{Delivery, Level};

/// One event as one line: valid JSON, and a line feed (`spec/event.md`). Only a [`Logger`](crate::Logger) makes lines, so a sink
/// need not doubt that.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    level: Level,
    delivery: Delivery,
    bytes: &'a [u8],
}

impl<'a> Line<'a> {
    #[inline]
    pub(crate) fn new(level: Level, delivery: Delivery, bytes: &'a [u8]) -> Line<'a> {
        debug_assert!(bytes.ends_with(b"}\n"));
        Line { level, delivery, bytes }
    }

    /// The level of the event.
    #[inline]
    pub fn level(&self) -> Level {
        self.level
    }

    /// What is to happen where there is no room for it.
    #[inline]
    pub fn delivery(&self) -> Delivery {
        self.delivery
    }

    /// The line, with the line feed at its end.
    #[inline]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }
}
