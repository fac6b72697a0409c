//! Values that do not keep to their limits, and messages with placeholders.

use std::fmt;
use std::time::Duration;

use serde_json::{Value as Json, json};
use throughline_schema::{AsDisplay, Class, Event, Fields};
use throughline_structlog::testing;

/// A file was stored.
#[derive(Event)]
#[event(
    name = "file.stored",
    version = 1,
    level = "info",
    message = "stored {name} ({size} bytes, {tags}) as {{{owner}}} after {took}: {note}"
)]
struct Stored<'a> {
    /// The name of the file.
    #[event(max_len = 5)]
    name: &'a str,
    /// Its size.
    #[event(unit = "By", range = 1..=1000)]
    size: u64,
    /// What it is about.
    #[event(max_len = 2)]
    tags: &'a [&'a str],
    /// Whose it is.
    owner: Option<u32>,
    /// How long it took.
    #[event(unit = "s", range = ..=1.5)]
    took: Duration,
    /// How much of the disk each part takes.
    #[event(unit = "1", range = 0..=1)]
    shares: Vec<f64>,
    /// What else there is to say.
    #[event(with = AsDisplay, max_len = 4)]
    note: fmt::Arguments<'a>,
    /// Who stored it.
    #[event(class = "personal", max_len = 2)]
    user: &'a str,
    #[event(flatten)]
    part: Part,
}

/// A part of a file.
#[derive(Fields)]
struct Part {
    /// Its number, from 1.
    #[event(range = 1..)]
    number: i128,
}

const GOOD: Stored<'_> = Stored {
    name: "añbcd",
    size: 1000,
    tags: &["a", "b"],
    owner: Some(7),
    took: Duration::from_millis(1500),
    shares: Vec::new(),
    note: format_args!("f\"ne"),
    user: "al",
    part: Part { number: 1 },
};

fn bad(note: fmt::Arguments<'_>) -> Stored<'_> {
    Stored {
        name: "añbcd\u{1f600}x",
        size: 0,
        tags: &["a", "b", "c", "d"],
        owner: None,
        took: Duration::from_secs(2),
        shares: vec![0.5, 1.5, -1.0],
        note,
        user: "alice",
        part: Part { number: -5 },
    }
}

#[test]
fn what_keeps_to_its_limits_is_written_as_it_is() {
    let (log, captured) = testing::capture();
    log.emit(None, &GOOD);
    let record = captured.only::<Stored<'_>>();
    assert_eq!(record.message(), "stored añbcd (1000 bytes, a, b) as {7} after 1.5: f\"ne");
    assert!(record.get("violations").is_none());
    assert_eq!(record["note"], "f\"ne");
    assert_eq!(record["user"], "[redacted]");
}

#[test]
fn what_does_not_is_cut_or_kept_and_the_line_says_so() {
    let (log, captured) = testing::capture_with(|log| log.cleared_for(Class::Personal));
    log.emit(None, &bad(format_args!("ünï{}", "code")));
    let line = captured.lines().remove(0);
    let json: Json = serde_json::from_str(&line).unwrap();
    assert_eq!(json["message"], "stored añbcd (0 bytes, a, b) as {-} after 2: ünïc");
    assert_eq!(json["name"], "añbcd");
    assert_eq!(json["tags"], json!(["a", "b"]));
    assert_eq!((&json["size"], &json["took"]), (&json!(0), &json!(2)));
    assert_eq!(json["shares"], json!([0.5, 1.5, -1.0]));
    assert_eq!((&json["note"], &json["user"]), (&json!("ünïc"), &json!("al")));
    assert_eq!(json["part.number"], -5);
    let violations = [
        "name: max_len 5, had 7",
        "size: range 1..=1000, had 0",
        "tags: max_len 2, had 4",
        "took: range ..=1.5, had 2",
        "shares: range 0.0..=1.0, had 1.5",
        "note: max_len 4, had 7",
        "user: max_len 2, had 5",
        "part.number: range 1.., had -5",
    ];
    assert_eq!(json["violations"], json!(violations));
    // The next line has nothing of it.
    log.emit(None, &GOOD);
    assert!(!captured.lines()[1].contains("violations"));
}

#[test]
fn what_is_withheld_has_no_violations() {
    let (log, captured) = testing::capture();
    log.emit(None, &bad(format_args!("ünï{}", "code")));
    let line = captured.lines().remove(0);
    assert!(line.contains(r#""user":"[redacted]""#) && !line.contains("user: max_len"), "{line}");
}

#[test]
#[should_panic(expected = "name: max_len 5, had 7")]
fn a_test_that_looks_at_the_event_by_its_type_is_told() {
    let (log, captured) = testing::capture();
    log.emit(None, &bad(format_args!("ünï{}", "code")));
    captured.only::<Stored<'_>>();
}

#[test]
fn a_text_that_fails_half_way_leaves_no_half_value_in_a_message() {
    struct Fails;
    impl fmt::Display for Fails {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("half")?;
            Err(fmt::Error)
        }
    }
    let (log, captured) = testing::capture();
    log.emit(None, &bad(format_args!("{Fails}")));
    let json: Json = serde_json::from_str(&captured.lines()[0]).unwrap();
    assert!(json["message"].as_str().unwrap().ends_with(": [unprintable]"));
    assert_eq!(json["note"], "[unprintable]");
}
