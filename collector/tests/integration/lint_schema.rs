//! What the linter takes for valid, the JSON Schema of the same lock file takes for valid, and nothing else.

use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};
use throughline_collector::lint::Linter;
use throughline_schema::lock::Lock;

/// A field of a lock file and, where it is not left out, what a line has there.
type Drawn = (Json, Option<Json>);

fn texts() -> impl Strategy<Value = Json> {
    prop_oneof![
        4 => "[a-zé😀\"\\\\\u{7f}\n]{0,6}".prop_map(Json::from),
        1 => prop::sample::select(vec![
            "[redacted]", "[unprintable]",
            "[hash:00112233445566778899aabbccddeeff]", "[hash:00]", "ok", "rate-limit",
            "2026-11-21T09:28:31.123456Z", "2026-11-21T09:28:31.123456789Z", "2026-11-21T09:28:31Z",
            "0193f5a0-6f52-7d5c-a1b0-5f3f4c1f9d11", "192.0.2.1", "2001:db8::1", "192.0.2.1:80",
            "[2001:db8::1%2]:80", "256.0.0.1", "::ffff:1.2.3.4", "TRACE", "span", "timeout", "a.b",
            "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "0000000000000000",
        ]).prop_map(Json::from),
    ]
}

fn numbers() -> impl Strategy<Value = Json> {
    let drawn = [
        "0",
        "-0.0",
        "1",
        "1.0",
        "2",
        "3",
        "-1",
        "7e0",
        "100",
        "100.0",
        "127",
        "128",
        "255",
        "256",
        "-128",
        "-129",
        "65536",
        "0.5",
        "1.5",
        "-0.5",
        "1e2",
        "1e30",
        "18446744073709551615",
        "9223372036854775808",
        "-9223372036854775808",
        "4294967295",
        "4294967296",
    ];
    let read = |text: &str| serde_json::from_str::<Json>(text).unwrap();
    prop_oneof![
        prop::sample::select(drawn.to_vec()).prop_map(read),
        any::<i16>().prop_map(Json::from),
        (-200.0..200.0_f64).prop_map(Json::from),
    ]
}

fn scalars() -> impl Strategy<Value = Json> {
    prop_oneof![texts(), numbers(), any::<bool>().prop_map(Json::from), Just(Json::Null)]
}

fn anything() -> BoxedStrategy<Json> {
    let lists = prop::collection::vec(scalars(), 0..3).prop_map(Json::from);
    let nested = scalars().prop_map(|value| json!([[value]]));
    prop_oneof![6 => scalars(), 2 => lists, 1 => nested, 1 => Just(json!({"a": 1}))].boxed()
}

/// Values of a type of the lock file, most of which keep to any limits.
fn of_type(value_type: &Json) -> BoxedStrategy<Json> {
    if let Some(item) = value_type.get("list") {
        return prop::collection::vec(of_type(item), 0..4).prop_map(Json::from).boxed();
    }
    match value_type.as_str().unwrap_or("set") {
        "bool" => any::<bool>().prop_map(Json::from).boxed(),
        "u8" => any::<u8>().prop_map(Json::from).boxed(),
        "i8" => any::<i8>().prop_map(Json::from).boxed(),
        "duration" => (0.0..9.0_f64).prop_map(Json::from).boxed(),
        "time" => Just(json!("2026-11-21T09:28:31.123456Z")).boxed(),
        "uuid" => Just(json!("0193f5a0-6f52-7d5c-a1b0-5f3f4c1f9d11")).boxed(),
        "ip_address" => prop::sample::select(vec![json!("192.0.2.1"), json!("::1")]).boxed(),
        "socket_address" => {
            prop::sample::select(vec![json!("192.0.2.1:80"), json!("[::1]:80")]).boxed()
        }
        "set" => prop::sample::select(vec![json!("ok"), json!("rate-limit")]).boxed(),
        "text" | "error" => "[a-zé😀]{0,5}".prop_map(Json::from).boxed(),
        _ => numbers().boxed(),
    }
}

fn types() -> impl Strategy<Value = Json> {
    let names = [
        "bool",
        "u8",
        "i8",
        "u32",
        "i64",
        "u64",
        "u128",
        "i128",
        "f32",
        "f64",
        "text",
        "duration",
        "time",
        "uuid",
        "ip_address",
        "socket_address",
        "error",
    ];
    let mut all: Vec<_> = names.into_iter().map(Json::from).collect();
    all.push(json!({"set": {"ok": "It was.", "rate-limit": "It was not."}}));
    let lists: Vec<_> = all.iter().map(|item| json!({"list": item})).collect();
    prop_oneof![2 => prop::sample::select(all), 1 => prop::sample::select(lists)]
}

fn field(index: usize) -> impl Strategy<Value = Drawn> {
    let class = prop::sample::select(vec!["public", "public", "personal", "secret"]);
    let limits = (prop::option::of(0..5_u32), prop::option::of(0..3_usize));
    let drawn = (types(), any::<bool>(), class, limits);
    drawn.prop_flat_map(move |(value_type, optional, class, (max_len, range))| {
        let mut field = json!({"name": format!("f{index}.x"), "type": value_type, "optional": optional,
            "class": class, "since": 1, "description": "It."});
        let item = value_type.get("list").unwrap_or(&value_type).clone();
        let is_text = matches!(value_type.as_str(), Some("text" | "error")) || value_type.is_object() && value_type.get("list").is_some();
        if let Some(max_len) = max_len.filter(|_| is_text) {
            field["max_len"] = max_len.into();
        }
        let is_float = matches!(item.as_str(), Some("f32" | "f64" | "duration"));
        let ranges = if is_float { ["0.0..=1.0", "0.5..", "..=1.5"] } else { ["0..=100", "1..", "..=100"] };
        let is_number = is_float || item.as_str().is_some_and(|name| name[1..].parse::<u32>().is_ok());
        if let Some(range) = range.filter(|_| is_number) {
            field["range"] = ranges[range].into();
        }
        let value = prop_oneof![
            12 => of_type(&value_type).prop_map(Some),
            2 => anything().prop_map(Some),
            1 => Just(Some(json!("[redacted]"))),
            1 => Just(None),
        ];
        (Just(field), value)
    })
}

/// Changes of what all lines have: a member by its path, and what it becomes.
fn changes() -> impl Strategy<Value = Vec<(&'static str, Option<Json>)>> {
    let paths = [
        "timestamp",
        "level",
        "event",
        "version",
        "kind",
        "message",
        "service",
        "context",
        "weight",
        "target",
        "duration_us",
        "outcome",
        "violations",
        "new",
        "New",
        "service/name",
        "service/version",
        "service/host",
        "context/id",
        "context/trace_id",
        "context/span_id",
        "context/parent_span_id",
        "context/k.text",
        "context/k.small",
        "context/other",
        "context/Bad",
    ];
    let change = (prop::sample::select(paths.to_vec()), prop::option::of(anything()));
    prop::collection::vec(change, 0..3)
}

fn violations() -> impl Strategy<Value = Option<Vec<Json>>> {
    let said = [
        json!("line: 2 fields left out"),
        json!("line: texts clipped"),
        json!("line left out"),
        json!("f0.x: range 0..=100, had 101"),
        json!("f1.x: range 1.., had 0"),
        json!("f0xx: range 0, had 1"),
        json!("f0.x: max_len 2, had 3"),
        json!("f1.x: max_len 2, had 3"),
        json!("f2.x: range ..=100, had 101"),
        json!(3),
    ];
    prop::option::weighted(0.4, prop::collection::vec(prop::sample::select(said.to_vec()), 0..3))
}

fn set(line: &mut Map<String, Json>, path: &str, value: Option<Json>) {
    let (object, name) = match path.split_once('/') {
        Some((object, name)) => match line.get_mut(object) {
            Some(Json::Object(object)) => (object, name),
            _ => return,
        },
        None => (line, path),
    };
    match value {
        Some(value) => drop(object.insert(name.to_owned(), value)),
        None => drop(object.remove(name)),
    }
}

fn lock(kind: &str, template: bool, fields: &[Drawn]) -> Lock {
    let mut fields: Vec<_> = fields.iter().map(|(field, _)| field.clone()).collect();
    if kind == "span" {
        let outcomes = json!({"set": {"ok": "", "error": "", "timeout": "", "cancelled": ""}});
        fields.push(json!({"name": "duration_us", "type": "u64", "since": 1, "description": "D."}));
        fields.push(json!({"name": "outcome", "type": outcomes, "since": 1, "description": "O."}));
    }
    let event = json!({"name": "an.event", "version": 2, "level": "info", "kind": kind, "message": "It was \"said\"",
        "template": template, "description": "It.", "fields": fields});
    let keys = json!([
        {"name": "k.text", "type": "text", "class": "personal", "scope": "local", "description": "K."},
        {"name": "k.small", "type": "u8", "scope": "local", "description": "K."},
    ]);
    Lock::parse(&json!({"format": 1, "events": [event], "keys": keys}).to_string()).unwrap()
}

fn line(kind: &str, fields: &[Drawn], violations: Option<Vec<Json>>) -> Map<String, Json> {
    let Json::Object(mut line) = json!({"timestamp": "2026-11-21T09:28:31.123456Z", "level": "INFO", "event": "an.event",
        "version": 2, "message": "It was \"said\"", "service": {"name": "tests", "version": "1"},
        "context": {"id": "r-1", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "span_id": "00f067aa0ba902b7",
        "k.text": "t", "k.small": 3, "other": 0.5}})
    else {
        unreachable!()
    };
    if kind != "log" {
        line.insert("kind".into(), kind.into());
    }
    if kind == "span" {
        line.insert("duration_us".into(), 12.into());
        line.insert("outcome".into(), "ok".into());
    }
    for (field, value) in fields {
        if let Some(value) = value {
            line.insert(field["name"].as_str().unwrap().to_owned(), value.clone());
        }
    }
    if let Some(violations) = violations {
        line.insert("violations".into(), violations.into());
    }
    line
}

/// Whether the linter and the schema find the line valid.
fn verdicts(lock: &Lock, schema: &str, line: &Json) -> (bool, bool, String) {
    let validator = jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap();
    let mut faults = Vec::new();
    // As writers have to escape it.
    let written = line.to_string().replace('\u{7f}', "\\u007f");
    Linter::new(lock.clone()).check(written.as_bytes(), &mut faults);
    let told = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    let theirs = validator.validate(line).err().map(|error| error.to_string());
    let why = format!("{line}\nlinter: {told}\nschema: {}", theirs.clone().unwrap_or_default());
    (faults.is_empty(), theirs.is_none(), why)
}

proptest! {
    #[test]
    fn lines_of_an_event_are_valid_to_both_or_to_neither(
        kind in prop::sample::select(vec!["log", "log", "span", "metric"]),
        template in any::<bool>(),
        fields in (field(0), field(1), field(2)).prop_map(|(a, b, c)| [a, b, c]),
        count in 0..4_usize,
        violations in violations(),
        changes in changes(),
    ) {
        let fields = &fields[..count];
        let lock = lock(kind, template, fields);
        let mut line = line(kind, fields, violations);
        for (path, value) in changes {
            set(&mut line, path, value);
        }
        // What is another event is valid to the linter as far as the contract goes.
        prop_assume!(line.get("event") == Some(&json!("an.event")));
        prop_assume!(line.get("version").and_then(Json::as_f64) == Some(2.0));
        let schema = lock.event_schema("an.event", 2).unwrap();
        let (ours, theirs, why) = verdicts(&lock, &schema, &line.into());
        prop_assert_eq!(ours, theirs, "{}", why);
    }

    #[test]
    fn lines_of_no_event_are_valid_to_the_contract_or_to_neither(
        fields in prop::collection::vec(anything(), 0..3),
        event in prop::sample::select(vec!["other", "log"]),
        kind in prop::sample::select(vec!["log", "log", "span", "metric"]),
        violations in violations(),
        changes in changes(),
    ) {
        let drawn: Vec<_> = fields.into_iter().enumerate()
            .map(|(index, value)| (json!({"name": format!("f{index}.x")}), Some(value))).collect();
        let mut line = line(kind, &drawn, violations);
        line.insert("event".into(), event.into());
        if event == "log" {
            line.insert("version".into(), 1.into());
            line.insert("target".into(), "a::b".into());
        }
        for (path, value) in changes {
            set(&mut line, path, value);
        }
        let is = |name: &str, version: f64| {
            line.get("event") == Some(&name.into()) && line.get("version").and_then(Json::as_f64) == Some(version)
        };
        prop_assume!(!is("an.event", 2.0));
        let lock = Lock::parse(r#"{"format":1,"events":[],"keys":[]}"#).unwrap();
        let schema = if is("log", 1.0) {
            lock.stream_schema()
        } else {
            include_str!("../../../spec/line.schema.json").to_owned()
        };
        let (ours, theirs, why) = verdicts(&lock, &schema, &line.into());
        prop_assert_eq!(ours, theirs, "{}", why);
    }
}
