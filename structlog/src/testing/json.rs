use std::fmt;
use std::ops::Index;
use std::str::FromStr;

use super::{Malformed, reader};

/// A JSON value, to be compared with Rust's own: `record["attempts"] == 3`.
///
/// It is read strictly: as RFC 8259 says, and no object may name a member twice.
///
/// ```
/// use throughline_structlog::testing::Json;
///
/// let json: Json = r#"{"texts":["a","b"],"wide":340282366920938463463374607431768211455}"#.parse()?;
/// assert_eq!(json["texts"], ["a", "b"]);
/// assert_eq!(json["texts"][1], "b");
/// assert_eq!(json["wide"], u128::MAX);
/// assert!(json.get("absent").is_none());
/// # Ok::<(), throughline_structlog::testing::Malformed>(())
/// ```
#[derive(Clone, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as it is spelled.
    Number(String),
    /// A string.
    String(String),
    /// Several values.
    Array(Vec<Json>),
    /// Members, in the order in which they stand.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// The member of this name, if it is an object that has one.
    pub fn get(&self, name: &str) -> Option<&Json> {
        let Json::Object(members) = self else { return None };
        members.iter().find_map(|(key, value)| (key == name).then_some(value))
    }

    /// The text, if it is a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Json::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if it is one that the type can read: `json.number::<u64>()`.
    pub fn number<T: FromStr>(&self) -> Option<T> {
        match self {
            Json::Number(text) => text.parse().ok(),
            _ => None,
        }
    }
}

impl Index<&str> for Json {
    type Output = Json;

    /// # Panics
    ///
    /// If there is no member of this name.
    #[track_caller]
    fn index(&self, name: &str) -> &Json {
        self.get(name).unwrap_or_else(|| panic!("there is no `{name}` in {self:?}"))
    }
}

impl Index<usize> for Json {
    type Output = Json;

    /// # Panics
    ///
    /// If there is no such item.
    #[track_caller]
    fn index(&self, index: usize) -> &Json {
        let item = if let Json::Array(items) = self { items.get(index) } else { None };
        item.unwrap_or_else(|| panic!("there is no item {index} in {self:?}"))
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Json::Null => f.write_str("null"),
            Json::Bool(value) => value.fmt(f),
            Json::Number(text) => f.write_str(text),
            Json::String(text) => text.fmt(f),
            Json::Array(items) => f.debug_list().entries(items).finish(),
            Json::Object(members) => {
                f.debug_map().entries(members.iter().map(|(name, value)| (name, value))).finish()
            }
        }
    }
}

impl FromStr for Json {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Json, Malformed> {
        reader::read(text)
    }
}
