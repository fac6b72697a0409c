//! What a bridge from another library's spans needs: contexts with entries whose names are known only when the program runs, and a current context that is set and taken back by two calls.

use std::sync::Arc;

use crate::{Class, Context, KeyInfo, Scope, Value, ValueType, current, key as names};

/// What a key of this name would state; `None` if no key can have it.
pub fn key(name: &'static str) -> Option<KeyInfo> {
    let free = names::is_name(name) && !names::is_reserved(name);
    free.then_some(KeyInfo {
        name,
        description: "A field of a span",
        scope: Scope::Local,
        class: Class::Public,
        value_type: ValueType::Text,
    })
}

/// The context of a unit of work below `parent`, with more entries. They stay local, whatever their keys state.
pub fn with_fields(
    parent: &Context,
    fields: impl Iterator<Item = (&'static KeyInfo, Value)>,
) -> Context {
    fields.fold(parent.edit().child(), |edit, (key, value)| edit.set(key, value)).finish()
}

/// The same unit of work, with more entries. They stay local, whatever their keys state.
pub fn in_place(ctx: &Context, fields: impl Iterator<Item = (&'static KeyInfo, Value)>) -> Context {
    fields.fold(ctx.edit(), |edit, (key, value)| edit.set(key, value)).finish()
}

/// Whether both are handles of one context.
pub fn is_same(a: &Context, b: &Context) -> bool {
    Arc::ptr_eq(&a.0, &b.0)
}

/// Makes a context the current one of this thread, and returns what was. Whoever calls it sets that again.
pub fn set_current(ctx: Option<Context>) -> Option<Context> {
    current::swap(ctx)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Key;

    const TENANT: Key<str> = Key::propagated("tenant", "Whose data");

    #[test]
    fn a_field_is_an_entry_that_does_not_leave_the_service() {
        let parent = Context::root().with(&TENANT, "acme");
        let field = (TENANT.info(), Value::Text("initech".into()));
        let child = with_fields(&parent, [field].into_iter());
        assert_eq!(child.get(&TENANT), Some("initech"));
        assert_eq!(child.parent_span_id(), Some(parent.span_id()));
        assert_eq!(child.baggage(), parent.baggage());
    }

    #[test]
    fn a_name_that_no_key_can_have_is_none() {
        assert!(key("http.route").is_some());
        for name in ["id", "trace_id", "throughline.x", "Route", ""] {
            assert!(key(name).is_none(), "{name}");
        }
    }

    #[test]
    fn the_current_context_is_set_and_taken_back() {
        let ctx = Context::root();
        let before = set_current(Some(ctx.clone()));
        assert!(before.is_none() && is_same(&Context::current().unwrap(), &ctx));
        assert!(!is_same(&ctx, &ctx.child()));
        set_current(before);
        assert!(Context::current().is_none());
    }
}
