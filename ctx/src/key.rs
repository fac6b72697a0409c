use std::fmt;
use std::marker::PhantomData;

use crate::{EntryType, ValueType};

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

/// How far an entry goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// It stands in the events of this service, and does not leave it.
    Local,
    /// It goes along to the services that this one calls, as W3C Baggage.
    Propagated,
}

/// The name and type of an entry: what a [`Context`](crate::Context) can say of a request.
///
/// A key is a constant. One name means one thing: two keys of one name are the same entry.
///
/// ```
/// use throughline_ctx::{Context, Key};
///
/// const TENANT: Key<str> = Key::local("tenant.id", "Whose data this request is about");
/// const ATTEMPT: Key<u64> = Key::local("attempt", "How often this job was tried before");
///
/// let ctx = Context::root().with(&TENANT, "acme").with(&ATTEMPT, 2_u64);
/// assert_eq!((ctx.get(&TENANT), ctx.get(&ATTEMPT)), (Some("acme"), Some(2)));
/// ```
///
/// A bad name does not compile:
///
/// ```compile_fail
/// # use throughline_ctx::Key;
/// const USER: Key<str> = Key::local("User-Name", "Account name as typed");
/// ```
///
/// Neither does one that is reserved:
///
/// ```compile_fail
/// # use throughline_ctx::Key;
/// const VERBOSITY: Key<str> = Key::propagated("throughline.verbosity", "How much is said");
/// ```
pub struct Key<T: EntryType + ?Sized> {
    info: KeyInfo,
    of: PhantomData<fn() -> Box<T>>,
}

/// What a [`Key`] states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) scope: Scope,
    pub(crate) class: Class,
    pub(crate) value_type: ValueType,
}

impl<T: EntryType + ?Sized> Key<T> {
    /// A key whose entries stand in the events of this service, and do not leave it.
    ///
    /// `name` is lower case, in parts joined by dots, such as `http.route`; `description` says in a few words what the
    /// value is.
    ///
    /// # Panics
    ///
    /// When it is evaluated, which for a constant is when it is compiled: if the name is malformed, longer than 128 bytes, or
    /// reserved (`spec/context.md`), or if there is no description.
    pub const fn local(name: &'static str, description: &'static str) -> Key<T> {
        Key::new(name, description, Scope::Local)
    }

    /// A key whose entries stand in the events of this service, and go along to those that it calls: they travel as W3C Baggage. A service that receives
    /// one knows it if its [`Propagator`](crate::propagation::Propagator::key) was told of the key; another carries it onward and does not log it.
    ///
    /// # Panics
    ///
    /// As [`local`](Key::local) does.
    pub const fn propagated(name: &'static str, description: &'static str) -> Key<T> {
        Key::new(name, description, Scope::Propagated)
    }

    const fn new(name: &'static str, description: &'static str, scope: Scope) -> Key<T> {
        assert!(
            is_name(name),
            "the name of a key is lower case, in parts joined by dots: [a-z][a-z0-9_]*"
        );
        assert!(
            !is_reserved(name),
            "id, trace_id, span_id, parent_span_id and what begins with throughline. are not free as names of keys"
        );
        assert!(!description.is_empty(), "a key needs a description");
        let (class, value_type) = (Class::Public, T::TYPE);
        let info = KeyInfo { name, description, scope, class, value_type };
        Key { info, of: PhantomData }
    }

    /// The same key, for values that say something about a person.
    #[must_use]
    pub const fn personal(mut self) -> Key<T> {
        self.info.class = Class::Personal;
        self
    }

    /// The same key, for values that open doors.
    #[must_use]
    pub const fn secret(mut self) -> Key<T> {
        self.info.class = Class::Secret;
        self
    }

    /// What the key states.
    pub const fn info(&self) -> &KeyInfo {
        &self.info
    }
}

impl KeyInfo {
    /// The name of the entry in a line.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What the value is, for people.
    pub const fn description(&self) -> &'static str {
        self.description
    }

    /// How far the entry goes.
    pub const fn scope(&self) -> Scope {
        self.scope
    }

    /// Who may read the value.
    pub const fn class(&self) -> Class {
        self.class
    }

    /// The type of the value.
    pub const fn value_type(&self) -> ValueType {
        self.value_type
    }
}

impl<T: EntryType + ?Sized> fmt::Debug for Key<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Key").field(&self.info.name).finish()
    }
}

pub(crate) const fn is_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    if bytes.len() > 128 {
        return false;
    }
    let mut at_start = true;
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        let ok = if at_start {
            byte.is_ascii_lowercase()
        } else {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'.'
        };
        if !ok {
            return false;
        }
        at_start = byte == b'.';
        at += 1;
    }
    !at_start
}

pub(crate) const fn is_reserved(name: &str) -> bool {
    let bytes = name.as_bytes();
    matches!(bytes, b"id" | b"trace_id" | b"span_id" | b"parent_span_id")
        || matches!(bytes.split_first_chunk(), Some((b"throughline.", _)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_parts_joined_by_dots() {
        for good in ["a", "user", "http.route", "a1_b.c2"] {
            assert!(is_name(good), "{good:?}");
        }
        for bad in
            ["", ".", "a.", ".a", "a..b", "1a", "a.1", "A", "a-b", "a b", "é", &"a".repeat(129)]
        {
            assert!(!is_name(bad), "{bad:?}");
        }
    }

    #[test]
    #[should_panic(expected = "not free")]
    fn the_names_of_the_ids_are_reserved() {
        let _ = Key::<str>::local("trace_id", "A second trace id");
    }

    #[test]
    #[should_panic(expected = "not free")]
    fn the_name_of_the_verbosity_is_reserved() {
        let _ = Key::<str>::propagated("throughline.verbosity", "How much is said");
    }

    #[test]
    fn names_that_only_look_like_reserved_ones_are_free() {
        for free in ["ids", "throughline", "throughline_x", "throughlines.x", "a.throughline.x"] {
            assert!(is_name(free) && !is_reserved(free), "{free:?}");
        }
    }
}
