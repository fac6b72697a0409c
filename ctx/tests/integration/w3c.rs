//! W3C's own verdicts: `spec/vectors/README.md` says where they come from.

use serde_json::Value as Json;
use throughline_ctx::propagation::Propagator;

use crate::propagation::Headers;

#[test]
fn every_verdict_on_traceparent_is_shared() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../spec/vectors/w3c_trace_context_selftest_vectors.json"
    );
    let vectors: Vec<Json> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let mut verdicts = 0;
    for vector in &vectors {
        let Some(valid) = vector["is_traceparent_valid"].as_bool() else { continue };
        let text = |value: &Json| value.as_str().unwrap().to_owned();
        let pairs = vector["headers"].as_array().unwrap().iter();
        let headers =
            Headers(pairs.map(|pair| (text(&pair[0]), text(&pair[1]).into_bytes())).collect());
        let incoming = Propagator::new().extract(&headers);
        assert_eq!(incoming.trace_parent.is_some(), valid, "{headers:?}");
        verdicts += 1;
    }
    assert!(verdicts > 50, "{verdicts} of {} vectors", vectors.len());
}
