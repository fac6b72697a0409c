use crate::Level;

/// What an event type states about itself. The derive writes it as a constant.
#[derive(Debug)]
#[non_exhaustive]
pub struct Descriptor {
    /// The name of the event: lower case, in parts joined by dots.
    pub name: &'static str,
    /// The version of the event's shape: 1 or more.
    pub version: u32,
    /// The level at which it is written.
    pub level: Level,
    /// What sort of event it is.
    pub kind: Kind,
    /// One sentence for people.
    pub message: &'static str,
    /// What the event means, for people: the doc comment of the type.
    pub description: &'static str,
    /// The fields, in the order in which they are written.
    pub fields: &'static [Field],
    head: &'static str,
}

impl Descriptor {
    /// For the macros, which make `head` of the other arguments.
    #[doc(hidden)]
    #[allow(clippy::too_many_arguments)]
    pub const fn new(
        name: &'static str,
        version: u32,
        level: Level,
        kind: Kind,
        message: &'static str,
        description: &'static str,
        fields: &'static [Field],
        head: &'static str,
    ) -> Descriptor {
        Descriptor { name, version, level, kind, message, description, fields, head }
    }

    /// The constant part of the event's line, from the end of the timestamp to the end of the message, as JSON:
    /// `","level":"…","event":"…","version":…,"message":"…"`.
    #[inline]
    pub const fn head(&self) -> &'static str {
        self.head
    }

    /// The part of [`head`](Descriptor::head) that follows the level: for an event that is written at another one.
    #[inline]
    pub fn head_after_level(&self) -> &'static str {
        &self.head[crate::head::LEVEL.len() + self.level.as_str().len()..]
    }
}

/// What sort of event a line is (`spec/event.md`, `kind`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Something happened.
    Log,
    /// A unit of work was finished. It has the fields `duration_us` and `outcome`.
    Span,
    /// Something was measured.
    Metric,
}

/// What a field of an event states about itself.
#[derive(Debug)]
#[non_exhaustive]
pub struct Field {
    /// The name of the field in the line.
    pub name: &'static str,
    /// What the value is, for people: the doc comment of the field.
    pub description: &'static str,
    /// Who may read the value.
    pub class: Class,
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
        Field { name, description, class, key }
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
