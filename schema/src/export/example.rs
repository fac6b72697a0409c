//! An example of each event.

use super::json::Json;
use crate::Range;
use crate::lock::{EventShape, FieldShape, TypeShape};

/// A line of the event, as a logger that is cleared for public values writes it.
pub(super) fn line(event: &EventShape) -> String {
    let mut members = vec![
        ("timestamp", Json::from("2026-11-21T09:28:31.123456Z")),
        ("level", event.level.to_uppercase().into()),
        ("event", (&event.name).into()),
        ("version", event.version.into()),
    ];
    if event.kind != "log" {
        members.push(("kind", (&event.kind).into()));
    }
    members.push(("message", message(event).into()));
    members.push(("service", Json::object([("name", "example".into())])));
    for field in event.fields.iter().filter(|field| !field.name.ends_with(".causes")) {
        let value = if field.class == "public" { value(field) } else { "[redacted]".into() };
        members.push((&field.name, value));
    }
    let members = members
        .iter()
        .map(|(name, value)| format!("{}:{}", Json::from(*name).to_line(), value.to_line()));
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

fn message(event: &EventShape) -> String {
    if !event.template {
        return event.message.clone();
    }
    let mut message = event.message.clone();
    for field in &event.fields {
        let text = match value(field) {
            Json::Text(text) => text,
            other => other.to_line(),
        };
        message = message.replace(&format!("{{{}}}", field.name), &text);
    }
    message.replace("{{", "{").replace("}}", "}")
}

/// A value that keeps to the limits of the field.
pub(super) fn value(field: &FieldShape) -> Json {
    let value = of_type(&field.value_type, field.range);
    match (value, field.max_len) {
        (Json::Text(text), Some(max_len)) => {
            text.chars().take(max_len as usize).collect::<String>().into()
        }
        (Json::List(items), Some(max_len)) => {
            Json::List(items.into_iter().take(max_len as usize).collect())
        }
        (value, _) => value,
    }
}

fn of_type(value_type: &TypeShape, range: Option<Range>) -> Json {
    match value_type {
        TypeShape::Bool => true.into(),
        TypeShape::Integer(integer) => {
            let (min, max) = match range {
                Some(Range::Integer { min, max }) => (min, max),
                _ => (None, None),
            };
            let (min, max) = (min.unwrap_or(integer.min()), max.unwrap_or(i128::MAX));
            Json::Integer(3.clamp(min, max.max(min)))
        }
        TypeShape::F32 | TypeShape::F64 | TypeShape::Duration => {
            let (min, max) = match range {
                Some(Range::Float { min, max }) => (min, max),
                _ => (None, None),
            };
            let (min, max) = (min.unwrap_or(0.0), max.unwrap_or(f64::MAX));
            Json::Float(if min <= 0.25 && 0.25 <= max { 0.25 } else { min.min(max) })
        }
        TypeShape::Text => "some text".into(),
        TypeShape::Error => "it failed".into(),
        TypeShape::Time => "2026-11-21T09:28:30.000000Z".into(),
        TypeShape::Uuid => "0193f5a0-6f52-7d5c-a1b0-5f3f4c1f9d11".into(),
        TypeShape::IpAddress => "192.0.2.1".into(),
        TypeShape::SocketAddress => "192.0.2.1:443".into(),
        TypeShape::Set(members) => members.keys().next().map_or_else(|| "".into(), Json::from),
        TypeShape::List(item) => Json::List(vec![of_type(item, range)]),
    }
}
