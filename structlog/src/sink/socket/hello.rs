//! The events that a stream says of itself (`spec/socket.md`).

use throughline_schema::{Event, Level};

use crate::encode::{Encoder, Entry, Scratch};
use crate::sink::LossReason;

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
    /// Why: `buffer_full` or `line_too_long`.
    reason: &'static str,
    /// How many events of level `trace`.
    #[event(rename = "shed.trace", unit = "{event}")]
    trace: u64,
    /// How many events of level `debug`.
    #[event(rename = "shed.debug", unit = "{event}")]
    debug: u64,
    /// How many events of level `info`.
    #[event(rename = "shed.info", unit = "{event}")]
    info: u64,
    /// How many events of level `warn`.
    #[event(rename = "shed.warn", unit = "{event}")]
    warn: u64,
    /// How many events of level `error`.
    #[event(rename = "shed.error", unit = "{event}")]
    error: u64,
}

pub(super) fn push_hello(out: &mut Vec<u8>, encoder: &Encoder, stream: &str, offset: u64) {
    push(out, encoder, &Hello { stream, offset });
}

pub(super) fn push_shed(
    out: &mut Vec<u8>,
    encoder: &Encoder,
    reason: LossReason,
    lost: [u64; Level::ALL.len()],
) {
    let reason = reason.as_str();
    let [trace, debug, info, warn, error] = lost;
    push(out, encoder, &Shed { reason, trace, debug, info, warn, error });
}

fn push<E: Event>(out: &mut Vec<u8>, encoder: &Encoder, event: &E) {
    let mut scratch = Scratch::new();
    let len = encoder.encode_any(&mut scratch, &Entry::now(E::DESCRIPTOR), event);
    out.extend_from_slice(scratch.line(len));
}
