//! A `tracestate` that is read keeps within its limits, and is written so that it reads back as the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use throughline_ctx::TraceState;

fuzz_target!(|headers: Vec<&[u8]>| {
    let Some(state) = TraceState::parse(headers) else { return };
    let text = state.as_str();
    let members: Vec<&str> = text.split(',').collect();
    assert!((1..=TraceState::MAX_MEMBERS).contains(&members.len()), "{text:?}");
    assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{text:?}");
    assert_eq!(TraceState::parse([text.as_bytes()]).as_ref(), Some(&state));
    for member in members {
        let (key, _) = member.split_once('=').unwrap();
        assert!(state.get(key).is_some(), "{key:?} of {text:?}");
    }
});
