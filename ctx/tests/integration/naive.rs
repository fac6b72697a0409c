//! The parsers against others that were written from the standards, without a thought for speed.

use proptest::prelude::*;
use throughline_ctx::{RequestId, SpanId, TraceFlags, TraceId, TraceParent};

/// W3C Trace Context, level 2, "traceparent Header": trace id, parent id and the two flags that are defined.
fn traceparent(value: &str) -> Option<(u128, u64, u8)> {
    let parts: Vec<_> = value.trim_matches([' ', '\t']).split('-').collect();
    let [version, trace_id, parent_id, flags, rest @ ..] = &parts[..] else { return None };
    let version = hex(version, 2)?;
    let (trace_id, parent_id, flags) = (hex(trace_id, 32)?, hex(parent_id, 16)?, hex(flags, 2)?);
    let version_allows_more = version != 0;
    let is_valid = version != 0xff
        && trace_id != 0
        && parent_id != 0
        && (rest.is_empty() || version_allows_more);
    is_valid.then_some((trace_id, parent_id as u64, flags as u8 & 0b11))
}

fn hex(text: &str, digits: usize) -> Option<u128> {
    let is_hex = text.chars().all(|c| "0123456789abcdef".contains(c));
    (text.len() == digits && is_hex).then(|| u128::from_str_radix(text, 16).unwrap())
}

/// `spec/context.md`, "The request id".
fn request_id(value: &str) -> Option<&str> {
    const SAFE: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~:/+=@";
    let is_safe = value.chars().all(|c| SAFE.contains(c));
    (is_safe && !value.is_empty() && value.len() <= 128).then_some(value)
}

fn parsed(value: &str) -> Option<(u128, u64, u8)> {
    let parent = TraceParent::parse(value.as_bytes()).ok()?;
    let trace_id = u128::from_be_bytes(parent.trace_id.to_bytes());
    Some((trace_id, u64::from_be_bytes(parent.parent_id.to_bytes()), parent.flags.bits()))
}

fn any_trace_parent() -> impl Strategy<Value = TraceParent> {
    (1..=u128::MAX, 1..=u64::MAX, any::<u8>()).prop_map(|(trace_id, parent_id, flags)| {
        TraceParent {
            trace_id: TraceId::from_bytes(trace_id.to_be_bytes()).unwrap(),
            parent_id: SpanId::from_bytes(parent_id.to_be_bytes()).unwrap(),
            flags: TraceFlags::from_bits(flags),
        }
    })
}

/// A header with a fault or two, or none.
fn nearly_valid() -> impl Strategy<Value = String> {
    let edit = (0..70_usize, prop::sample::select(b"0f-gF+ \t.".to_vec()), 0..3_u8);
    (any_trace_parent(), any::<u8>(), prop::collection::vec(edit, 0..3)).prop_map(
        |(parent, version, edits)| {
            let mut header = format!("{version:02x}{}", &parent.to_string()[2..]).into_bytes();
            for (at, byte, kind) in edits {
                let at = at.min(header.len());
                match kind {
                    0 => header.insert(at, byte),
                    1 if at < header.len() => header[at] = byte,
                    _ if at < header.len() => drop(header.remove(at)),
                    _ => header.push(byte),
                }
            }
            String::from_utf8(header).unwrap()
        },
    )
}

proptest! {
    #[test]
    fn a_traceparent_that_is_written_is_read_as_the_same(parent in any_trace_parent()) {
        let header = parent.to_string();
        prop_assert_eq!(header.parse(), Ok(parent));
        prop_assert_eq!(header.as_bytes(), parent.to_header());
        prop_assert!(traceparent(&header).is_some());
    }

    #[test]
    fn both_agree_on_what_is_nearly_a_traceparent(header in nearly_valid()) {
        prop_assert_eq!(parsed(&header), traceparent(&header));
    }

    #[test]
    fn both_agree_on_any_text(
        header: String, similar in "[0-9a-f]{2}-[0-9a-f]{31,33}-[0-9a-f]{15,17}-[0-9a-f]{1,3}(-.{0,9})?",
    ) {
        prop_assert_eq!(parsed(&header), traceparent(&header));
        prop_assert_eq!(parsed(&similar), traceparent(&similar));
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
        let text = String::from_utf8(bytes.clone()).ok();
        let as_text = text.as_deref().and_then(traceparent);
        prop_assert_eq!(TraceParent::parse(&bytes).is_ok(), as_text.is_some());
        let as_text = text.as_deref().and_then(request_id);
        prop_assert_eq!(RequestId::parse(&bytes).is_ok(), as_text.is_some());
    }

    #[test]
    fn both_agree_on_request_ids(id in "[A-Za-z0-9_.~:/+=@-]{0,130}", strange in "[ -~]{0,9}|.{0,9}") {
        for id in [id, strange] {
            let parsed = RequestId::parse(id.as_bytes());
            prop_assert_eq!(parsed.as_ref().ok().map(RequestId::as_str), request_id(&id));
            if let Ok(parsed) = parsed {
                prop_assert_eq!(parsed.to_string().parse(), Ok(parsed));
            }
        }
    }
}

#[test]
fn what_is_minted_is_read_back() {
    for _ in 0..100 {
        let (request, trace, span) = (RequestId::mint(), TraceId::mint(), SpanId::mint());
        assert_eq!(request.to_string().parse(), Ok(request));
        assert_eq!(TraceId::from_hex(&trace.to_hex()), Some(trace));
        assert_eq!(SpanId::from_hex(&span.to_hex()), Some(span));
    }
}
