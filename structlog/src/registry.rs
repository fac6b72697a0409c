//! Joins the keys of the context with the registry of events, which do not know each other.

use throughline_ctx::{KeyInfo, Scope, ValueType, registered_keys};
use throughline_schema::__private::{KeySource, inventory};
use throughline_schema::{ContextKey, Integer, Type};

use crate::encode::class_of;

inventory::submit! {
    KeySource(|| registered_keys().filter_map(describe).collect())
}

fn describe(key: &KeyInfo) -> Option<ContextKey> {
    let value_type = match key.value_type() {
        ValueType::Bool => Type::Bool,
        ValueType::I64 => Type::Integer(Integer::I64),
        ValueType::U64 => Type::Integer(Integer::U64),
        ValueType::F64 => Type::F64,
        ValueType::Text => Type::Text,
        // A type of value that a later version of the context knows.
        _ => return None,
    };
    let propagated = key.scope() == Scope::Propagated;
    Some(ContextKey::new(key.name(), key.description(), value_type, class_of(key), propagated))
}

#[cfg(test)]
mod tests {
    use super::*;
    use throughline_ctx::{Key, keys};
    use throughline_schema::Class;

    keys! {
        /// For the test.
        const SHARD: Key<u64> = Key::propagated("registry.shard", "Where it is").personal();
    }

    #[test]
    fn the_registry_of_events_knows_the_keys_of_the_context() {
        let mut keys = throughline_schema::registered_keys();
        let key = keys.find(|key| key.name == SHARD.info().name()).unwrap();
        let integer = Type::Integer(Integer::U64);
        let expected =
            ContextKey::new("registry.shard", "Where it is", integer, Class::Personal, true);
        assert_eq!(key, expected);
    }
}
