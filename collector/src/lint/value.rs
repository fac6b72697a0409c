//! Whether a value is one of its type, and keeps to its limits.

use throughline_schema::{
    Limits,
    lock::{FieldShape, KeyShape, TypeShape},
};

use super::{
    json::{Object, Value},
    number::Whole,
    parts::{is_hash, is_ip, is_socket, is_time, is_uuid},
};

const REDACTED: &str = "[redacted]";

/// What stands in place of a text that could not be made.
const UNPRINTABLE: &str = "[unprintable]";

/// What a value has to be.
#[derive(Clone, Copy)]
pub(super) struct Expected<'s> {
    value_type: &'s TypeShape,
    is_public: bool,
    limits: Limits,
}

impl<'s> Expected<'s> {
    pub(super) fn of_field(field: &'s FieldShape) -> Self {
        let mut limits = Limits::NONE;
        limits.max_len = field.max_len;
        limits.range = field.range;
        Self { value_type: &field.value_type, is_public: field.class == "public", limits }
    }

    pub(super) fn of_key(key: &'s KeyShape) -> Self {
        let is_public = key.class == "public";
        Self { value_type: &key.value_type, is_public, limits: Limits::NONE }
    }

    pub(super) fn is_public(self) -> bool {
        self.is_public
    }

    /// Whether it is this, apart from its range.
    pub(super) fn is(self, value: &Value<'_>, object: &Object<'_>) -> bool {
        let is_it = self.is_of(self.value_type, value, object) && self.has_room_for(value);
        is_it || (!self.is_public && self.is_withheld(value, object))
    }

    /// Whether the numbers in it keep to the range.
    pub(super) fn keeps_to_range(self, value: &Value<'_>, object: &Object<'_>) -> bool {
        if self.limits.range.is_none() {
            return true;
        }
        let keeps = |value: &Value<'_>| match value {
            Value::Number(number) => match Whole::read(number) {
                Some(whole) => whole.keeps_to(self.limits),
                None => number.parse().is_ok_and(|number| self.limits.allows_f64(number)),
            },
            _ => true,
        };
        match value {
            Value::List(items) => object.items(items).iter().all(keeps),
            value => keeps(value),
        }
    }

    fn is_of(self, value_type: &TypeShape, value: &Value<'_>, object: &Object<'_>) -> bool {
        use TypeShape as T;
        let text = |is: &dyn Fn(&str) -> bool| match value {
            Value::Text(text) => is(&text.decode()),
            _ => false,
        };
        match (value_type, value) {
            (T::Bool, value) => matches!(value, Value::Bool),
            (T::Integer(integer), Value::Number(number)) => {
                Whole::read(number).is_some_and(|whole| whole.fits(*integer))
            }
            (T::F32 | T::F64, value) => matches!(value, Value::Null) || is_finite(value),
            (T::Duration, value) => {
                is_finite(value)
                    && matches!(value, Value::Number(number) if number.parse::<f64>().is_ok_and(|number| number >= 0.0))
            }
            (T::Text | T::Error, value) => matches!(value, Value::Text(_)),
            (T::Time, _) => text(&is_time),
            (T::Uuid, _) => text(&is_uuid),
            (T::IpAddress, _) => text(&is_ip),
            (T::SocketAddress, _) => text(&is_socket),
            (T::Set(members), _) => text(&|text| members.contains_key(text)),
            (T::List(item), Value::List(items)) => {
                object.items(items).iter().all(|value| self.is_of(item, value, object))
            }
            _ => false,
        }
    }

    fn has_room_for(self, value: &Value<'_>) -> bool {
        let Some(max_len) = self.limits.max_len else { return true };
        match value {
            Value::Text(text) => text.fits(max_len as usize) || text.is(UNPRINTABLE),
            Value::List(items) => items.len() <= max_len as usize,
            _ => true,
        }
    }

    /// Whether something stands in place of the value.
    fn is_withheld(self, value: &Value<'_>, object: &Object<'_>) -> bool {
        let is_hash =
            |value: &Value<'_>| matches!(value, Value::Text(text) if is_hash(&text.decode()));
        match (self.value_type, value) {
            (_, Value::Text(text)) if text.is(REDACTED) => true,
            (TypeShape::List(_), Value::List(items)) => object.items(items).iter().all(is_hash),
            (TypeShape::List(_), _) => false,
            (_, value) => is_hash(value),
        }
    }

    /// What it has to be, for people.
    pub(super) fn describe(self) -> String {
        let mut text = self.value_type.to_string();
        if let Some(max_len) = self.limits.max_len {
            let is_list = matches!(self.value_type, TypeShape::List(_));
            let of_what = if is_list { "items" } else { "characters" };
            text.push_str(&format!(" of at most {max_len} {of_what}"));
        }
        if let Some(range) = self.limits.range {
            text.push_str(&format!(" within {range}"));
        }
        if !self.is_public {
            text.push_str(", withheld or not");
        }
        text
    }
}

/// Whether it is a number that a float holds.
fn is_finite(value: &Value<'_>) -> bool {
    matches!(value, Value::Number(number) if number.parse::<f64>().is_ok_and(f64::is_finite))
}

/// Of which type a value is.
pub(super) fn kind(value: &Value<'_>) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool => "a boolean",
        Value::Number(_) => "a number",
        Value::Text(_) => "a string",
        Value::List(_) => "a list",
        Value::Object(_) => "an object",
        Value::Deep => "a list or an object",
    }
}

/// Whether it is what any entry of a context or item of a list can be.
pub(super) fn is_scalar(value: &Value<'_>) -> bool {
    matches!(value, Value::Null | Value::Bool | Value::Number(_) | Value::Text(_))
}
