use crate::{Limits, Type, Value};

/// What a field of an event states about itself.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Field {
    /// The name of the field in the line.
    pub name: &'static str,
    /// What the value is, for people: the doc comment of the field.
    pub description: &'static str,
    /// Who may read the value.
    pub class: Class,
    /// The type of the value. Only a field of an event without a type has none.
    pub value_type: Option<Type>,
    /// Whether the field is left out where there is no value.
    pub optional: bool,
    /// The unit of the value, as a UCUM code: `ms`, `By`, `{request}`, `1`.
    pub unit: Option<&'static str>,
    /// What the value keeps to. Most fields have no limits, and cost nothing for it.
    pub limits: Option<&'static Limits>,
    key: &'static str,
}

impl Field {
    /// For the macros, which make `key` of the name.
    #[doc(hidden)]
    pub const fn new(
        name: &'static str,
        description: &'static str,
        class: Class,
        key: &'static str,
    ) -> Field {
        let (value_type, optional, unit, limits) = (None, false, None, None);
        Field { name, description, class, value_type, optional, unit, limits, key }
    }

    /// The same field, with values of this type.
    #[must_use]
    pub const fn of<T: Value + ?Sized>(self) -> Field {
        self.with_type(T::TYPE, T::OPTIONAL)
    }

    /// The same field, with values of this type, which may be absent.
    #[must_use]
    pub const fn with_type(mut self, value_type: Type, optional: bool) -> Field {
        self.value_type = Some(value_type);
        self.optional = optional;
        self
    }

    /// The same field, with a unit: a UCUM code.
    #[must_use]
    pub const fn with_unit(mut self, unit: &'static str) -> Field {
        self.unit = Some(unit);
        self
    }

    /// The same field, with limits.
    #[must_use]
    pub const fn with_limits(mut self, limits: &'static Limits) -> Field {
        self.limits = Some(limits);
        self
    }

    /// The same field under another name.
    pub(crate) const fn renamed(mut self, name: &'static str, key: &'static str) -> Field {
        self.name = name;
        self.key = key;
        self
    }

    /// What precedes the value in the line, as JSON: `,"name":`.
    #[inline]
    pub const fn key(&self) -> &'static str {
        self.key
    }
}

/// Who may read a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Class {
    /// Anyone who may read the events.
    #[default]
    Public,
    /// Something about a person.
    Personal,
    /// Something that opens a door: a password, a token, a key.
    Secret,
}

impl Class {
    /// All classes, the least confidential first.
    pub const ALL: [Class; 3] = [Class::Public, Class::Personal, Class::Secret];

    /// The class as schemas name it: `public`, `personal` or `secret`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Class::Public => "public",
            Class::Personal => "personal",
            Class::Secret => "secret",
        }
    }
}
