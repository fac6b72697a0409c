//! The stored events: a folder of plain files.
//!
//! ```text
//! DIR/collector.lock                       held by the collector that stores here; the number that was given last
//! DIR/events-00000000000000000001.ndjson   lines as they were received, and nothing else
//! DIR/events-00000000000000000001.idx      where they came from: one line for each run of them
//! DIR/forwarded-nats                       how far what is forwarded there has come
//! ```
//!
//! Each line of an index is `STREAM START END FROM TO CRC SUM`: the bytes `FROM..TO` of the file of events are, as they
//! stand, what the stream had at its offset `START` and after; what the stream had from there up to `END` was not stored
//! (it was refused, or empty). So the event that begins at byte `p`, with `FROM <= p < TO`, is (`STREAM`, `START + p - FROM`).
//! `CRC` is the CRC-32 of those bytes, `SUM` the CRC-32 of the line before it; both in hexadecimal, the rest in decimal.
//!
//! A collector that starts reads the indices, and so knows how much of each stream it has. It cuts off what a sudden end
//! left half written, and goes on in a new file, whose number no file had before. Old files may be moved away or deleted at
//! any time, each with its index; the collector deletes them itself where it is told how much to keep, and forgets the streams
//! of which nothing is left.

mod batch;
mod folder;
mod group;
mod held;
mod index;
mod reader;
mod reason;
mod recover;
mod retention;
mod segment;
mod told;
mod writer;

pub use reader::Reader;

pub(crate) use batch::{Acks, Batch, Piece};
pub(crate) use folder::Folder;
pub(crate) use held::Held;
pub(crate) use index::Entry;
pub(crate) use reason::Reason;
pub(crate) use retention::Retention;
pub(crate) use segment::{data_path, index_path, list as segments, list_indices as indices};
pub(crate) use writer::{Frontier, Message, State, Writer};
