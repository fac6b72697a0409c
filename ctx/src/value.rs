use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// The value of an entry.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// True or false.
    Bool(bool),
    /// An integer.
    I64(i64),
    /// An integer that is not negative.
    U64(u64),
    /// A floating-point number.
    F64(f64),
    /// Text.
    Text(Text),
}

impl Value {
    /// The value of this type that a text states, as a baggage header carries it.
    pub(crate) fn parse(text: &str, value_type: ValueType) -> Option<Value> {
        match value_type {
            ValueType::Bool => text.parse().ok().map(Value::Bool),
            ValueType::I64 => text.parse().ok().map(Value::I64),
            ValueType::U64 => text.parse().ok().map(Value::U64),
            ValueType::F64 => text.parse().ok().map(Value::F64),
            ValueType::Text => Some(Value::Text(text.into())),
        }
    }

    /// The text that states the value.
    pub(crate) fn to_text(&self) -> Cow<'_, str> {
        match self {
            Value::Bool(value) => value.to_string().into(),
            Value::I64(value) => value.to_string().into(),
            Value::U64(value) => value.to_string().into(),
            Value::F64(value) => value.to_string().into(),
            Value::Text(value) => value.as_str().into(),
        }
    }
}

/// The type of an entry's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ValueType {
    /// True or false.
    Bool,
    /// An integer.
    I64,
    /// An integer that is not negative.
    U64,
    /// A floating-point number.
    F64,
    /// Text.
    Text,
}

/// Text of an entry. Short text stands in it; longer text is shared, not copied, when a context is.
#[derive(Clone)]
pub struct Text(Repr);

#[derive(Clone)]
enum Repr {
    Static(&'static str),
    Short { len: u8, bytes: [u8; SHORT] },
    Shared(Arc<str>),
}

/// As many bytes as fit into the room that the others need anyway.
const SHORT: usize = 22;

impl Text {
    /// Text that lives as long as the program: nothing is copied or counted.
    pub const fn from_static(text: &'static str) -> Text {
        Text(Repr::Static(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Static(text) => text,
            // They were text when they came.
            Repr::Short { len, bytes } => {
                str::from_utf8(&bytes[..usize::from(*len)]).unwrap_or_default()
            }
            Repr::Shared(text) => text,
        }
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        let mut bytes = [0; SHORT];
        match bytes.get_mut(..text.len()) {
            Some(start) => {
                start.copy_from_slice(text.as_bytes());
                Text(Repr::Short { len: text.len() as u8, bytes })
            }
            None => Text(Repr::Shared(text.into())),
        }
    }
}

impl From<&String> for Text {
    fn from(text: &String) -> Text {
        text.as_str().into()
    }
}

impl From<String> for Text {
    fn from(text: String) -> Text {
        text.as_str().into()
    }
}

impl From<Arc<str>> for Text {
    fn from(text: Arc<str>) -> Text {
        Text(Repr::Shared(text))
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Text) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Text {}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// A type that a [`Key`](crate::Key) can have: `bool`, `i64`, `u64`, `f64` or `str`.
///
/// It is sealed: these are the types that every reader of a line understands.
pub trait EntryType: sealed::Sealed {
    /// What a context is given.
    type Owned;
    /// What a context gives back.
    type Ref<'a>;
    /// The type's name in the contract.
    const TYPE: ValueType;

    #[doc(hidden)]
    fn wrap(value: Self::Owned) -> Value;
    #[doc(hidden)]
    fn unwrap(value: &Value) -> Option<Self::Ref<'_>>;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! entry_type {
    ($($type:ty: $owned:ty, <$a:lifetime> $ref:ty, $variant:ident, |$value:ident| $get:expr;)*) => {$(
        impl sealed::Sealed for $type {}

        impl EntryType for $type {
            type Owned = $owned;
            type Ref<$a> = $ref;
            const TYPE: ValueType = ValueType::$variant;

            fn wrap(value: $owned) -> Value {
                Value::$variant(value)
            }

            fn unwrap(value: &Value) -> Option<Self::Ref<'_>> {
                match value {
                    Value::$variant($value) => Some($get),
                    _ => None,
                }
            }
        }
    )*};
}

entry_type! {
    bool: bool, <'a> bool, Bool, |value| *value;
    i64: i64, <'a> i64, I64, |value| *value;
    u64: u64, <'a> u64, U64, |value| *value;
    f64: f64, <'a> f64, F64, |value| *value;
    str: Text, <'a> &'a str, Text, |value| value.as_str();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_any_length_is_the_text_that_it_was() {
        for len in 0..60 {
            let text = "é".repeat(len / 2) + &"x".repeat(len % 2);
            assert_eq!(Text::from(text.as_str()).as_str(), text);
        }
        assert_eq!(size_of::<Text>(), 24);
    }
}
