use std::borrow::Cow;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::text::{clean, word};

/// The value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    /// Anything else, as JSON spells it: numbers keep all their digits.
    Json(String),
}

impl Value {
    fn new(raw: &RawValue) -> Self {
        match serde_json::from_str(raw.get()) {
            Ok(text) => Self::Text(text),
            Err(_) => Self::Json(raw.get().to_owned()),
        }
    }

    /// The text of a string, the JSON of anything else.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Text(text) | Self::Json(text) => text,
        }
    }

    /// The value after a `=`, safe to print.
    pub(crate) fn shown(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => word(text),
            Self::Json(json) => clean(json),
        }
    }
}

/// The members of an object, in order.
#[derive(Debug)]
pub(crate) struct Members(pub(crate) Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;
        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some((name, raw)) = map.next_entry::<String, &RawValue>()? {
                    members.push((name, Value::new(raw)));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(MembersVisitor)
    }
}

/// The value of the member `name`.
pub(crate) fn find<'a>(members: &'a [(String, Value)], name: &str) -> Option<&'a Value> {
    let found = members.iter().find(|(member, _)| member == name);
    found.map(|(_, value)| value)
}
