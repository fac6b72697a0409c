//! The contract (`spec/event.md`) as it can be seen in one line.

use throughline_schema::{Descriptor, Kind, Level, is_name, is_reserved};

use super::types::{fits, is_time};
use super::{Json, Malformed, Record};

type Check = Result<(), Malformed>;

fn ensure(holds: bool, why: impl FnOnce() -> String) -> Check {
    if holds { Ok(()) } else { Err(Malformed(why())) }
}

/// A member that is no field: its name, whether every line has it, and which values it can have.
type Member = (&'static str, bool, fn(&Json) -> bool);

/// Those members, in their order.
const MEMBERS: [Member; 12] = [
    ("timestamp", true, |json| is_time(json)),
    ("level", true, |json| Level::ALL.iter().any(|level| *json == level.as_str())),
    ("event", true, |json| json.as_str().is_some_and(is_name)),
    ("version", true, |json| json.number().is_some_and(|version: u32| version > 0)),
    ("kind", false, |json| *json == "span" || *json == "metric"),
    ("message", true, |json| json.as_str().is_some()),
    ("service", true, is_service),
    ("context", false, is_context),
    ("weight", false, |json| json.number().is_some_and(|weight: u32| weight > 1)),
    ("target", false, |json| json.as_str().is_some()),
    ("duration_us", false, |json| json.number::<u64>().is_some()),
    ("outcome", false, |json| {
        ["ok", "error", "timeout", "cancelled"].iter().any(|how| json == how)
    }),
];

/// What a line must not hold in any string.
pub(super) fn characters(line: &str) -> Check {
    let is_bad = |c: &char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let bad = line.chars().find(is_bad);
    ensure(bad.is_none(), || format!("{:?} stands as it is", bad.unwrap_or_default()))
}

/// The members of a line.
pub(super) fn members(line: &Json) -> Check {
    let Json::Object(members) = line else { return ensure(false, || "no object".to_owned()) };
    let mut rest = members.iter().peekable();
    for (name, always, is_valid) in MEMBERS {
        match rest.next_if(|(next, _)| next == name) {
            Some((_, value)) => ensure(is_valid(value), || format!("`{name}` is {value:?}"))?,
            None => ensure(!always, || format!("`{name}` is missing or not in its place"))?,
        }
    }
    while let Some((name, value)) = rest.next() {
        if name == "violations" && rest.peek().is_none() {
            ensure(is_violations(value), || format!("`violations` is {value:?}"))?;
            break;
        }
        ensure(!is_reserved(name), || format!("`{name}` is reserved or not in its place"))?;
        ensure(is_name(name), || format!("`{name}` is no name"))?;
        let is_valid = match value {
            Json::Array(items) => items.iter().all(is_scalar),
            value => is_scalar(value),
        };
        ensure(is_valid, || format!("`{name}` is {value:?}"))?;
    }
    let is_span = line.get("kind").is_some_and(|kind| *kind == "span");
    for name in ["duration_us", "outcome"] {
        let is_there = line.get(name).is_some();
        ensure(is_there == is_span, || format!("a span has `{name}`, and nothing else has"))?;
    }
    let is_ad_hoc = line["event"] == "log";
    ensure(line.get("target").is_some() == is_ad_hoc, || {
        "an event named `log` has a `target`, and no other has".to_owned()
    })
}

/// What the type of an event declares.
pub(super) fn against(record: &Record, descriptor: &Descriptor) -> Check {
    if let Some(Json::Array(violations)) = record.get("violations") {
        let what = violations.first().and_then(Json::as_str).unwrap_or_default();
        ensure(false, || format!("a value does not keep to its limits, {what}"))?;
    }
    ensure(descriptor.is_template() || record.message() == descriptor.message, || {
        format!("`message` is not {:?}", descriptor.message)
    })?;
    let kind = record.get("kind").and_then(Json::as_str);
    let declared = (descriptor.kind != Kind::Log).then(|| descriptor.kind.as_str());
    ensure(kind == declared, || format!("`kind` is not {declared:?}"))?;
    // The members of a span are declared as its fields are.
    let envelope = |name: &str| {
        name == "violations" || MEMBERS[..10].iter().any(|(member, ..)| *member == name)
    };
    let mut values = record.members().filter(|(name, _)| !envelope(name)).peekable();
    for field in descriptor.fields {
        match values.next_if(|(name, _)| *name == field.name) {
            Some((name, value)) => ensure(fits(value, field), || {
                format!("`{name}` is {value:?}, declared as {:?}", field.value_type)
            })?,
            None => ensure(field.optional, || {
                format!("`{}` is missing or not in its place", field.name)
            })?,
        }
    }
    match values.next() {
        None => Ok(()),
        Some((name, _)) => ensure(false, || format!("`{name}` is no field of {}", descriptor.name)),
    }
}

/// At least one text that begins with the name of a field.
fn is_violations(json: &Json) -> bool {
    let is_violation = |json: &Json| {
        json.as_str().and_then(|text| text.split_once(": ")).is_some_and(|(name, _)| is_name(name))
    };
    matches!(json, Json::Array(items) if !items.is_empty() && items.iter().all(is_violation))
}

fn is_scalar(json: &Json) -> bool {
    !matches!(json, Json::Array(_) | Json::Object(_))
}

fn is_service(json: &Json) -> bool {
    let Json::Object(members) = json else { return false };
    let is_text = |(name, value): &(String, Json)| {
        matches!(&**name, "name" | "version" | "instance") && value.as_str().is_some()
    };
    let name = json.get("name").and_then(Json::as_str).unwrap_or_default();
    members.iter().all(is_text) && (1..=128).contains(&name.len())
}

fn is_context(json: &Json) -> bool {
    let Json::Object(members) = json else { return false };
    let is_request_id = |id: &str| {
        let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"_.~:/+=@-".contains(&byte);
        (1..=128).contains(&id.len()) && id.bytes().all(is_safe)
    };
    let is_hex = |id: &str, len: usize| {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        id.len() == len && id.bytes().all(is_digit) && id.bytes().any(|byte| byte != b'0')
    };
    let is_entry = |(name, value): &(String, Json)| match (&**name, value.as_str()) {
        ("id", id) => id.is_some_and(is_request_id),
        ("trace_id", id) => id.is_some_and(|id| is_hex(id, 32)),
        ("span_id" | "parent_span_id", id) => id.is_some_and(|id| is_hex(id, 16)),
        _ => is_name(name) && is_scalar(value),
    };
    let ids = ["id", "trace_id", "span_id"];
    members.iter().all(is_entry) && members.iter().map(|(name, _)| &**name).take(3).eq(ids)
}
