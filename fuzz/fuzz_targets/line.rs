//! Whatever an event says, its line is JSON that reads back as the same values, names nothing twice, and has no control character.

#![no_main]

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::time::Duration;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;
use throughline_ctx::{Context, Key};
use throughline_schema::Event;
use throughline_structlog::{info, testing};

/// One of each kind of value.
#[derive(Arbitrary, Debug, Event)]
#[event(name = "one.of_each", version = 1, level = "info", message = "One \"of\" each")]
struct OneOfEach<'a> {
    /// Text.
    text: &'a str,
    /// Text that may be absent.
    maybe: Option<&'a str>,
    /// A character.
    letter: char,
    /// A boolean.
    truth: bool,
    /// A small integer.
    small: i8,
    /// An integer.
    signed: i64,
    /// Another.
    unsigned: u64,
    /// The largest.
    wide: i128,
    /// Another.
    wider: u128,
    /// A float.
    float: f64,
    /// A narrow one.
    single: f32,
    /// A length of time.
    lasted: Duration,
    /// Several texts.
    texts: Vec<&'a str>,
    /// Several integers.
    integers: Vec<i64>,
    /// Several floats.
    floats: Vec<f64>,
    /// Nobody may read it.
    #[event(class = "secret")]
    secret: &'a str,
}

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    event: OneOfEach<'a>,
    request_id: &'a str,
    user: &'a str,
}

const USER: Key<str> = Key::local("user", "Account name as typed");

fuzz_target!(|input: Input<'_>| {
    let event = &input.event;
    let headers = HashMap::from([("x-request-id".to_owned(), input.request_id.to_owned())]);
    let ctx = Context::extract(&headers).with(&USER, input.user);
    let (log, captured) = testing::capture();
    log.emit(&ctx, event);
    info!(logger: log, &ctx, "ad hoc",
        text = event.text,
        shown = %InPieces(event.text),
        wide = event.wide,
        float = event.float,
        texts = event.texts,
    );
    let lines = captured.lines();
    let [typed, ad_hoc] = lines.as_slice() else { panic!("{lines:?}") };

    let typed = members(typed);
    assert_eq!(read::<String>(&typed, "text"), event.text);
    assert_eq!(typed.contains_key("maybe"), event.maybe.is_some());
    if let Some(text) = event.maybe {
        assert_eq!(read::<String>(&typed, "maybe"), text);
    }
    assert_eq!(read::<String>(&typed, "letter"), event.letter.to_string());
    assert_eq!(read::<bool>(&typed, "truth"), event.truth);
    assert_eq!(typed["small"].get(), event.small.to_string());
    assert_eq!(typed["signed"].get(), event.signed.to_string());
    assert_eq!(typed["unsigned"].get(), event.unsigned.to_string());
    assert_eq!(typed["wide"].get(), event.wide.to_string());
    assert_eq!(typed["wider"].get(), event.wider.to_string());
    is_float(typed["float"].get(), event.float);
    if event.single.is_finite() {
        let read: f32 = typed["single"].get().parse().unwrap();
        assert_eq!(read.to_bits(), event.single.to_bits());
    } else {
        assert_eq!(typed["single"].get(), "null");
    }
    is_duration(typed["lasted"].get(), event.lasted);
    assert_eq!(read::<Vec<String>>(&typed, "texts"), event.texts);
    assert_eq!(read::<Vec<i64>>(&typed, "integers"), event.integers);
    let floats: Vec<Box<RawValue>> = serde_json::from_str(typed["floats"].get()).unwrap();
    assert_eq!(floats.len(), event.floats.len());
    for (raw, float) in floats.iter().zip(&event.floats) {
        is_float(raw.get(), *float);
    }
    assert_eq!(typed["secret"].get(), "\"[redacted]\"");
    assert_eq!(read::<String>(&typed, "message"), "One \"of\" each");
    let context = members(typed["context"].get());
    assert_eq!(read::<String>(&context, "user"), input.user);
    assert_eq!(read::<String>(&context, "id"), ctx.request_id().as_str());

    let ad_hoc = members(ad_hoc);
    assert_eq!(read::<String>(&ad_hoc, "text"), event.text);
    assert_eq!(read::<String>(&ad_hoc, "shown"), event.text);
    assert_eq!(ad_hoc["wide"].get(), event.wide.to_string());
    is_float(ad_hoc["float"].get(), event.float);
    assert_eq!(ad_hoc["texts"].get(), typed["texts"].get());
});

/// Text that a `Display` writes in pieces, as most of them do.
struct InPieces<'a>(&'a str);

impl fmt::Display for InPieces<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| write!(f, "{c}"))
    }
}

/// The members of an object, each as it is spelled.
fn members(line: &str) -> BTreeMap<String, Box<RawValue>> {
    let is_safe = |c: char| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}');
    assert!(line.chars().all(is_safe), "{line:?}");
    let pairs: Pairs = serde_json::from_str(line).unwrap();
    let count = pairs.0.len();
    let members: BTreeMap<_, _> = pairs.0.into_iter().collect();
    assert_eq!(members.len(), count, "a name stands twice: {line}");
    members
}

/// The members of an object, with those that stand twice.
struct Pairs(Vec<(String, Box<RawValue>)>);

impl<'de> serde::Deserialize<'de> for Pairs {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Pairs, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

fn read<T: serde::de::DeserializeOwned>(
    members: &BTreeMap<String, Box<RawValue>>,
    name: &str,
) -> T {
    serde_json::from_str(members[name].get()).unwrap()
}

fn is_float(json: &str, float: f64) {
    if float.is_finite() {
        assert_eq!(json.parse::<f64>().unwrap().to_bits(), float.to_bits());
    } else {
        assert_eq!(json, "null");
    }
}

fn is_duration(json: &str, duration: Duration) {
    let (seconds, decimals) = json.split_once('.').unwrap_or((json, ""));
    assert_eq!(seconds.parse(), Ok(duration.as_secs()));
    assert!(decimals.len() <= 9 && !decimals.ends_with('0'));
    assert_eq!(format!("{decimals:0<9}").parse(), Ok(duration.subsec_nanos()));
}
