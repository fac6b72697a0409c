use crate::{Class, Type};

/// What a key of the context states: entries of that name stand in the `context` member of a line (`spec/context.md`).
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct ContextKey {
    /// The name of the entry.
    pub name: &'static str,
    /// What the value is, for people.
    pub description: &'static str,
    /// The type of the value.
    pub value_type: Type,
    /// Who may read the value.
    pub class: Class,
    /// Whether the entry goes along to the services that are called.
    pub propagated: bool,
}

impl ContextKey {
    /// What a key states.
    pub const fn new(
        name: &'static str,
        description: &'static str,
        value_type: Type,
        class: Class,
        propagated: bool,
    ) -> ContextKey {
        ContextKey { name, description, value_type, class, propagated }
    }
}

/// Where to find the keys of the program. This crate knows no context: who knows both submits a source.
#[doc(hidden)]
#[derive(Debug)]
pub struct KeySource(pub fn() -> Vec<ContextKey>);

inventory::collect!(KeySource);

/// The keys of the context that the program and all libraries that are linked into it registered, in no particular order. A logger has to be linked
/// in as well, since it joins the two: `throughline-structlog` does so.
pub fn registered_keys() -> impl Iterator<Item = ContextKey> {
    inventory::iter::<KeySource>.into_iter().flat_map(|source| source.0())
}
