use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, watch};

use super::Reason;
use crate::stream::StreamId;

/// Where a connection hears which offset of its stream is durable.
pub(crate) type Acks = Arc<watch::Sender<u64>>;

/// Whole lines from one stream, on their way to the disk.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) stream: StreamId,
    /// The offset of its first line in the stream.
    pub(crate) start: u64,
    /// The offset after its last line: what may be acknowledged once the batch is stored.
    pub(crate) end: u64,
    /// The bytes to store, of all pieces in turn.
    pub(crate) bytes: Vec<u8>,
    pub(crate) pieces: Vec<Piece>,
    pub(crate) acks: Acks,
    /// Its share of the memory for what waits for the disk.
    pub(crate) room: Option<OwnedSemaphorePermit>,
}

/// A part of a batch. What lies between two pieces is of no concern to anyone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece {
    /// The next `len` of the batch's bytes; in the stream they begin at `offset` and follow each other without a gap.
    Lines { offset: u64, len: usize },
    /// Lines that are no events, the first of them at `offset`.
    Refused { offset: u64, reason: Reason, count: u64, bytes: u64 },
}
