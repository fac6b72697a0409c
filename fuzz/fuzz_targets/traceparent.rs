//! A `traceparent` that is read is written so that it reads back as the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use throughline_ctx::TraceParent;

fuzz_target!(|value: &[u8]| {
    if let Ok(parent) = TraceParent::parse(value) {
        let header = parent.to_string();
        assert_eq!(header.len(), 55);
        assert_eq!(header.as_bytes(), parent.to_header());
        assert_eq!(header.parse(), Ok(parent));
    }
});
