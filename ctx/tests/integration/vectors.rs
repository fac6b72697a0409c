//! The contract's own vectors of headers: `spec/vectors/README.md`.

use std::fs;
use std::path::Path;

use serde_json::{Value as Json, json};
use throughline_ctx::propagation::{Incoming, Propagator};

use crate::propagation::Headers;

/// What was read, as the vectors have it: what was absent or malformed is left out.
fn read(incoming: &Incoming) -> Json {
    let mut read = json!({});
    if let Some(parent) = incoming.trace_parent {
        read["trace_id"] = parent.trace_id.to_string().into();
        read["parent_id"] = parent.parent_id.to_string().into();
        read["flags"] = parent.flags.bits().into();
        // Without a trace there is nothing that it belongs to.
        if let Some(state) = &incoming.trace_state {
            read["tracestate"] = state.as_str().into();
        }
    }
    let members: Vec<_> =
        incoming.baggage.members().map(|(key, value, _)| json!([key, value])).collect();
    if !members.is_empty() {
        read["baggage"] = members.into();
    }
    if let Some(id) = &incoming.request_id {
        read["request_id"] = id.as_str().into();
    }
    if let Some(timeout) = incoming.timeout {
        read["timeout_ns"] = u64::try_from(timeout.as_nanos()).unwrap().into();
    }
    read
}

#[test]
fn every_vector_is_read_as_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec/vectors/propagation");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let vector: Json = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let text = |value: &Json| value.as_str().unwrap().to_owned();
        let pairs = vector["headers"].as_array().unwrap().iter();
        let headers =
            Headers(pairs.map(|pair| (text(&pair[0]), text(&pair[1]).into_bytes())).collect());
        let propagator = Propagator::new().grpc(vector["grpc"] == true);
        assert_eq!(read(&propagator.extract(&headers)), vector["read"], "{}", path.display());
        count += 1;
    }
    assert!(count > 100, "{count}");
}
