//! Lock files.

use std::collections::BTreeMap;

use proptest::prelude::*;
use throughline_schema::lock::{EventShape, FieldShape, KeyShape, Lock, TypeShape, conflicts};
use throughline_schema::{Integer, Range};

#[test]
fn a_lock_of_the_program_reads_back_as_it_was() {
    let lock = Lock::of_program();
    let json = lock.to_json();
    assert_eq!(Lock::parse(&json).unwrap(), lock);
    assert_eq!(Lock::parse(&json).unwrap().to_json(), json);
    let facts = lock.event("facts", 2).unwrap();
    assert_eq!(facts.field("byte").unwrap().range.unwrap().to_string(), "1..");
    // A bound of an `f32` is the nearest one.
    assert_eq!(facts.field("share").unwrap().range.unwrap().to_string(), "0.0..=0.5");
    assert_eq!(
        facts.field("reason").unwrap().value_type.to_string(),
        "one of invalid_password, rate-limit"
    );
    assert!(lock.event("user.login_failed", 3).is_none(), "it has type parameters");
}

#[test]
fn what_is_no_lock_file_is_refused() {
    let event = r#"{"name":"e","version":1,"level":"info","kind":"log","message":"","description":"","fields":[FIELDS]}"#;
    let field = r#"{"name":"a","type":"text","since":1,"description":"A."}"#;
    let parse = |fields: &str| {
        let event = event.replace("FIELDS", fields);
        Lock::parse(&format!(r#"{{"format":1,"events":[{event}],"keys":[]}}"#))
    };
    parse(field).unwrap();
    for (bad, why) in [
        (format!("{field},{field}"), "two fields a"),
        (field.replace("\"a\"", "\"A\""), "\"A\" is no name"),
        (field.replace("text", "string"), "there is no type `string`"),
        (field.replace("\"text\"", r#"{"list":{"list":"text"}}"#), "a list holds no lists"),
        (field.replace("\"text\"", r#"{"set":{}}"#), "a set has members"),
        (field.replace("\"since\"", r#""range":"0-9","since""#), "\"0-9\" is no range"),
        (field.replace("\"since\"", r#""range":"0.0..=1e999","since""#), "is no range"),
        (field.replace("\"since\"", r#""range":"NaN..=1.0","since""#), "is no range"),
        (field.replace("\"since\"", r#""range":"..","since""#), "\"..\" is no range"),
        (field.replace("\"since\"", r#""colour":"red","since""#), "unknown field `colour`"),
    ] {
        let error = parse(&bad).unwrap_err().to_string();
        assert!(error.contains(why), "{error}: {bad}");
    }
    let later = r#"{"format":2,"events":[],"keys":[]}"#;
    assert!(Lock::parse(later).unwrap_err().to_string().contains("its format is 2, not 1"));
    assert!(Lock::parse("").is_err() && Lock::parse("[]").is_err());
}

#[test]
fn a_name_with_two_meanings_is_found_between_events_keys_and_files() {
    let event = |name: &str, field: &str| {
        format!(
            r#"{{"name":"{name}","version":1,"level":"info","kind":"log","message":"","description":"","fields":[
            {{"name":"size",{field},"since":1,"description":"A."}}]}}"#
        )
    };
    let lock = |events: &[String], keys: &str| {
        let events = events.join(",");
        Lock::parse(&format!(r#"{{"format":1,"events":[{events}],"keys":[{keys}]}}"#)).unwrap()
    };
    let number = event("a", r#""type":"u32","unit":"By""#);
    let told = |locks: &[(&str, &Lock)]| -> Vec<_> {
        conflicts(locks).iter().map(ToString::to_string).collect()
    };
    let key =
        r#"{"name":"size","type":"text","class":"personal","scope":"local","description":"K."}"#;
    let with_key = lock(std::slice::from_ref(&number), key);
    assert_eq!(
        told(&[("x", &with_key)]),
        [
            "size has two classes: public in a v1, personal in the context",
            "size has two types: integer in a v1, text in the context"
        ]
    );
    let other = lock(&[event("b", r#""type":"u64","unit":"kBy""#)], "");
    let first = lock(&[number], "");
    assert_eq!(
        told(&[("x", &first), ("y", &other)]),
        ["size has two units: By in a v1 (x), kBy in b v1 (y)"]
    );
    let same = lock(&[event("a", r#""type":"u64","unit":"By""#)], "");
    assert_eq!(
        told(&[("x", &first), ("y", &same)]),
        ["a v1 has two shapes: 1 fields in x, 1 fields in y"]
    );
    assert_eq!(told(&[("x", &first), ("y", &first)]), [""; 0]);
}

fn name() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9_]{0,3}(\\.[a-z][a-z0-9_]{0,3}){0,2}"
}

fn value_type() -> impl Strategy<Value = TypeShape> {
    use TypeShape as T;
    let scalar = prop_oneof![
        prop::sample::select(vec![T::Bool, T::F32, T::F64, T::Text, T::Duration, T::Time]),
        prop::sample::select(vec![T::Uuid, T::IpAddress, T::SocketAddress, T::Error]),
        prop::sample::select(Integer::ALL.to_vec()).prop_map(T::Integer),
        prop::collection::btree_map(any::<String>(), any::<String>(), 1..3).prop_map(T::Set),
    ];
    (scalar, any::<bool>()).prop_map(
        |(scalar, is_list)| {
            if is_list { T::List(Box::new(scalar)) } else { scalar }
        },
    )
}

/// A range with one bound or two.
fn range() -> impl Strategy<Value = Range> {
    use prop::num::f64::{NORMAL, SUBNORMAL, ZERO};
    fn bounds<T: Clone>(min: T, max: T, which: u8) -> (Option<T>, Option<T>) {
        ((which != 0).then_some(min), (which != 1).then_some(max))
    }
    let float = || NORMAL | SUBNORMAL | ZERO;
    prop_oneof![
        (any::<i128>(), any::<i128>(), 0..3_u8).prop_map(|(min, max, which)| {
            let (min, max) = bounds(min, max, which);
            Range::Integer { min, max }
        }),
        (float(), float(), 0..3_u8).prop_map(|(min, max, which)| {
            let (min, max) = bounds(min, max, which);
            Range::Float { min, max }
        }),
    ]
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof!["public", "by_level", "must", "secret", any::<String>()]
}

fn field() -> impl Strategy<Value = FieldShape> {
    let limits = (any::<Option<u32>>(), prop::option::of(range()));
    let texts = (word(), any::<Option<String>>(), any::<String>());
    (name(), value_type(), any::<(bool, u32)>(), limits, texts).prop_map(
        |(name, value_type, (optional, since), (max_len, range), (class, unit, description))| {
            FieldShape {
                name,
                value_type,
                optional,
                unit,
                class,
                max_len,
                range,
                since,
                description,
            }
        },
    )
}

fn event() -> impl Strategy<Value = EventShape> {
    let texts = (word(), word(), word(), any::<String>(), any::<String>());
    (name(), any::<(u32, bool)>(), texts, prop::collection::vec(field(), 0..4)).prop_map(
        |(name, (version, template), (level, kind, delivery, message, description), fields)| {
            let mut names = std::collections::HashSet::new();
            let fields =
                fields.into_iter().filter(|field| names.insert(field.name.clone())).collect();
            EventShape {
                name,
                version,
                level,
                kind,
                delivery,
                message,
                template,
                description,
                fields,
            }
        },
    )
}

fn key() -> impl Strategy<Value = KeyShape> {
    (name(), value_type(), word(), word(), any::<String>()).prop_map(
        |(name, value_type, class, scope, description)| KeyShape {
            name,
            value_type,
            class,
            scope,
            description,
        },
    )
}

/// A lock, sorted and without what stands there twice.
fn any_lock() -> impl Strategy<Value = Lock> {
    let events = prop::collection::vec(event(), 0..4);
    (events, prop::collection::vec(key(), 0..4)).prop_map(|(events, keys)| {
        let mut lock = Lock::parse(r#"{"format":1,"events":[],"keys":[]}"#).unwrap();
        let events = events.into_iter().map(|event| ((event.name.clone(), event.version), event));
        lock.events = events.collect::<BTreeMap<_, _>>().into_values().collect();
        let keys = keys.into_iter().map(|key| (key.name.clone(), key));
        lock.keys = keys.collect::<BTreeMap<_, _>>().into_values().collect();
        lock
    })
}

/// Reads what may be a lock file. What can be read can be written, exported, and read again.
fn read(text: &str) {
    let Ok(lock) = Lock::parse(text) else { return };
    assert_eq!(Lock::parse(&lock.to_json()).as_ref(), Ok(&lock));
    let _ = (lock.to_markdown(), lock.to_weaver());
    serde_json::from_str::<serde_json::Value>(&lock.stream_schema()).unwrap();
}

proptest! {
    #[test]
    fn a_lock_reads_back_as_it_was(lock in any_lock()) {
        let json = lock.to_json();
        let parsed = Lock::parse(&json);
        prop_assert_eq!(parsed.as_ref(), Ok(&lock));
        prop_assert_eq!(parsed.unwrap().to_json(), json);
    }

    #[test]
    fn no_text_stops_the_reader(text in any::<String>(), json in "[\\[\\]{}\":,a-z0-9.=-]{0,64}") {
        read(&text);
        read(&json);
    }

    #[test]
    fn no_damage_stops_the_reader(
        lock in any_lock(),
        at in any::<prop::sample::Index>(),
        len in 0..9_usize,
        put in prop_oneof!["[\\[\\]{}\":,a-z0-9.=-]{0,4}", "\\PC{0,2}"],
    ) {
        let mut chars: Vec<char> = lock.to_json().chars().collect();
        let at = at.index(chars.len());
        let end = (at + len).min(chars.len());
        chars.splice(at..end, put.chars());
        read(&chars.into_iter().collect::<String>());
    }
}
