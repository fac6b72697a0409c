use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

/// JSON whose text is the same for the same value, whichever features of `serde_json` a program has, with integers to 128 bits.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json {
    Bool(bool),
    Integer(i128),
    Unsigned(u128),
    Float(f64),
    Text(String),
    List(Vec<Json>),
    Object(BTreeMap<String, Json>),
}

impl Json {
    pub(super) fn object<const N: usize>(members: [(&str, Json); N]) -> Json {
        Json::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    pub(super) fn list<T: Into<Json>>(items: impl IntoIterator<Item = T>) -> Json {
        Json::List(items.into_iter().map(Into::into).collect())
    }

    /// The same object with another member.
    pub(super) fn with(mut self, name: &str, value: impl Into<Json>) -> Json {
        if let Json::Object(members) = &mut self {
            members.insert(name.to_owned(), value.into());
        }
        self
    }

    /// The text on one line.
    pub(super) fn to_line(&self) -> String {
        // No map has a key that JSON does not have.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The text with indentation, and a line feed at the end.
    pub(super) fn to_document(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Json {
        Json::Text(text.to_owned())
    }
}

impl From<&String> for Json {
    fn from(text: &String) -> Json {
        Json::Text(text.clone())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Json {
        Json::Text(text)
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Json {
        Json::Bool(value)
    }
}

impl From<u32> for Json {
    fn from(value: u32) -> Json {
        Json::Unsigned(value.into())
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Json::Bool(value) => to.serialize_bool(*value),
            Json::Integer(value) => to.serialize_i128(*value),
            Json::Unsigned(value) => to.serialize_u128(*value),
            Json::Float(value) => to.serialize_f64(*value),
            Json::Text(text) => to.serialize_str(text),
            Json::List(items) => to.collect_seq(items),
            Json::Object(members) => to.collect_map(members),
        }
    }
}
