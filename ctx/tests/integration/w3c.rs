//! W3C's own verdicts: `spec/vectors/README.md` says where they come from.

use serde_json::Value as Json;
use throughline_ctx::TraceState;
use throughline_ctx::propagation::Propagator;

use crate::propagation::Headers;

#[test]
fn every_verdict_is_shared() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../spec/vectors/w3c_trace_context_selftest_vectors.json"
    );
    let vectors: Vec<Json> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let mut verdicts = [0, 0];
    for vector in &vectors {
        let Some(valid) = vector["is_traceparent_valid"].as_bool() else { continue };
        let text = |value: &Json| value.as_str().unwrap().to_owned();
        let pairs = vector["headers"].as_array().unwrap().iter();
        let headers =
            Headers(pairs.map(|pair| (text(&pair[0]), text(&pair[1]).into_bytes())).collect());
        let incoming = Propagator::new().extract(&headers);
        assert_eq!(incoming.trace_parent.is_some(), valid, "{headers:?}");
        verdicts[0] += 1;
        if let Some(valid) = vector["is_tracestate_valid"].as_bool() {
            // The verdict is that of the suite's parser, which does not count members. Its test does: "an invalid tracestate header with 33 list members".
            let valid = valid && members(&headers) <= TraceState::MAX_MEMBERS;
            assert_eq!(incoming.trace_state.is_some(), valid, "{headers:?}");
            verdicts[1] += 1;
        }
    }
    assert_eq!(verdicts, [83, 36]);
}

fn members(headers: &Headers) -> usize {
    let values = headers.0.iter().filter(|(name, _)| name.eq_ignore_ascii_case("tracestate"));
    values.map(|(_, value)| value.split(|&byte| byte == b',').count()).sum()
}
