use std::sync::atomic::{AtomicU8, Ordering};

use throughline_schema::Level;

use super::{Contestant, stamp::Stamp};
use crate::ids::Ids;
use crate::input::{self, CacheMissed, OrderShipped, Request};
use crate::{Target, Work};

/// The line of throughline, written by code that was made for this one event: what an encoder can hope for.
pub(super) struct ByHand {
    target: Target,
    threshold: AtomicU8,
}

impl ByHand {
    pub(super) fn new(target: &Target) -> ByHand {
        ByHand { target: target.clone(), threshold: AtomicU8::new(Level::Info as u8) }
    }

    fn enabled(&self, level: Level) -> bool {
        level as u8 >= self.threshold.load(Ordering::Relaxed)
    }
}

impl Contestant for ByHand {
    fn name(&self) -> &'static str {
        super::YARDSTICK
    }

    fn remark(&self) -> &'static str {
        "byte for byte the line of throughline, typed"
    }

    fn run(&self, work: Work, times: u64) {
        let mut out = Out { line: Vec::with_capacity(1024), stamp: Stamp::new() };
        let mut context = Vec::with_capacity(1024);
        if work == Work::Context {
            render(&mut context, &input::CONTEXT.1, input::request());
        }
        for _ in 0..times {
            match work {
                Work::Off => {
                    let probed = input::probed();
                    if self.enabled(Level::Debug) {
                        self.target.take(probed.key.as_bytes());
                    }
                }
                Work::Message => {
                    if self.enabled(Level::Info) {
                        out.warmed();
                        self.target.take(&out.line);
                    }
                }
                Work::Fields => {
                    let event = input::shipped();
                    if self.enabled(Level::Info) {
                        out.shipped(event);
                        self.target.take(&out.line);
                    }
                }
                Work::Context => {
                    let event = input::missed();
                    if self.enabled(Level::Info) {
                        out.missed(&context, event);
                        self.target.take(&out.line);
                    }
                }
                Work::Request => {
                    render(&mut context, &Ids::mint(), input::request());
                    for _ in 0..3 {
                        let event = input::missed();
                        if self.enabled(Level::Info) {
                            out.missed(&context, event);
                            self.target.take(&out.line);
                        }
                    }
                }
            }
        }
    }
}

macro_rules! head {
    ($event:literal, $message:literal) => {
        concat!(
            "\",\"level\":\"INFO\",\"event\":\"",
            $event,
            "\",\"version\":1,\"message\":\"",
            $message,
            "\",\"service\":{\"name\":\"shop\",\"instance\":\"1\"}",
        )
        .as_bytes()
    };
}

struct Out {
    line: Vec<u8>,
    stamp: Stamp,
}

impl Out {
    fn begin(&mut self) {
        self.line.clear();
        self.line.extend_from_slice(b"{\"timestamp\":\"");
        self.line.extend_from_slice(self.stamp.now());
    }

    fn warmed(&mut self) {
        self.begin();
        self.line.extend_from_slice(head!("cache.warmed", "Cache warmed"));
        self.line.extend_from_slice(b"}\n");
    }

    fn shipped(&mut self, event: &OrderShipped<'_>) {
        self.begin();
        let line = &mut self.line;
        line.extend_from_slice(head!("order.shipped", "Shipped"));
        line.extend_from_slice(b",\"user\":\"");
        text(line, event.user);
        line.extend_from_slice(b"\",\"zone\":\"");
        text(line, event.zone);
        line.extend_from_slice(b"\",\"via\":\"");
        text(line, event.via);
        line.extend_from_slice(b"\",\"items\":");
        integer(line, event.items);
        line.extend_from_slice(b",\"order\":");
        integer(line, event.order);
        line.extend_from_slice(b",\"due\":");
        integer(line, event.due);
        line.extend_from_slice(b",\"price\":");
        float(line, event.price);
        line.extend_from_slice(b",\"load\":");
        float(line, event.load);
        line.extend_from_slice(if event.fast {
            b",\"fast\":true,\"note\":\"".as_slice()
        } else {
            b",\"fast\":false,\"note\":\"".as_slice()
        });
        text(line, event.note);
        line.extend_from_slice(b"\"}\n");
    }

    fn missed(&mut self, context: &[u8], event: &CacheMissed<'_>) {
        self.begin();
        let line = &mut self.line;
        line.extend_from_slice(head!("cache.missed", "Cache missed"));
        line.extend_from_slice(context);
        line.extend_from_slice(b",\"key\":\"");
        text(line, event.key);
        line.extend_from_slice(b"\",\"entries\":");
        integer(line, event.entries);
        line.extend_from_slice(b",\"hits\":");
        float(line, event.hits);
        line.extend_from_slice(if event.warm {
            b",\"warm\":true}\n".as_slice()
        } else {
            b",\"warm\":false}\n".as_slice()
        });
    }
}

fn render(out: &mut Vec<u8>, ids: &Ids, request: &Request<'_>) {
    out.clear();
    out.extend_from_slice(b",\"context\":{\"id\":\"");
    out.extend_from_slice(ids.request().as_bytes());
    out.extend_from_slice(b"\",\"trace_id\":\"");
    out.extend_from_slice(ids.trace().as_bytes());
    out.extend_from_slice(b"\",\"span_id\":\"");
    out.extend_from_slice(ids.span().as_bytes());
    out.extend_from_slice(b"\",\"method\":\"");
    text(out, request.method);
    out.extend_from_slice(b"\",\"path\":\"");
    text(out, request.path);
    out.extend_from_slice(b"\",\"user_id\":\"");
    text(out, request.user_id);
    out.extend_from_slice(b"\"}");
}

#[inline]
fn integer(out: &mut Vec<u8>, value: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

#[inline]
fn float(out: &mut Vec<u8>, value: f64) {
    if value.is_finite() {
        out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
    } else {
        out.extend_from_slice(b"null");
    }
}

/// The inside of a string, with what the contract says escaped.
#[inline]
fn text(out: &mut Vec<u8>, text: &str) {
    let mut rest = text.as_bytes();
    loop {
        let len = plain_len(rest);
        out.extend_from_slice(&rest[..len]);
        if len == rest.len() {
            return;
        }
        rest = escape(out, &rest[len..]);
    }
}

/// Appends the first character, and returns the rest.
fn escape<'t>(out: &mut Vec<u8>, text: &'t [u8]) -> &'t [u8] {
    let (code, len) = match *text {
        [0xc2, low @ ..0xa0, ..] => (u16::from(low), 2),
        [0xe2, 0x80, low @ (0xa8 | 0xa9), ..] => (0x2000 | u16::from(low & 0x3f), 3),
        [byte @ (0xc2 | 0xe2), ..] => {
            out.push(byte);
            return &text[1..];
        }
        [byte, ..] => (u16::from(byte), 1),
        [] => return text,
    };
    match code {
        0x22 => out.extend_from_slice(b"\\\""),
        0x5c => out.extend_from_slice(b"\\\\"),
        0x0a => out.extend_from_slice(b"\\n"),
        0x0d => out.extend_from_slice(b"\\r"),
        0x09 => out.extend_from_slice(b"\\t"),
        _ => {
            let digit = |shift: u16| b"0123456789abcdef"[usize::from(code >> shift & 0xf)];
            out.extend_from_slice(&[b'\\', b'u', digit(12), digit(8), digit(4), digit(0)]);
        }
    }
    &text[len..]
}

/// How many bytes stand before the first that may need an escape.
#[inline]
fn plain_len(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(chunk) = bytes[at..].first_chunk::<16>() {
        let special = specials(chunk);
        if special != 0 {
            return at + special.trailing_zeros() as usize;
        }
        at += 16;
    }
    let tail = &bytes[at..];
    if let (Some(first), Some(last)) = (tail.first_chunk(), tail.last_chunk())
        && is_plain(u64::from_le_bytes(*first))
        && is_plain(u64::from_le_bytes(*last))
    {
        return bytes.len();
    }
    at + tail.iter().position(|byte| SPECIAL[usize::from(*byte)]).unwrap_or(tail.len())
}

const SPECIAL: [bool; 256] = {
    let mut special = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        special[byte] = matches!(byte as u8, ..0x20 | b'"' | b'\\' | 0x7f | 0xc2 | 0xe2);
        byte += 1;
    }
    special
};

/// Whether all eight bytes are ASCII, and none is special; it may say no to some that are plain.
#[inline]
fn is_plain(word: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let control = word.wrapping_sub(ONES * 0x20);
    let quote = (word ^ (ONES * b'"' as u64)).wrapping_sub(ONES);
    let backslash = (word ^ (ONES * b'\\' as u64)).wrapping_sub(ONES);
    let delete = word.wrapping_add(ONES);
    (word | control | quote | backslash | delete) & (ONES * 0x80) == 0
}

/// A bit for each byte that is special.
#[cfg(target_arch = "x86_64")]
#[inline]
fn specials(chunk: &[u8; 16]) -> u32 {
    use std::arch::x86_64::*;
    // SAFETY: The pointer is to 16 bytes that can be read, and need not be aligned.
    let bytes = unsafe { _mm_loadu_si128(chunk.as_ptr().cast()) };
    // SAFETY: Every x86_64 has SSE2.
    unsafe {
        let is = |byte: u8| _mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte as i8));
        let control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
        let ascii =
            _mm_or_si128(_mm_or_si128(control, is(0x7f)), _mm_or_si128(is(b'"'), is(b'\\')));
        _mm_movemask_epi8(_mm_or_si128(ascii, _mm_or_si128(is(0xc2), is(0xe2)))) as u32
    }
}

/// A bit for each byte that is special.
#[cfg(not(target_arch = "x86_64"))]
#[inline]
fn specials(chunk: &[u8; 16]) -> u32 {
    let bit = |(at, byte): (usize, &u8)| u32::from(SPECIAL[usize::from(*byte)]) << at;
    chunk.iter().enumerate().map(bit).sum()
}
