//! Which changes readers survive: the table of `spec/schema.md`.

use throughline_schema::lock::{Lock, RULES, compare};

const FIELD: &str = r#"{"name":"a","type":"text","since":1,"description":"A."}"#;
const KEY: &str = r#"{"name":"k","type":"text","scope":"local","description":"K."}"#;

fn lock(events: &str, keys: &str) -> Lock {
    Lock::parse(&format!(r#"{{"format":1,"events":[{events}],"keys":[{keys}]}}"#)).unwrap()
}

/// One event with these fields.
fn fields(fields: &str) -> Lock {
    lock(&event(1, fields), "")
}

fn event(version: u32, fields: &str) -> String {
    format!(
        r#"{{"name":"e","version":{version},"level":"info","kind":"log","message":"M","description":"E.","fields":[{fields}]}}"#
    )
}

/// One field with another member, or with another type.
fn with(more: &str) -> Lock {
    fields(&FIELD.replace("\"since\"", &format!("{more},\"since\"")))
}

fn of(value_type: &str) -> Lock {
    fields(&FIELD.replace("\"text\"", value_type))
}

fn number(more: &str) -> Lock {
    fields(&FIELD.replace("\"text\"", &format!("\"i64\",{more}")))
}

fn key(from: &str, to: &str) -> Lock {
    lock("", &KEY.replace(from, to))
}

/// Each change, and what it is called in the other direction.
fn changes() -> Vec<(Lock, Lock, &'static str, &'static str)> {
    let renamed = FIELD.replace("\"a\"", "\"b\"");
    let other = renamed.replace("text", "bool");
    let in_event = |from: &str, to: &str| lock(&event(1, FIELD).replace(from, to), "");
    let plain = fields(FIELD);
    let set = |members: &str| of(&format!(r#"{{"set":{{{members}}}}}"#));
    vec![
        (fields(""), plain.clone(), "field added", "field removed"),
        (plain.clone(), fields(&renamed), "field renamed", "field renamed"),
        (of(r#""u32""#), of(r#""text""#), "field retyped", "field retyped"),
        (of(r#"{"list":"text"}"#), of(r#""text""#), "field retyped", "field retyped"),
        (of(r#""u32""#), of(r#""u16""#), "type narrowed", "field retyped"),
        (of(r#""i16""#), of(r#""u8""#), "type narrowed", "field retyped"),
        (of(r#""u8""#), of(r#""i8""#), "field retyped", "field retyped"),
        (of(r#""f64""#), of(r#""f32""#), "type narrowed", "field retyped"),
        (of(r#"{"list":"u64"}"#), of(r#"{"list":"u8"}"#), "type narrowed", "field retyped"),
        (with(r#""unit":"ms""#), with(r#""unit":"s""#), "unit changed", "unit changed"),
        (plain.clone(), with(r#""unit":"s""#), "unit stated", "unit changed"),
        (plain.clone(), with(r#""optional":true"#), "made optional", "made required"),
        (set(r#""x":"X.""#), set(r#""x":"X.","y":"Y.""#), "set changed", "set changed"),
        (
            set(r#""x":"X.""#),
            set(r#""x":"Ex.""#),
            "message or description changed",
            "message or description changed",
        ),
        (plain.clone(), with(r#""max_len":9"#), "limit narrowed", "limit widened"),
        (with(r#""max_len":9"#), with(r#""max_len":8"#), "limit narrowed", "limit widened"),
        (
            number(r#""range":"0..=9""#),
            number(r#""range":"1..=9""#),
            "limit narrowed",
            "limit widened",
        ),
        (
            number(r#""range":"0..=9""#),
            number(r#""range":"1..=10""#),
            "limit widened",
            "limit widened",
        ),
        (
            number(r#""range":"0..""#),
            number(r#""range":"0..=9""#),
            "limit narrowed",
            "limit widened",
        ),
        (
            number(r#""range":"..=0.5""#),
            number(r#""range":"..=0.25""#),
            "limit narrowed",
            "limit widened",
        ),
        (plain.clone(), with(r#""class":"personal""#), "class raised of text", "class lowered"),
        (
            number(r#""class":"personal""#),
            number(r#""class":"secret""#),
            "class raised of what is no text",
            "class lowered",
        ),
        (plain.clone(), in_event("\"log\"", "\"span\""), "kind changed", "kind changed"),
        (lock("", ""), plain.clone(), "event added", "event removed"),
        (plain.clone(), in_event("\"info\"", "\"warn\""), "level changed", "level changed"),
        (
            plain.clone(),
            in_event("\"message\"", "\"delivery\":\"must\",\"message\""),
            "delivery changed",
            "delivery changed",
        ),
        (
            plain.clone(),
            in_event("\"M\"", "\"N\""),
            "message or description changed",
            "message or description changed",
        ),
        (
            plain.clone(),
            in_event("\"A.\"", "\"B.\""),
            "message or description changed",
            "message or description changed",
        ),
        (
            fields(&format!("{FIELD},{other}")),
            fields(&format!("{other},{FIELD}")),
            "fields reordered",
            "fields reordered",
        ),
        (lock("", ""), lock("", KEY), "key added", "key removed"),
        (lock("", KEY), key("\"text\"", "\"u64\""), "key retyped", "key retyped"),
        (
            lock("", KEY),
            key("\"scope\"", "\"class\":\"secret\",\"scope\""),
            "class raised of a key of text",
            "class of a key lowered",
        ),
        (
            key("\"text\"", "\"u64\""),
            key("\"text\"", "\"u64\",\"class\":\"secret\""),
            "class raised of a key that is no text",
            "class of a key lowered",
        ),
        (
            lock("", KEY),
            key("\"local\"", "\"propagated\""),
            "scope of a key changed",
            "scope of a key changed",
        ),
        (
            lock("", KEY),
            key("\"K.\"", "\"L.\""),
            "description of a key changed",
            "description of a key changed",
        ),
    ]
}

#[test]
fn each_change_is_told_by_its_name_in_both_directions() {
    for (before, after, change, back) in changes() {
        let names = |old, new| -> Vec<_> {
            compare(old, new).iter().map(|difference| difference.rule.change).collect()
        };
        assert_eq!(names(&before, &after), [change], "{before:?} {after:?}");
        assert_eq!(names(&after, &before), [back], "{after:?} {before:?}");
        assert_eq!(names(&before, &before), [""; 0]);
    }
}

#[test]
fn every_rule_has_a_change_that_it_is_about() {
    let changes = changes();
    for rule in RULES {
        let is_about = |(_, _, change, back): &&(_, _, &str, &str)| {
            *change == rule.change || *back == rule.change
        };
        assert!(changes.iter().any(|change| is_about(&change)), "{}", rule.change);
    }
}

#[test]
fn the_rules_are_those_of_the_specification() {
    let spec = include_str!("../../../spec/schema.md");
    let (_, table) = spec.split_once("| change | breaks | because |\n|---|---|---|\n").unwrap();
    let (table, _) = table.split_once("\n\n").unwrap();
    let rules: Vec<_> = RULES
        .iter()
        .map(|rule| {
            let breaks = if rule.breaks { "yes" } else { "no" };
            format!("| {} | {breaks} | {} |", rule.change, rule.why)
        })
        .collect();
    assert_eq!(table, rules.join("\n"));
}

#[test]
fn two_versions_of_an_event_live_side_by_side() {
    let renamed = FIELD.replace("text", "bool");
    let both = lock(&format!("{},{}", event(1, FIELD), event(2, &renamed)), "");
    let differences = compare(&fields(FIELD), &both);
    assert!(differences.iter().all(|difference| !difference.rule.breaks), "{differences:?}");
    assert_eq!(compare(&both, &fields(FIELD))[0].rule.change, "event removed");
}

#[test]
fn a_difference_is_one_line_that_says_what_to_do() {
    let differences = compare(&of(r#""u32""#), &of(r#""text""#));
    let expected = "e v1, field a: field retyped (u32 → text); an index or a program that takes the one type refuses the other; \
        undo it, or give the event `version = 2`";
    assert_eq!(differences[0].to_string(), expected);
    let differences = compare(&lock("", KEY), &key("\"text\"", "\"u64\""));
    assert!(differences[0].to_string().starts_with("key k: key retyped (text → u64); "));
    assert!(differences[0].to_string().ends_with("undo it, or give the key another name"));
}
