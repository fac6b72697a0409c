//! Values that do what values should not do.

use std::fmt;

use serde_json::{Value as Json, json};
use throughline_schema::{Class, Event, Scalar, Type, Value, ValueWriter};
use throughline_structlog::testing::{self, Captured};
use throughline_structlog::{HashKey, Logger, Service, info};

/// Says something.
#[derive(Event)]
#[event(name = "said", version = 1, level = "info", message = "said {what}")]
struct Said<T: Value> {
    /// What.
    what: T,
}

/// Says something within limits, and to few.
#[derive(Event)]
#[event(name = "said.within", version = 1, level = "info", message = "Said")]
struct Within<'a> {
    /// What, within limits.
    #[event(max_len = 3)]
    limited: &'a Odd,
    /// What, for few.
    #[event(class = "secret")]
    secret: &'a Odd,
    /// Several, for few.
    #[event(class = "secret")]
    secrets: [Odd; 2],
}

fn json(captured: &Captured) -> Json {
    let line = captured.lines().pop().unwrap();
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

/// Writes what its number says.
struct Odd(u8);

impl Value for Odd {
    const TYPE: Type = Type::Text;

    fn write<W: ValueWriter>(&self, writer: W) {
        match self.0 {
            0 => {}
            1 => writer.display(&Endless),
            _ => writer.list(std::iter::repeat(&true)),
        }
    }
}

impl Scalar for Odd {}

struct Endless;

impl fmt::Display for Endless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        loop {
            f.write_str("and so on ")?;
        }
    }
}

#[test]
fn a_value_that_writes_nothing_is_null_wherever_it_stands() {
    let (log, captured) = testing::capture_with(|log| log.hashed_with(HashKey::new([7; 16])));
    let odd = &Odd(0);
    log.emit(None, &Within { limited: odd, secret: odd, secrets: [Odd(0), Odd(0)] });
    let written = json(&captured);
    assert_eq!((&written["limited"], &written["secret"]), (&Json::Null, &Json::Null));
    assert_eq!(written["secrets"], json!([null, null]));
    log.emit(None, &Said { what: odd });
    assert_eq!(
        (&json(&captured)["message"], &json(&captured)["what"]),
        (&json!("said -"), &Json::Null)
    );
}

#[test]
fn a_value_without_an_end_is_clipped() {
    for odd in [&Odd(1), &Odd(2)] {
        let (log, captured) = testing::capture();
        log.emit(None, &Said { what: odd });
        assert!(json(&captured)["violations"][0].as_str().unwrap().starts_with("line: "));
        let (log, captured) = testing::capture_with(|log| {
            log.cleared_for(Class::Secret).hashed_with(HashKey::new([7; 16]))
        });
        log.emit(None, &Within { limited: odd, secret: &Odd(0), secrets: [Odd(0), Odd(0)] });
        let violation = json(&captured)["violations"][0].as_str().unwrap().to_owned();
        assert!(violation.starts_with("limited: max_len 3, had "), "{violation}");
    }
    let (log, captured) = testing::capture_with(|log| log.hashed_with(HashKey::new([7; 16])));
    log.emit(None, &Within { limited: &Odd(0), secret: &Odd(1), secrets: [Odd(0), Odd(1)] });
    assert_eq!(json(&captured)["secret"], "[unprintable]");
}

#[test]
fn a_message_that_would_be_too_long_is_clipped_and_the_event_arrives() {
    let (log, captured) = testing::capture();
    log.emit(None, &Said { what: "x".repeat(2 << 20) });
    let written = json(&captured);
    assert_eq!(written["message"].as_str().unwrap().len(), "said ".len() + 1024);
    assert_eq!(written["what"].as_str().unwrap().len(), 1024);
    log.emit(None, &Said { what: vec![1_u32; 1 << 20] });
    assert!(json(&captured)["message"].as_str().unwrap().starts_with("said 1, 1, "));
}

#[test]
fn a_text_that_is_clipped_ends_where_it_is_clipped() {
    let (log, captured) = testing::capture();
    let pieces = format!("{}{}{}", "x".repeat(1023), 'é', "z".repeat(2 << 20));
    info!(logger: log, "clipped", text = %pieces, more = pieces);
    assert_eq!(json(&captured)["text"], "x".repeat(1023));
    assert_eq!(json(&captured)["more"], "x".repeat(1023));
}

#[test]
fn a_service_with_a_long_version_does_not_cost_its_events() {
    let captured = Captured::default();
    let service = Service::new("shop").version("é".repeat(1 << 20)).instance("i".repeat(1 << 20));
    let log = Logger::builder(service).sink(captured.clone()).build();
    info!(logger: log, "here");
    let service = &json(&captured)["service"];
    assert_eq!(service["version"].as_str().unwrap().len(), 128);
    assert_eq!(service["instance"].as_str().unwrap().len(), 128);
}

#[test]
fn a_panic_that_panics_again_when_it_is_dropped_reaches_nobody() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("again, as this test wants it");
        }
    }
    struct Panics;
    impl fmt::Display for Panics {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            std::panic::panic_any(Bomb)
        }
    }
    let (log, captured) = testing::capture();
    info!(logger: log, "still here", value = %Panics);
    assert_eq!(json(&captured)["value"], "[unprintable]");
}

#[test]
fn names_around_a_macro_mean_what_they_mean_to_it_and_to_the_caller() {
    #![allow(non_upper_case_globals, unused_macros, dead_code)]
    static level: u8 = 1;
    static logger: u8 = 2;
    static ctx: u8 = 3;
    macro_rules! concat {
        () => {};
    }
    let (log, captured) = testing::capture();
    info!(logger: log, "sum", sum = level + logger + ctx);
    assert_eq!(json(&captured)["sum"], 6);
}
