use std::marker::PhantomData;

use crate::{Event, Field, Fields, Visitor, is_name, is_reserved};

/// A struct that derives [`Fields`]: it can stand as a part in an event, under names that the event decides.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no group of fields",
    label = "marked `#[event(flatten)]`, but does not derive `Fields`",
    note = "a group is a struct with `#[derive(Fields)]`, a reference or a `Box` to one, or an `Option` of it"
)]
pub trait Group: Fields {
    /// The fields under their own names.
    const FIELDS: &'static [Field];
    /// Whether all of them may be absent.
    const OPTIONAL: bool = false;

    /// Hands each value to `visitor` as that of the field at its place in `L`.
    fn visit_as<L: List, V: Visitor>(&self, visitor: &mut V);
}

/// Fields as a type, so that what stands at a place is known when the program is compiled.
pub trait List {
    /// The fields.
    const FIELDS: &'static [Field];
}

/// The fields of an event.
#[derive(Debug)]
pub struct OfEvent<E>(PhantomData<E>);

impl<E: Event> List for OfEvent<E> {
    const FIELDS: &'static [Field] = E::DESCRIPTOR.fields;
}

/// The fields of a group under their own names.
#[derive(Debug)]
pub struct OfGroup<G>(PhantomData<G>);

impl<G: Group> List for OfGroup<G> {
    const FIELDS: &'static [Field] = G::FIELDS;
}

/// Fields without the first of them.
#[derive(Debug)]
pub struct After<L, const N: usize>(PhantomData<L>);

impl<L: List, const N: usize> List for After<L, N> {
    const FIELDS: &'static [Field] = L::FIELDS.split_at(N).1;
}

macro_rules! pointers {
    ($($pointer:ty),*) => {$(
        impl<G: Fields + ?Sized> Fields for $pointer {
            #[inline]
            fn visit<V: Visitor>(&self, visitor: &mut V) {
                (**self).visit(visitor);
            }
        }

        impl<G: Group + ?Sized> Group for $pointer {
            const FIELDS: &'static [Field] = G::FIELDS;
            const OPTIONAL: bool = G::OPTIONAL;

            #[inline]
            fn visit_as<L: List, V: Visitor>(&self, visitor: &mut V) {
                (**self).visit_as::<L, V>(visitor);
            }
        }
    )*};
}

pointers!(&G, Box<G>);

impl<G: Fields> Fields for Option<G> {
    #[inline]
    fn visit<V: Visitor>(&self, visitor: &mut V) {
        if let Some(group) = self {
            group.visit(visitor);
        }
    }
}

impl<G: Group> Group for Option<G> {
    const FIELDS: &'static [Field] = G::FIELDS;
    const OPTIONAL: bool = true;

    #[inline]
    fn visit_as<L: List, V: Visitor>(&self, visitor: &mut V) {
        if let Some(group) = self {
            group.visit_as::<L, V>(visitor);
        }
    }
}

/// What the fields of a struct are made of.
#[derive(Debug)]
pub enum Part {
    /// A field of its own.
    Own(Field),
    /// The fields of a group, under names with a prefix.
    Group {
        /// The fields under their own names.
        fields: &'static [Field],
        /// The [`Keys`] of the new names, or nothing where there is no prefix.
        keys: &'static str,
        /// Whether all of them may be absent.
        optional: bool,
    },
}

/// The keys of the fields of a group under names with a prefix, one after the other: `,"prefix.name":`. A name is a part of its key.
#[derive(Debug)]
pub struct Keys<const N: usize>([u8; N]);

impl<const N: usize> Keys<N> {
    /// The keys. There must be room for as many bytes as [`needs`](Keys::needs) says.
    pub const fn of(prefix: &str, fields: &[Field]) -> Keys<N> {
        let mut bytes = [0; N];
        let (mut at, mut index) = (0, 0);
        while index < fields.len() {
            at = put(&mut bytes, at, ",\"");
            at = put(&mut bytes, at, prefix);
            at = put(&mut bytes, at, ".");
            at = put(&mut bytes, at, fields[index].name);
            at = put(&mut bytes, at, "\":");
            index += 1;
        }
        assert!(at == N, "keys are made with as much room as they need");
        Keys(bytes)
    }

    /// The keys as text.
    pub const fn as_str(&self) -> &str {
        match str::from_utf8(&self.0) {
            Ok(text) => text,
            Err(_) => panic!("keys are made of text"),
        }
    }
}

impl Keys<0> {
    /// How much room keys need.
    pub const fn needs(prefix: &str, fields: &[Field]) -> usize {
        let (mut sum, mut index) = (0, 0);
        while index < fields.len() {
            sum += key_len(prefix, fields[index].name);
            index += 1;
        }
        sum
    }
}

const fn key_len(prefix: &str, name: &str) -> usize {
    ",\"".len() + prefix.len() + ".".len() + name.len() + "\":".len()
}

const fn put(bytes: &mut [u8], mut at: usize, text: &str) -> usize {
    let mut from = 0;
    while from < text.len() && at < bytes.len() {
        bytes[at] = text.as_bytes()[from];
        (at, from) = (at + 1, from + 1);
    }
    at
}

/// The fields of a struct that has groups, in order. There are `N`.
pub const fn flatten<const N: usize>(parts: &[Part]) -> [Field; N] {
    const UNSET: Field = Field::new("", "", crate::Class::Public, "");
    let mut all = [UNSET; N];
    let (mut len, mut part) = (0, 0);
    while part < parts.len() {
        let mut index = 0;
        while index < parts[part].len() {
            all[len] = parts[part].get(index);
            (len, index) = (len + 1, index + 1);
        }
        part += 1;
    }
    assert!(len == N, "fields are made with as much room as they need");
    all
}

impl Part {
    const fn len(&self) -> usize {
        match self {
            Part::Own(_) => 1,
            Part::Group { fields, .. } => fields.len(),
        }
    }

    /// A field under the name that it has here.
    const fn get(&self, index: usize) -> Field {
        let (fields, keys, optional) = match self {
            Part::Own(field) => return *field,
            Part::Group { fields, keys, optional } => (*fields, *keys, *optional),
        };
        let mut field = fields[index];
        if !keys.is_empty() {
            let prefix = (keys.len() - keys_len(fields)) / fields.len();
            let start = keys_len(fields.split_at(index).0) + index * prefix;
            let key = keys.split_at(start).1.split_at(field.key().len() + prefix).0;
            let name = key.split_at(key.len() - "\":".len()).0.split_at(",\"".len()).1;
            field = field.renamed(name, key);
        }
        field.optional |= optional;
        field
    }
}

/// Checks the names of a group, given what else the struct has.
///
/// # Panics
///
/// When it is evaluated, which is when the program is compiled: if one of the names stands there already, or is one that no field can have.
#[track_caller]
pub const fn check_names(of_event: bool, group: &Part, others: &[Part]) {
    let mut index = 0;
    while index < group.len() {
        let name = group.get(index).name;
        if !is_name(name) {
            fail("`", name, "` is too long for the name of a field: it has more than 128 bytes");
        }
        if of_event && is_reserved(name) {
            fail("`", name, "` is reserved: every line has, or may have, one already");
        }
        let mut other = 0;
        while other < others.len() {
            let mut field = 0;
            while field < others[other].len() {
                if same(others[other].get(field).name, name) {
                    fail("there are two fields `", name, "`");
                }
                field += 1;
            }
            other += 1;
        }
        index += 1;
    }
}

const fn keys_len(fields: &[Field]) -> usize {
    let (mut sum, mut index) = (0, 0);
    while index < fields.len() {
        sum += fields[index].key().len();
        index += 1;
    }
    sum
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}

/// Panics with a message that names the field: a constant cannot format one.
#[track_caller]
const fn fail(before: &str, name: &str, after: &str) -> ! {
    let mut bytes = [0; 512];
    let mut len = put(&mut bytes, 0, before);
    len = put(&mut bytes, len, name);
    len = put(&mut bytes, len, after);
    match str::from_utf8(bytes.split_at(len).0) {
        Ok(message) => panic!("{}", message),
        Err(_) => panic!("a field has a name that it cannot have"),
    }
}
