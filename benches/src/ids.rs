//! The ids of a request, made by hand: what a contestant that makes none is given.

use std::cell::RefCell;
use std::time::{SystemTime, UNIX_EPOCH};

use throughline_ctx::Context;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// A request id (UUIDv7), a trace id and a span id, as text.
#[derive(Clone, Copy)]
pub struct Ids {
    request: [u8; 36],
    trace: [u8; 32],
    span: [u8; 16],
}

impl Ids {
    pub fn of(ctx: &Context) -> Ids {
        let request = ctx.request_id().as_str().as_bytes().try_into().unwrap();
        Ids { request, trace: ctx.trace_id().to_hex(), span: ctx.span_id().to_hex() }
    }

    pub fn mint() -> Ids {
        let mut uuid = random::<16>();
        let millis = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
        uuid[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
        uuid[6] = uuid[6] & 0x0f | 0x70;
        uuid[8] = uuid[8] & 0x3f | 0x80;
        let mut request = [b'-'; 36];
        hex(&uuid[..4], &mut request[..8]);
        hex(&uuid[4..6], &mut request[9..13]);
        hex(&uuid[6..8], &mut request[14..18]);
        hex(&uuid[8..10], &mut request[19..23]);
        hex(&uuid[10..], &mut request[24..]);
        let (mut trace, mut span) = ([0; 32], [0; 16]);
        hex(&random::<16>(), &mut trace);
        hex(&random::<8>(), &mut span);
        Ids { request, trace, span }
    }

    #[inline]
    pub fn request(&self) -> &str {
        str::from_utf8(&self.request).unwrap_or_default()
    }

    #[inline]
    pub fn trace(&self) -> &str {
        str::from_utf8(&self.trace).unwrap_or_default()
    }

    #[inline]
    pub fn span(&self) -> &str {
        str::from_utf8(&self.span).unwrap_or_default()
    }
}

fn hex(bytes: &[u8], out: &mut [u8]) {
    for (pair, byte) in out.chunks_exact_mut(2).zip(bytes) {
        pair[0] = HEX[usize::from(byte >> 4)];
        pair[1] = HEX[usize::from(byte & 0xf)];
    }
}

/// Random bytes from the system, which is asked for 512 at a time.
fn random<const N: usize>() -> [u8; N] {
    thread_local! {
        static POOL: RefCell<([u8; 512], usize)> = const { RefCell::new(([0; 512], 512)) };
    }
    POOL.with_borrow_mut(|(bytes, used)| {
        if *used + N > bytes.len() {
            getrandom::fill(bytes).unwrap();
            *used = 0;
        }
        *used += N;
        bytes[*used - N..*used].try_into().unwrap()
    })
}
