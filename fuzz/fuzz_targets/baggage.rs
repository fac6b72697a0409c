//! Baggage keeps within its limits whatever comes, is written so that it reads back as the same, and holds what is put into it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use throughline_ctx::Baggage;

fuzz_target!(|input: (Vec<&[u8]>, &str, &str)| {
    let (headers, key, value) = input;
    let baggage = Baggage::parse(headers);
    is_sound(&baggage);

    let with = baggage.with(key, value);
    is_sound(&with);
    // What does not fit is counted.
    if with.dropped() == baggage.dropped() {
        assert_eq!(with.get(key).as_deref(), Some(value));
        assert_eq!(with.members().filter(|(name, ..)| *name == key).count(), 1);
    }
    for (name, value, _) in baggage.members().filter(|(name, ..)| *name != key) {
        let still = with.members().any(|(other, kept, _)| other == name && kept == value);
        assert!(still, "{name:?} of {:?}", baggage.as_str());
    }
});

fn is_sound(baggage: &Baggage) {
    let text = baggage.as_str();
    assert!(text.len() <= Baggage::MAX_BYTES);
    assert!(baggage.members().count() <= Baggage::MAX_MEMBERS);
    assert!(text.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~')), "{text:?}");
    let again = Baggage::parse([text.as_bytes()]);
    assert_eq!((again.as_str(), again.dropped()), (text, 0));
    assert!(again.members().eq(baggage.members()));
}
