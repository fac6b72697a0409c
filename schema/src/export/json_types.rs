use super::json::Json;
use crate::Range;
use crate::lock::{FieldShape, TypeShape};

/// RFC 3339, in UTC, with 6 or 9 digits of a second.
pub(super) const TIME: &str = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\\.([0-9]{6}|[0-9]{9})Z$";
const UUID: &str = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";
const V4: &str = "((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(\\.(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3})";
/// RFC 5952, as far as a pattern of a sane length can tell.
const V6: &str = "([0-9a-f]{0,4}:[0-9a-f:.]{1,42})";
const PORT: &str = ":[0-9]{1,5}";

/// What stands in a line in place of a value that is not for all.
const HASH: &str = "^\\[hash:[0-9a-f]{32}\\]$";
const REDACTED: &str = "[redacted]";

/// What stands in a line in place of text that could not be made.
const UNPRINTABLE: &str = "[unprintable]";

/// The JSON Schema of a field's values.
pub(super) fn of_field(field: &FieldShape) -> Json {
    let value = limited(field);
    if field.class == "public" {
        return value.with("description", &field.description);
    }
    classified(&field.value_type, value).with("description", &field.description)
}

/// The JSON Schema of values that some readers do not get.
pub(super) fn classified(value_type: &TypeShape, value: Json) -> Json {
    let hash = pattern(HASH);
    let hash = match value_type {
        TypeShape::List(_) => Json::object([("type", "array".into()), ("items", hash)]),
        _ => hash,
    };
    let redacted = Json::object([("const", REDACTED.into())]);
    Json::object([("anyOf", Json::List(vec![value, redacted, hash]))])
}

fn limited(field: &FieldShape) -> Json {
    let value = of_type(&field.value_type);
    match (field.max_len, &field.value_type) {
        (Some(max_len), TypeShape::List(_)) => value.with("maxItems", max_len),
        (Some(max_len), _) => {
            let value = value.with("maxLength", max_len);
            // What stands in place of text that cannot be had is not cut.
            if max_len as usize >= UNPRINTABLE.len() {
                return value;
            }
            let unprintable = Json::object([("const", UNPRINTABLE.into())]);
            Json::object([("anyOf", Json::List(vec![value, unprintable]))])
        }
        (None, _) => value,
    }
}

/// The JSON Schema of the values of a type.
pub(super) fn of_type(value_type: &TypeShape) -> Json {
    let of = |name: &str| Json::object([("type", name.into())]);
    match value_type {
        TypeShape::Bool => of("boolean"),
        TypeShape::Integer(integer) => of("integer")
            .with("minimum", Json::Integer(integer.min()))
            .with("maximum", Json::Unsigned(integer.max())),
        TypeShape::F32 | TypeShape::F64 => Json::object([("type", Json::list(["number", "null"]))]),
        TypeShape::Text | TypeShape::Error => of("string"),
        TypeShape::Duration => of("number").with("minimum", 0),
        TypeShape::Time => pattern(TIME),
        TypeShape::Uuid => pattern(UUID),
        TypeShape::IpAddress => pattern(&format!("^({V4}|{V6})$")),
        TypeShape::SocketAddress => pattern(&format!("^({V4}|\\[{V6}(%[0-9]{{1,10}})?\\]){PORT}$")),
        TypeShape::Set(members) => Json::object([("enum", Json::list(members.keys()))]),
        TypeShape::List(item) => of("array").with("items", of_type(item)),
    }
}

/// The JSON Schema of what lies within a range: of a list, all of its items.
pub(super) fn within(range: Range, value_type: &TypeShape) -> Json {
    let mut bounds = Json::object([]);
    let (min, max) = match range {
        Range::Integer { min, max } => (min.map(Json::Integer), max.map(Json::Integer)),
        Range::Float { min, max } => (min.map(Json::Float), max.map(Json::Float)),
    };
    if let Some(min) = min {
        bounds = bounds.with("minimum", min);
    }
    if let Some(max) = max {
        bounds = bounds.with("maximum", max);
    }
    if matches!(value_type, TypeShape::List(_)) {
        bounds = Json::object([("items", bounds)]);
    }
    bounds
}

pub(super) fn pattern(pattern: &str) -> Json {
    Json::object([("type", "string".into()), ("pattern", pattern.into())])
}
