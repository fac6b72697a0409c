//! Some thousand lines with whatever people put into events, and what each must say to anyone who reads it.
//!
//! With `THROUGHLINE_CORPUS` set to a folder, the lines are written there as `lines.jsonl`, and what they must say, without the timestamp, as `expected.jsonl`:
//! for parsers that are not ours (`scripts/strict-json`). What they must say is spelled by `serde_json`, not by our writer.

use std::error::Error;
use std::ffi::OsStr;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::Value as Json;
use throughline_ctx::{Context, Key};
use throughline_schema::Event;
use throughline_structlog::testing::Captured;
use throughline_structlog::{Logger, Service, testing, warn};

/// How many lines there are of each sort.
const OF_EACH: usize = 800;

/// Members as JSON, each spelled by `serde_json`.
macro_rules! members {
    ($($name:literal: $value:expr),* $(,)?) => {
        [$(($name, serde_json::to_string(&$value).unwrap())),*]
    };
}

fn object(members: impl IntoIterator<Item = (&'static str, String)>) -> String {
    let members = members.into_iter().map(|(name, value)| format!("\"{name}\":{value}"));
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

/// Makes the same values in each run.
struct Values(TestRunner);

impl Values {
    fn any<S: Strategy>(&mut self, strategy: S) -> S::Value {
        strategy.new_tree(&mut self.0).unwrap().current()
    }

    fn text(&mut self) -> String {
        let nasty = select(vec![
            "\0",
            "\u{1}",
            "\u{8}",
            "\t",
            "\n",
            "\u{b}",
            "\u{c}",
            "\r",
            "\r\n",
            "\u{1b}[31m",
            "\u{1f}",
            " ",
            "\"",
            "\\",
            "\\\"",
            "\\u0041",
            "/",
            "</script>",
            "\u{7f}",
            "\u{80}",
            "\u{85}",
            "\u{9b}",
            "\u{9f}",
            "\u{a0}",
            "\u{ad}",
            "é",
            "ß",
            "\u{300}",
            "\u{200b}",
            "\u{200e}",
            "\u{2027}",
            "\u{2028}",
            "\u{2029}",
            "\u{202a}",
            "\u{202e}",
            "\u{2066}",
            "€",
            "漢字",
            "\u{d7ff}",
            "\u{e000}",
            "\u{fdd0}",
            "\u{feff}",
            "\u{fffd}",
            "\u{ffff}",
            "\u{10000}",
            "😀",
            "👩‍👩‍👧",
            "\u{10ffff}",
            "{}",
            "[redacted]",
            "{\"a\":1}",
            "null",
            "NaN",
            "%s",
            "' OR 1=1 --",
        ]);
        self.any(prop_oneof![
            any::<String>(),
            prop::collection::vec(nasty, 0..12).prop_map(|pieces| pieces.concat()),
            "[a-z\u{7e}-\u{a1}\u{2026}-\u{202b}\"\\\\]{0,40}",
            "[ -~]{0,200}",
        ])
    }

    fn texts(&mut self) -> Vec<String> {
        (0..self.any(0..4)).map(|_| self.text()).collect()
    }

    fn float(&mut self) -> f64 {
        let extreme = select(vec![
            0.0,
            -0.0,
            0.1,
            0.3,
            1.0,
            -1.5,
            1e15,
            1e16,
            1e17,
            123456789012345680.0,
            1e21,
            1e22,
            1e23,
            9007199254740993.0,
            5e-324,
            2.225073858507201e-308,
            f64::MIN_POSITIVE,
            f64::EPSILON,
            f64::MAX,
            f64::MIN,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
        ]);
        self.any(prop_oneof![extreme, any::<f64>(), any::<u64>().prop_map(f64::from_bits)])
    }

    fn integer(&mut self) -> i64 {
        let extreme = select(vec![0, -1, i64::MAX, i64::MIN, 1 << 53, (1 << 53) + 1]);
        self.any(prop_oneof![extreme, any::<i64>(), any::<i8>().prop_map(i64::from)])
    }

    fn natural(&mut self) -> u64 {
        let extreme = select(vec![0, 9, 10, u64::MAX, i64::MAX as u64 + 1]);
        self.any(prop_oneof![extreme, any::<u64>(), any::<u8>().prop_map(u64::from)])
    }

    fn wide(&mut self) -> i128 {
        let extreme = select(vec![
            0,
            i128::MAX,
            i128::MIN,
            u64::MAX.into(),
            i128::from(u64::MAX) + 1,
            i128::from(i64::MIN) - 1,
        ]);
        self.any(prop_oneof![extreme, any::<i128>()])
    }

    /// A length of time, and its JSON.
    fn duration(&mut self) -> (Duration, String) {
        let nanos = select(vec![0, 1, 10, 500_000_000, 999_999_999]);
        let nanos = self.any(prop_oneof![nanos, 0..1_000_000_000_u32]);
        let secs = self.any(prop_oneof![0..100_u64, any::<u64>()]);
        let json = if nanos == 0 { secs.to_string() } else { format!("{secs}.{nanos:09}") };
        (Duration::new(secs, nanos), json)
    }

    /// A moment, and its text as GNU date writes it.
    fn time(&mut self) -> (SystemTime, &'static str) {
        let (secs, nanos, text) = self.any(select(vec![
            (0, 0, "1970-01-01T00:00:00.000000Z"),
            (68_169_599, 999_999_999, "1972-02-28T23:59:59.999999Z"),
            (68_169_600, 999, "1972-02-29T00:00:00.000000Z"),
            (946_684_799, 1_000, "1999-12-31T23:59:59.000001Z"),
            (951_868_799, 500_000_000, "2000-02-29T23:59:59.500000Z"),
            (1_709_251_200, 0, "2024-03-01T00:00:00.000000Z"),
            (4_107_542_400, 0, "2100-03-01T00:00:00.000000Z"),
            (253_402_300_799, 999_999_000, "9999-12-31T23:59:59.999999Z"),
        ]));
        (UNIX_EPOCH + Duration::new(secs, nanos), text)
    }
}

/// One of each type of value.
#[derive(Event)]
#[event(name = "one.of_each", version = 1, level = "info", message = "One \"of\" each\u{2028}")]
struct OneOfEach<'a> {
    /// Text.
    text: &'a str,
    /// Text that may be absent.
    maybe: Option<&'a str>,
    /// A character.
    letter: char,
    /// A boolean.
    truth: bool,
    /// A small integer.
    small: i8,
    /// An integer.
    signed: i64,
    /// Another.
    unsigned: u64,
    /// A float.
    float: f64,
    /// A narrow one.
    single: f32,
    /// A length of time.
    lasted: Duration,
    /// A moment.
    at: SystemTime,
    /// An address.
    address: IpAddr,
    /// An address with a port.
    peer: SocketAddr,
    /// A path.
    path: &'a Path,
    /// Several texts.
    texts: &'a [String],
    /// Several integers.
    integers: &'a [i64],
    /// Several floats.
    floats: [f64; 3],
    /// Several booleans.
    truths: [bool; 2],
    /// Somebody's.
    #[event(class = "personal", rename = "user.email")]
    email: &'a str,
    /// Nobody may read it.
    #[event(class = "secret")]
    tokens: &'a [String],
}

/// What a logger says of itself in each line.
const SERVICE: &str = r#"{"name":"corpus \" \u2028 é","version":"1.0","instance":"i"}"#;

/// What a line begins with.
fn head(level: &str, event: &str, message: &str) -> [(&'static str, String); 5] {
    let [level, event, version, message] =
        members!("level": level, "event": event, "version": 1, "message": message);
    [level, event, version, message, ("service", SERVICE.to_owned())]
}

fn one_of_each(values: &mut Values, log: &Logger) -> String {
    let (text, maybe, path) = (values.text(), values.text(), values.any(any::<Vec<u8>>()));
    let maybe = values.any(any::<bool>()).then_some(&*maybe);
    let path: Vec<u8> = path.into_iter().filter(|byte| *byte != 0).collect();
    let path = Path::new(OsStr::from_bytes(&path));
    let ((lasted, lasted_json), (at, at_text)) = (values.duration(), values.time());
    let (texts, integers) = (values.texts(), [values.integer(), values.integer()]);
    let event = OneOfEach {
        text: &text,
        maybe,
        letter: values.any(any::<char>()),
        truth: values.any(any::<bool>()),
        small: values.any(any::<i8>()),
        signed: values.integer(),
        unsigned: values.natural(),
        float: values.float(),
        single: values.any(any::<u32>().prop_map(f32::from_bits)),
        lasted,
        at,
        address: values.any(any::<IpAddr>()),
        peer: values.any(any::<SocketAddr>()),
        path,
        texts: &texts,
        integers: &integers[..values.any(0..=2_usize)],
        floats: [values.float(), values.float(), values.float()],
        truths: [true, false],
        email: "tyler@example.org",
        tokens: &texts,
    };
    log.emit(None, &event);
    let mut all = Vec::from(head("INFO", "one.of_each", "One \"of\" each\u{2028}"));
    all.extend(members! { "text": event.text });
    if let Some(maybe) = maybe {
        all.extend(members! { "maybe": maybe });
    }
    all.extend(members! {
        "letter": event.letter, "truth": event.truth, "small": event.small, "signed": event.signed, "unsigned": event.unsigned, "float": event.float,
        "single": event.single,
    });
    all.push(("lasted", lasted_json));
    all.extend(members! {
        "at": at_text, "address": event.address.to_string(), "peer": event.peer.to_string(), "path": path.to_string_lossy(), "texts": event.texts,
        "integers": event.integers, "floats": event.floats, "truths": event.truths, "user.email": "[redacted]", "tokens": "[redacted]",
    });
    object(all)
}

/// Integers that not every reader can hold.
#[derive(Event)]
#[event(name = "wide", version = 1, level = "debug", message = "")]
struct Wide<'a> {
    /// One.
    signed: i128,
    /// Another.
    unsigned: u128,
    /// Several.
    list: &'a [i128],
}

fn wide(values: &mut Values, log: &Logger) -> String {
    let list = [values.wide(), values.wide()];
    let event = Wide { signed: values.wide(), unsigned: values.any(any::<u128>()), list: &list };
    log.emit(None, &event);
    let fields = members! { "signed": event.signed, "unsigned": event.unsigned, "list": list };
    object(head("DEBUG", "wide", "").into_iter().chain(fields))
}

#[derive(Debug)]
struct Link(String, Option<Box<Link>>);

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // In pieces, as most errors are written.
        self.0.chars().try_for_each(|c| write!(f, "{c}"))
    }
}

impl Error for Link {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.1.as_deref().map(|link| link as _)
    }
}

/// Something failed.
#[derive(Event)]
#[event(name = "failed", version = 1, level = "error", message = "Failed")]
struct Failed<'a> {
    /// Why.
    #[event(error)]
    error: &'a Link,
    /// Why, which nobody may read.
    #[event(error, class = "secret")]
    hidden: &'a Link,
    /// What else is wrong.
    #[event(error)]
    other: Option<std::io::Error>,
}

fn failed(values: &mut Values, log: &Logger) -> String {
    let mut texts = values.texts();
    texts.insert(0, values.text());
    let chain =
        texts.iter().rev().fold(None, |cause, text| Some(Box::new(Link(text.clone(), cause))));
    let error = &chain.unwrap();
    log.emit(None, &Failed { error, hidden: error, other: None });
    let mut all = Vec::from(head("ERROR", "failed", "Failed"));
    all.extend(members! { "error": texts[0] });
    if texts.len() > 1 {
        all.extend(members! { "error.causes": texts[1..] });
    }
    all.extend(members! { "hidden": "[redacted]" });
    object(all)
}

fn ad_hoc(values: &mut Values, log: &Logger) -> String {
    const TEXT: Key<str> = Key::local("text", "Text");
    const FLOAT: Key<f64> = Key::local("a.float", "A float");
    const SIGNED: Key<i64> = Key::local("signed", "An integer");
    const UNSIGNED: Key<u64> = Key::local("unsigned", "Another");
    const TRUTH: Key<bool> = Key::local("truth", "A boolean");
    const USER: Key<str> = Key::local("user", "Who").personal();
    let (text, float, signed, unsigned) =
        (values.text(), values.float(), values.integer(), values.natural());
    let ctx = Context::root().with(&TEXT, &*text).with(&FLOAT, float).with(&SIGNED, signed);
    let ctx = ctx.with(&UNSIGNED, unsigned).with(&TRUTH, true).with(&USER, "tyler").child();
    let debug = Some(&text);
    warn!(logger: log, &ctx, "Ad \"hoc\"\n\u{9b}", text, shown = %text, debug = ?debug, a.float = float, signed, unsigned);

    let ids = members! {
        "id": ctx.request_id().as_str(), "trace_id": ctx.trace_id().to_string(), "span_id": ctx.span_id().to_string(),
        "parent_span_id": ctx.parent_span_id().unwrap().to_string(),
    };
    let entries = members! {
        "text": text, "a.float": float, "signed": signed, "unsigned": unsigned, "truth": true, "user": "[redacted]",
    };
    let mut all = Vec::from(head("WARN", "log", "Ad \"hoc\"\n\u{9b}"));
    all.push(("context", object(ids.into_iter().chain(entries))));
    all.extend(members! {
        "target": module_path!(), "text": text, "shown": text, "debug": format!("{debug:?}"), "a.float": float, "signed": signed, "unsigned": unsigned,
    });
    object(all)
}

fn corpus(captured: &Captured, log: &Logger) -> Vec<(String, String)> {
    let mut values = Values(TestRunner::deterministic());
    let mut expected = Vec::new();
    for sort in [one_of_each, wide, failed, ad_hoc] {
        expected.extend((0..OF_EACH).map(|_| sort(&mut values, log)));
    }
    let lines = captured.lines();
    assert_eq!(lines.len(), expected.len());
    lines.into_iter().zip(expected).collect()
}

#[test]
fn every_line_of_the_corpus_says_what_was_meant() {
    let service = Service::new("corpus \" \u{2028} é").version("1.0").instance("i");
    let captured = Captured::default();
    let log = Logger::builder(service).filter(throughline_schema::Level::Trace);
    let log = log.sink(captured.clone()).build();
    let corpus = corpus(&captured, &log);
    for (line, expected) in &corpus {
        let mut json: Json = serde_json::from_str(line).unwrap();
        json.as_object_mut().unwrap().remove("timestamp").unwrap();
        assert_eq!(json, serde_json::from_str::<Json>(expected).unwrap(), "{line}");
    }
    testing::assert_nothing_lost(&log);
    let Some(folder) = std::env::var_os("THROUGHLINE_CORPUS") else { return };
    let (lines, expected): (Vec<_>, Vec<_>) = corpus.into_iter().unzip();
    for (name, lines) in [("lines.jsonl", lines), ("expected.jsonl", expected)] {
        std::fs::write(Path::new(&folder).join(name), lines.join("\n") + "\n").unwrap();
    }
}
