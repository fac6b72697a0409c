//! What tests read as JSON is what `serde_json` reads, and nothing that it does not, nor a name that stands twice.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use throughline_structlog::testing::{Json, Record};

fuzz_target!(|text: &str| {
    let _ = text.parse::<Record>();
    match (text.parse::<Json>(), serde_json::from_str::<Value>(text)) {
        (Ok(ours), Ok(theirs)) => assert!(same(&ours, &theirs), "{ours:?} is not {theirs}"),
        (Err(_), Err(_)) => {}
        (Err(why), Ok(_)) => {
            let why = why.to_string();
            assert!(why.ends_with("stands twice") || why.contains("less depth"), "{why}");
        }
        // Ours keeps numbers as they are spelled.
        (Ok(_), Err(why)) => assert!(why.to_string().starts_with("number out of range"), "{why}"),
    }
});

fn same(ours: &Json, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Json::Null, Value::Null) => true,
        (Json::Bool(a), Value::Bool(b)) => a == b,
        (Json::Number(text), Value::Number(number)) => {
            number.to_string() == *text || text.parse() == Ok(number.as_f64().unwrap())
        }
        (Json::String(a), Value::String(b)) => a == b,
        (Json::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Json::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        _ => false,
    }
}
