//! The members that every line has or may have (`spec/event.md`, "Members").

use throughline_schema::is_name;

use super::{
    json::{Object, Value},
    number::Whole,
    parts::is_time,
};

/// Those that every line has.
pub(super) const REQUIRED: [&str; 6] =
    ["timestamp", "level", "event", "version", "message", "service"];

/// What `spec/event.md` expects of the member `name`, and whether this is one. `None` for names of fields.
///
/// Of `service` and `context` it looks at the type only.
pub(super) fn expected(
    name: &str,
    value: &Value<'_>,
    object: &Object<'_>,
) -> Option<(&'static str, bool)> {
    let text = |is: &dyn Fn(&str) -> bool| match value {
        Value::Text(text) => is(&text.decode()),
        _ => false,
    };
    let is_at_least = |least| match value {
        Value::Number(number) => {
            Whole::read(number).is_some_and(|number| number.is_at_least(least))
        }
        _ => false,
    };
    Some(match name {
        "timestamp" => ("a time like 2026-11-21T09:28:31.123456Z", text(&is_time)),
        "level" => (
            "TRACE, DEBUG, INFO, WARN or ERROR",
            text(&|text| matches!(text, "TRACE" | "DEBUG" | "INFO" | "WARN" | "ERROR")),
        ),
        "event" => ("a name: lower case, in parts joined by dots", text(&is_name)),
        "version" => ("an integer from 1", is_at_least(1)),
        "kind" => ("span or metric", text(&|text| matches!(text, "span" | "metric"))),
        "message" | "target" => ("a string", matches!(value, Value::Text(_))),
        "service" | "context" => ("an object", matches!(value, Value::Object(_))),
        "weight" => ("an integer from 2", is_at_least(2)),
        "duration_us" => ("an integer from 0", is_at_least(0)),
        "outcome" => (
            "ok, error, timeout or cancelled",
            text(&|text| matches!(text, "ok" | "error" | "timeout" | "cancelled")),
        ),
        "violations" => {
            ("a list of strings, and not an empty one", is_list_of_texts(value, object))
        }
        _ => return None,
    })
}

fn is_list_of_texts(value: &Value<'_>, object: &Object<'_>) -> bool {
    let Value::List(items) = value else { return false };
    !items.is_empty() && object.items(items).iter().all(|item| matches!(item, Value::Text(_)))
}
