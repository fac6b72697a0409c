//! Lock files.

use throughline_schema::lock::{Lock, conflicts};

#[test]
fn a_lock_of_the_program_reads_back_as_it_was() {
    let lock = Lock::of_program();
    let json = lock.to_json();
    assert_eq!(Lock::parse(&json).unwrap(), lock);
    assert_eq!(Lock::parse(&json).unwrap().to_json(), json);
    let facts = lock.event("facts", 2).unwrap();
    assert_eq!(facts.field("byte").unwrap().range.unwrap().to_string(), "1..");
    assert_eq!(
        facts.field("reason").unwrap().value_type.to_string(),
        "one of invalid_password, rate-limit"
    );
    // A bound of an `f32` is the nearest one.
    assert_eq!(facts.field("share").unwrap().range.unwrap().to_string(), "0.0..=0.5");
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
