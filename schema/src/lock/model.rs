use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Range;
use crate::lock::TypeShape;

/// What a program says of its events and of the keys of its context.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Lock {
    /// The version of the format.
    pub(super) format: u32,
    /// The events, by name and version. No two have both in common.
    pub events: Vec<EventShape>,
    /// The keys, by name. No two have one in common.
    pub keys: Vec<KeyShape>,
}

/// One version of an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventShape {
    /// The name of the event.
    pub name: String,
    /// The version of its shape.
    pub version: u32,
    /// The level at which it is written, unless the code says another one: `trace` to `error`.
    pub level: String,
    /// `log`, `span` or `metric`.
    pub kind: String,
    /// `must`, or `by_level`.
    #[serde(default = "by_level", skip_serializing_if = "is_by_level")]
    pub delivery: String,
    /// The message, or the pattern of it.
    pub message: String,
    /// Whether the message is a pattern, with `{field}` for the values of fields.
    #[serde(default, skip_serializing_if = "is_false")]
    pub template: bool,
    /// What the event means, for people.
    pub description: String,
    /// The fields, in the order in which they are written.
    pub fields: Vec<FieldShape>,
}

/// A field of an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldShape {
    /// The name of the field.
    pub name: String,
    /// The type of its values.
    #[serde(rename = "type")]
    pub value_type: TypeShape,
    /// Whether it is left out where there is no value.
    #[serde(default, skip_serializing_if = "is_false")]
    pub optional: bool,
    /// The unit: a UCUM code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Who may read it: `public`, `personal` or `secret`.
    #[serde(default = "public", skip_serializing_if = "is_public")]
    pub class: String,
    /// The greatest length, in characters or items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_len: Option<u32>,
    /// The bounds, as text: `0..=100`.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "range")]
    pub range: Option<Range>,
    /// The version of the event since which it has had this field.
    pub since: u32,
    /// What the value is, for people.
    pub description: String,
}

/// A key of the context.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyShape {
    /// The name of the entry.
    pub name: String,
    /// The type of its values.
    #[serde(rename = "type")]
    pub value_type: TypeShape,
    /// Who may read it: `public`, `personal` or `secret`.
    #[serde(default = "public", skip_serializing_if = "is_public")]
    pub class: String,
    /// How far it goes: `local` or `propagated`.
    pub scope: String,
    /// What the value is, for people.
    pub description: String,
}

impl EventShape {
    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&FieldShape> {
        self.fields.iter().find(|field| field.name == name)
    }
}

fn by_level() -> String {
    "by_level".to_owned()
}

fn is_by_level(delivery: &str) -> bool {
    delivery == "by_level"
}

fn public() -> String {
    "public".to_owned()
}

fn is_public(class: &str) -> bool {
    class == "public"
}

fn is_false(value: &bool) -> bool {
    !value
}

mod range {
    use super::*;

    pub(super) fn serialize<S: Serializer>(
        range: &Option<Range>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        range.map(|range| range.to_string()).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Range>, D::Error> {
        let Some(text) = Option::<String>::deserialize(from)? else { return Ok(None) };
        let range = parse(&text);
        range.map(Some).ok_or_else(|| serde::de::Error::custom(format!("{text:?} is no range")))
    }

    /// Reads what [`Range`]'s `Display` writes.
    fn parse(text: &str) -> Option<Range> {
        let (min, max) = text.split_once("..")?;
        let max = if max.is_empty() { max } else { max.strip_prefix('=')? };
        let is_float = [min, max].iter().any(|bound| bound.contains(['.', 'e', 'E']));
        let range = if is_float {
            Range::Float { min: bound(min)?, max: bound(max)? }
        } else {
            Range::Integer { min: bound(min)?, max: bound(max)? }
        };
        Some(range).filter(|range| (!min.is_empty() || !max.is_empty()) && finite(range))
    }

    fn bound<T: std::str::FromStr>(text: &str) -> Option<Option<T>> {
        if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) }
    }

    /// A bound that there is, is a number.
    fn finite(range: &Range) -> bool {
        match *range {
            Range::Integer { .. } => true,
            Range::Float { min, max } => {
                min.is_none_or(f64::is_finite) && max.is_none_or(f64::is_finite)
            }
        }
    }
}
