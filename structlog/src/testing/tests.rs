use super::*;
use proptest::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use throughline_ctx::{Context, Key};
use throughline_schema::Outcome;

/// Something was done.
#[derive(Event)]
#[event(name = "done", version = 2, level = "info", kind = "span", message = "Done")]
struct Done<'a> {
    /// How long it took.
    duration_us: u64,
    /// How it ended.
    outcome: Outcome,
    /// What was done.
    what: &'a str,
    /// How much of it.
    share: Option<f64>,
    /// What went wrong.
    #[event(error)]
    error: Option<std::io::Error>,
}

const DONE: Done<'_> =
    Done { duration_us: 7, outcome: Outcome::Ok, what: "all", share: Some(0.5), error: None };

/// Not the same thing, under the same name.
#[derive(Event)]
#[event(name = "done", version = 3, level = "info", message = "Done")]
struct DoneOtherwise {}

/// As it was declared before.
#[derive(Event)]
#[event(name = "done", version = 2, level = "info", kind = "span", message = "Done")]
struct DoneAsDeclaredBefore {
    /// How long it took.
    duration_us: u64,
    /// How it ended.
    outcome: Outcome,
    /// How much of it.
    share: Option<f64>,
}

/// As it is declared next.
#[derive(Event)]
#[event(name = "done", version = 2, level = "info", kind = "span", message = "Done")]
struct DoneAsDeclaredNext {
    /// How long it took.
    duration_us: u64,
    /// How it ended.
    outcome: Outcome,
    /// Whether all was done.
    what: bool,
}

/// The message of a panic.
fn panics<T>(work: impl FnOnce() -> T) -> String {
    let payload = catch_unwind(AssertUnwindSafe(work)).err().expect("no panic");
    *payload.downcast::<String>().expect("a message")
}

#[test]
fn events_are_had_by_type_and_their_members_by_name() {
    const USER: Key<str> = Key::local("user", "Who");
    let (log, captured) = capture();
    let ctx = Context::root().with(&USER, "tyler");
    log.emit_at(Level::Warn, &ctx, &DONE);
    log.emit(None, &DoneOtherwise {});
    assert_eq!(captured.of::<DoneOtherwise>().len(), 1);
    let done = captured.only::<Done<'_>>();
    assert_eq!((done.level(), done.event(), done.version()), (Level::Warn, "done", 2));
    assert_eq!((done.message(), &done["kind"]), ("Done", &Json::String("span".into())));
    assert_eq!(done.context().unwrap()["user"], "tyler");
    assert_eq!(
        (&done["duration_us"], &done["outcome"]),
        (&Json::Number("7".into()), &Json::String("ok".into()))
    );
    assert!(done["duration_us"] == 7_u64 && done["duration_us"] != 8 && done["share"] == 0.5);
    assert_eq!(done.fields().map(|(name, _)| name).collect::<Vec<_>>(), ["what", "share"]);
    assert!(done.get("error").is_none());
    assert_eq!(captured.lines()[0], done.line());
    assert_eq!(captured.take().len(), 2);
    assert!(captured.events().is_empty());
}

#[test]
fn an_event_that_is_not_there_once_is_reported_with_what_is() {
    let (log, captured) = capture();
    let none = panics(|| captured.only::<Done<'_>>());
    assert_eq!(none, "expected 1 event done of version 2, found 0 among:\n");
    log.emit(None, &DONE);
    log.emit(None, &DONE);
    let two = panics(|| captured.only::<Done<'_>>());
    assert!(
        two.starts_with("expected 1 event done of version 2, found 2 among:\n{\"timestamp\""),
        "{two}"
    );
    assert_eq!(two.lines().count(), 3);
    let absent = panics(|| captured.events()[0]["absent"] == 1);
    assert!(absent.starts_with("there is no `absent` in {\"timestamp\""), "{absent}");
}

#[test]
fn an_event_that_is_not_as_its_type_declares_is_refused() {
    let (log, captured) = capture();
    log.emit(None, &DONE);
    let why = panics(|| captured.of::<DoneAsDeclaredBefore>());
    assert!(why.starts_with("`what` is no field of done, in the line:"), "{why}");
    let why = panics(|| captured.of::<DoneAsDeclaredNext>());
    assert!(why.starts_with("`what` is \"all\", declared as Some(Bool), in the line:"), "{why}");
    let errors = Done { error: Some(std::io::Error::other("late")), ..DONE };
    log.emit(None, &errors);
    assert_eq!(captured.of::<Done<'_>>()[1]["error"], "late");
}

#[test]
fn what_was_lost_is_said_by_level() {
    let log = Logger::builder("test").sink(crate::FileSink::open("/dev/full").unwrap()).build();
    assert_nothing_lost(&log);
    log.emit(None, &DONE);
    log.emit_at(Level::Error, None, &DONE);
    assert_eq!(panics(|| assert_nothing_lost(&log)), "events were lost: [(Info, 1), (Error, 1)]");
}

#[test]
fn a_line_that_is_not_text_or_has_no_end_is_refused() {
    for (line, expected) in [(&b"{\"a\":\"\xff\"}\n"[..], "invalid utf-8"), (b"{}", "no line feed")]
    {
        let captured = Captured::default();
        captured.lock().push(line.to_vec());
        let why = panics(|| captured.lines());
        assert!(why.contains(expected) && why.contains("in the line"), "{why}");
    }
}

/// Whether this is what another parser read.
fn same(json: &Json, other: &serde_json::Value) -> bool {
    use serde_json::Value;
    match (json, other) {
        (Json::Null, Value::Null) => true,
        (Json::Bool(a), Value::Bool(b)) => a == b,
        (Json::Number(_), Value::Number(b)) => {
            b.as_u64().is_some_and(|b| *json == b)
                || b.as_i64().is_some_and(|b| *json == b)
                || b.as_f64().is_some_and(|b| *json == b)
        }
        (Json::String(a), Value::String(b)) => a == b,
        (Json::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Json::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        _ => false,
    }
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value;
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    scalar.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..4).prop_map(Value::from_iter),
        ]
    })
}

/// Text in which something that matters to JSON was put in place of something else.
fn damaged(text: &str, at: prop::sample::Index, piece: &str) -> String {
    let places: Vec<usize> = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
    let start = *at.get(&places);
    let rest = &text[start..];
    let mut rest = rest.chars();
    rest.next();
    format!("{}{piece}{}", &text[..start], rest.as_str())
}

proptest! {
    #[test]
    fn json_is_read_as_serde_json_reads_it(value in any_json(), pretty: bool) {
        let text = if pretty { format!("{value:#}") } else { value.to_string() };
        let json: Json = text.parse().unwrap();
        prop_assert!(same(&json, &value), "{json:?} is not {value}");
    }

    #[test]
    fn what_is_no_json_to_serde_json_is_none_here(
        value in any_json(),
        at: prop::sample::Index,
        piece in prop::sample::select(vec![
            "", "\"", "\\", "\\u", "\\ud800", "\\udc00x", "\\ud83d\\ude00", "\\u00e9", "\\/", "\\x", "\u{1}", "\n", "{", "}", "[", "]", ",", ":", "0", "-", "+", ".",
            "e", "E5", "nul", "null", "true", "NaN", " ", "\u{a0}", "é",
        ]),
    ) {
        let text = damaged(&value.to_string(), at, piece);
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        match (text.parse::<Json>(), theirs) {
            (Ok(ours), Ok(theirs)) => prop_assert!(same(&ours, &theirs), "{text}"),
            (Err(_), Err(_)) => {}
            (Err(why), Ok(_)) => prop_assert!(why.to_string().ends_with("stands twice"), "{text}: {why}"),
            // Numbers that no float can hold are none of ours.
            (Ok(_), Err(why)) => prop_assert!(why.to_string().starts_with("number out of range"), "{text}: {why}"),
        }
    }
}

#[test]
fn json_that_is_nested_too_deeply_is_refused() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = |depth| format!("{}0{}", open.repeat(depth), close.repeat(depth));
        assert!(nested(31).parse::<Json>().is_ok());
        assert!(nested(32).parse::<Json>().is_err());
        assert!(nested(1_000_000).parse::<Json>().is_err());
    }
}

#[test]
fn a_name_that_stands_twice_is_refused_at_every_depth_however_it_is_spelled() {
    for text in [r#"{"a":1,"a":1}"#, r#"{"b":[{"a":1,"\u0061":2}]}"#] {
        assert_eq!(text.parse::<Json>().unwrap_err().to_string(), "`a` stands twice");
    }
}

#[test]
fn json_compares_with_values_of_its_kind_only() {
    let json = |text: &str| text.parse::<Json>().unwrap();
    let a = String::from("a");
    assert!(json("340282366920938463463374607431768211455") == u128::MAX);
    assert!(json("256") != 0_u8 && json("256") == 256_u16 && json("-1") == -1 && json("3.0") != 3);
    assert!(json("0.1") == 0.1_f32 && json("0.1") == 0.1 && json("3") == 3.0);
    assert!(json("true") == true && json("\"true\"") != true && json("null") == Json::Null);
    assert!(json("\"a\"") == "a" && json("\"a\"") == a && json("1") != "1");
    assert!(json("[1,2]") == [1, 2] && json("[1,2]") == vec![1, 2] && json("[1,2]") != [1]);
    assert!(json("[]") == Vec::<&str>::new() && json("[true]") == [true][..]);
    let (outside, no_array) = (panics(|| json("[1]")[1] == 1), panics(|| json("1")[0] == 1));
    assert_eq!((&*outside, &*no_array), ("there is no item 1 in [1]", "there is no item 0 in 1"));
    assert_eq!(panics(|| json(r#"{"a":1}"#)["b"] == 1), r#"there is no `b` in {"a": 1}"#);
}
