//! The events that a stream says of itself (`spec/socket.md`).

use throughline_schema::{Event, Level};

use crate::encode::{Encoder, Entry, Scratch};
use crate::sink::Lost;

/// A connection was opened, and goes on with a stream at an offset.
#[derive(Event)]
#[event(name = "throughline.hello", version = 1, level = "info", message = "Stream opened")]
struct Hello<'a> {
    /// The UUID of the stream.
    stream: &'a str,
    /// The offset of the line that follows, in bytes.
    offset: u64,
}

/// Events did not fit into the buffer, and are lost.
#[derive(Event)]
#[event(name = "throughline.shed", version = 1, level = "warn", message = "Events were shed")]
struct Shed {
    /// How many events of level `trace`.
    trace: u64,
    /// How many events of level `debug`.
    debug: u64,
    /// How many events of level `info`.
    info: u64,
    /// How many events of level `warn`.
    warn: u64,
    /// How many events of level `error`.
    error: u64,
}

pub(super) fn push_hello(out: &mut Vec<u8>, encoder: &Encoder, stream: &str, offset: u64) {
    push(out, encoder, &Hello { stream, offset });
}

pub(super) fn push_shed(out: &mut Vec<u8>, encoder: &Encoder, lost: &Lost) {
    let shed = Shed {
        trace: lost.of(Level::Trace),
        debug: lost.of(Level::Debug),
        info: lost.of(Level::Info),
        warn: lost.of(Level::Warn),
        error: lost.of(Level::Error),
    };
    push(out, encoder, &shed);
}

fn push<E: Event>(out: &mut Vec<u8>, encoder: &Encoder, event: &E) {
    let mut scratch = Scratch::new();
    let len = encoder.encode(&mut scratch, &Entry::now(event));
    out.extend_from_slice(scratch.line(len));
}
