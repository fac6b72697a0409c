//! The JSON Schemas that the registry exports accept what the logger writes, and nothing else.
//!
//! With `THROUGHLINE_SCHEMA_CORPUS` in its environment the test writes its lines to that directory, each with the verdict that it expects, and the schemas: `scripts/json-schema` puts them before other validators.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{env, fs};

use jsonschema::Validator;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value as Json, json};
use throughline_ctx::{Context, Key, keys};
use throughline_schema::lock::Lock;
use throughline_schema::{AsDisplay, Class, Event, Fields, Outcome, Value};
use throughline_structlog::testing::Captured;
use throughline_structlog::{HashKey, Logger, info};
use uuid_1::Uuid;

keys! {
    const TENANT: Key<str> = Key::local("schemas.tenant", "Whose data it is").personal();
    const SHARE: Key<f64> = Key::local("schemas.share", "How much of it");
}

/// How it went.
#[derive(Value, Clone, Copy, Debug)]
enum Verdict {
    /// Well.
    Well,
    /// Not so well.
    #[event(rename = "not \"so\" well")]
    NotSoWell,
}

/// A size.
#[derive(Fields, Debug, Clone)]
struct Size {
    /// How many bytes.
    #[event(unit = "By", range = 0..=1000)]
    bytes: u32,
    /// How many of what.
    #[event(max_len = 2, range = -5..=5)]
    counts: Vec<i8>,
}

/// One of each.
#[derive(Event, Debug, Clone)]
#[event(
    name = "schemas.one_of_each",
    version = 3,
    level = "info",
    message = "{text} of {verdict}",
    kind = "span"
)]
struct OneOfEach {
    /// How long it took.
    duration_us: u64,
    /// How it ended.
    outcome: Outcome,
    /// A truth.
    truth: bool,
    /// A small integer.
    #[event(range = -100..)]
    small: i8,
    /// A large one.
    large: Option<i64>,
    /// A very large one.
    larger: i128,
    /// The largest.
    largest: u128,
    /// A float.
    #[event(range = -0.5..=0.5)]
    float: f64,
    /// A smaller one, whose bounds are no such floats.
    #[event(range = -0.3..=0.09999999999)]
    single: Option<f32>,
    /// Text.
    #[event(max_len = 4)]
    text: String,
    /// A letter.
    letter: char,
    /// A length of time.
    #[event(unit = "s", range = ..=1001.118)]
    lasted: Duration,
    /// A moment.
    at: SystemTime,
    /// An address.
    ip: IpAddr,
    /// An address and a port.
    peer: SocketAddr,
    /// A UUID.
    id: Uuid,
    /// How it went.
    verdict: Verdict,
    /// A list of texts.
    texts: Vec<String>,
    /// A list of verdicts.
    verdicts: Option<Vec<Verdict>>,
    /// What went wrong.
    #[event(error, max_len = 10)]
    error: Option<std::num::ParseIntError>,
    /// As it shows itself.
    #[event(with = AsDisplay, max_len = 3)]
    shown: i64,
    #[event(flatten)]
    request: Size,
    #[event(flatten = "http.response")]
    response: Option<Size>,
    /// Somebody.
    #[event(class = "personal", max_len = 5)]
    who: String,
    /// Their number.
    #[event(class = "secret", range = ..=9)]
    number: Option<u16>,
    /// Their friends.
    #[event(class = "personal")]
    friends: Vec<u8>,
}

/// Nothing to say.
#[derive(Event)]
#[event(name = "schemas.nothing", version = 1, level = "warn", message = "Nothing \"to\" say {{}}")]
struct Nothing;

fn size() -> impl Strategy<Value = Size> {
    (0..1200_u32, prop::collection::vec(-7..7_i8, 0..4))
        .prop_map(|(bytes, counts)| Size { bytes, counts })
}

fn numbers() -> impl Strategy<Value = (i8, Option<i64>, i128, u128, f64, Option<f32>)> {
    let float = prop_oneof![-1.0..1.0, any::<f64>(), Just(f64::NAN), Just(f64::INFINITY)];
    let extremes = prop_oneof![any::<u128>(), Just(u128::MAX), Just(0)];
    let single = prop_oneof![any::<f32>(), -0.4..0.2_f32, Just(-0.3), Just(0.1)];
    let single = prop::option::of(single);
    (any::<i8>(), any::<Option<i64>>(), any::<i128>(), extremes, float, single)
}

fn others() -> impl Strategy<Value = (Duration, SystemTime, IpAddr, SocketAddr, Uuid)> {
    let lasted = (0..2_000_000_000_000_u64).prop_map(Duration::from_nanos);
    (
        prop_oneof![lasted, Just(Duration::from_millis(1_001_118))],
        0..1_000_000_000_u32,
        any::<u32>(),
        any::<IpAddr>(),
        any::<SocketAddr>(),
        any::<u128>(),
    )
        .prop_map(|(lasted, nanos, since, ip, peer, id)| {
            let at = UNIX_EPOCH + Duration::new(since.into(), nanos);
            (lasted, at, ip, peer, Uuid::from_u128(id))
        })
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![Just(Verdict::Well), Just(Verdict::NotSoWell)]
}

fn event() -> impl Strategy<Value = OneOfEach> {
    let texts = (".{0,6}", "\\PC{0,3}", any::<char>(), prop::collection::vec(".{0,3}", 0..3));
    let sets = (verdict(), prop::option::of(prop::collection::vec(verdict(), 0..3)));
    let groups = (size(), prop::option::of(size()), any::<Option<u16>>());
    (texts, sets, groups, numbers(), others(), any::<(bool, u64, i64)>()).prop_map(
        |(texts, sets, groups, numbers, others, (truth, duration_us, shown))| {
            let (text, who, letter, texts) = texts;
            let (request, response, number) = groups;
            let (small, large, larger, largest, float, single) = numbers;
            let (lasted, at, ip, peer, id) = others;
            let outcome = if truth { Outcome::Ok } else { Outcome::Timeout };
            OneOfEach {
                duration_us,
                outcome,
                truth,
                small,
                large,
                larger,
                largest,
                float,
                single,
                text,
                letter,
                lasted,
                at,
                ip,
                peer,
                id,
                verdict: sets.0,
                texts,
                verdicts: sets.1,
                error: (!truth).then(|| "x".parse::<u8>().unwrap_err()),
                shown,
                request,
                response,
                who,
                number,
                friends: vec![1; usize::from(truth)],
            }
        },
    )
}

/// What a line becomes that no logger writes.
type Mutation = (&'static str, fn(&mut Json));

const MUTATIONS: &[Mutation] = &[
    ("without a timestamp", |line| remove(line, "timestamp")),
    ("a time without a fraction", |line| line["timestamp"] = json!("2026-11-21T09:28:31Z")),
    ("a level in lower case", |line| line["level"] = json!("info")),
    ("another event", |line| line["event"] = json!("schemas.two_of_each")),
    ("another version", |line| line["version"] = json!(4)),
    ("a version as text", |line| line["version"] = json!("3")),
    ("without its kind", |line| remove(line, "kind")),
    ("a message that is no text", |line| line["message"] = json!(null)),
    ("a service without a name", |line| line["service"] = json!({})),
    ("a context without a trace", |line| {
        line["context"] = json!({"id": "x", "span_id": "0123456789abcdef"})
    }),
    ("an entry of another type", |line| line["context"]["schemas.share"] = json!("half")),
    ("an entry that is an object", |line| line["context"]["other"] = json!({})),
    ("an unknown field", |line| line["colour"] = json!("red")),
    ("without a field", |line| remove(line, "truth")),
    ("without a field of a group", |line| remove(line, "request.bytes")),
    ("a truth as text", |line| line["truth"] = json!("true")),
    ("an integer beyond its type", |line| line["small"] = json!(128)),
    ("an integer with a fraction", |line| line["large"] = json!(0.5)),
    ("a negative duration", |line| line["duration_us"] = json!(-1)),
    ("another outcome", |line| line["outcome"] = json!("failure")),
    ("a float as text", |line| line["float"] = json!("NaN")),
    ("an absent value that is null", |line| line["large"] = json!(null)),
    ("text that is too long", |line| line["text"] = json!("é😀xyz")),
    ("an error that is too long", |line| line["error"] = json!("invalid digit")),
    ("causes that are none", |line| line["error.causes"] = json!("a cause")),
    ("a time that is none", |line| line["at"] = json!("2026-13-21T09:28:31.000000Z")),
    ("an address that is none", |line| line["ip"] = json!("192.0.2.256")),
    ("an address without a port", |line| line["peer"] = json!("192.0.2.1")),
    ("a UUID in upper case", |line| line["id"] = json!("0193F5A0-6F52-7D5C-A1B0-5F3F4C1F9D11")),
    ("no member of the set", |line| line["verdict"] = json!("badly")),
    ("a list with a null", |line| line["texts"] = json!(["a", null])),
    ("a list with none of the set", |line| line["verdicts"] = json!(["well", "badly"])),
    ("a list that is too long", |line| line["request.counts"] = json!([1, 2, 3])),
    ("a range that was left in silence", |line| {
        line["request.bytes"] = json!(1001);
        line["violations"] = json!(["small: range -100.., had -101"]);
    }),
    ("a range of a float that was left in silence", |line| {
        line["float"] = json!(0.75);
        remove(line, "violations");
    }),
    ("a range of a smaller float that was left in silence", |line| {
        line["single"] = json!(0.100_000_01);
        remove(line, "violations");
    }),
    ("a range of a duration that was left in silence", |line| {
        line["lasted"] = json!(1_001.118_000_001);
        remove(line, "violations");
    }),
    ("a range of a list that was left in silence", |line| {
        line["request.counts"] = json!([6]);
        remove(line, "violations");
    }),
    ("no violation", |line| line["violations"] = json!([])),
    ("a violation of what has no limits", |line| {
        line["violations"] = json!(["truth: max_len 1, had 2"])
    }),
    ("a secret of another type", |line| line["number"] = json!("seven")),
    ("a hash that is too short", |line| line["who"] = json!("[hash:00]")),
    ("a weight of one", |line| line["weight"] = json!(1)),
];

fn remove(line: &mut Json, name: &str) {
    line.as_object_mut().unwrap().remove(name);
}

struct Corpus {
    schemas: Vec<(String, String)>,
    validators: Vec<Validator>,
    cases: String,
}

impl Corpus {
    /// With the schemas of the events under test, and of the stream.
    fn new() -> Corpus {
        let lock = Lock::of_program();
        let schemas = vec![
            ("one_of_each".to_owned(), lock.event_schema("schemas.one_of_each", 3).unwrap()),
            ("nothing".to_owned(), lock.event_schema("schemas.nothing", 1).unwrap()),
            ("stream".to_owned(), lock.stream_schema()),
        ];
        let validator = |(_, schema): &(String, String)| {
            jsonschema::draft202012::new(&serde_json::from_str(schema).unwrap()).unwrap()
        };
        Corpus {
            validators: schemas.iter().map(validator).collect(),
            schemas,
            cases: String::new(),
        }
    }

    /// A line, and whether a schema accepts it.
    fn case(&mut self, schema: &str, line: &str, valid: bool, why: &str) {
        let index = self.schemas.iter().position(|(name, _)| name == schema).unwrap();
        let json: Json = serde_json::from_str(line).unwrap();
        let fault = self.validators[index].validate(&json).err().map(|fault| fault.to_string());
        assert_eq!(fault.is_none(), valid, "{schema}, {why}: {line}: {fault:?}");
        let why = json!(why);
        writeln!(
            self.cases,
            r#"{{"schema":"{schema}","valid":{valid},"why":{why},"line":{line}}}"#
        )
        .unwrap();
    }

    fn write(&self) {
        let Some(dir) = env::var_os("THROUGHLINE_SCHEMA_CORPUS").map(std::path::PathBuf::from)
        else {
            return;
        };
        for (name, schema) in &self.schemas {
            fs::write(dir.join(format!("{name}.schema.json")), schema).unwrap();
        }
        fs::write(dir.join("cases.ndjson"), &self.cases).unwrap();
    }
}

#[test]
fn exported_schemas_accept_what_is_written_and_nothing_else() {
    let captured = Captured::default();
    let logger = || Logger::builder("test").sink(captured.clone());
    let all = || logger().cleared_for(Class::Personal).cleared_for(Class::Secret);
    let loggers = [
        logger().build(),
        all().nanoseconds().build(),
        logger().hashed_with(HashKey::new([7; 16])).build(),
    ];
    let ctx = Context::root().with(&TENANT, "acme").with(&SHARE, 0.5).child();
    let last = || captured.lines().pop().unwrap();
    let mut corpus = Corpus::new();
    let mut runner = TestRunner::deterministic();
    for round in 0..64 {
        let event = event().new_tree(&mut runner).unwrap().current();
        let log = &loggers[round % loggers.len()];
        log.emit((round % 2 == 0).then_some(&ctx), &event);
        for schema in ["one_of_each", "stream"] {
            corpus.case(schema, &last(), true, "as written");
        }
    }
    // In full, and without a limit in sight that is not kept to.
    let keeps = OneOfEach {
        small: 1,
        float: 0.25,
        single: Some(0.1),
        text: "text".to_owned(),
        lasted: Duration::from_millis(1_001_118),
        shown: 7,
        error: None,
        request: Size { bytes: 1, counts: vec![1] },
        response: None,
        who: "ada".to_owned(),
        number: Some(1),
        ..event().new_tree(&mut runner).unwrap().current()
    };
    loggers[1].emit(&ctx, &keeps);
    let line = last();
    assert!(!line.contains("violations"), "{line}");
    corpus.case("one_of_each", &line, true, "as written");
    for (why, mutate) in MUTATIONS {
        let mut json: Json = serde_json::from_str(&line).unwrap();
        mutate(&mut json);
        for schema in ["one_of_each", "stream"] {
            corpus.case(schema, &json.to_string(), false, why);
        }
    }
    loggers[0].emit(None, &Nothing);
    corpus.case("nothing", &last(), true, "as written");
    corpus.case("nothing", &last().replace("Nothing", "Something"), false, "another message");
    corpus.case("one_of_each", &last(), false, "another event");
    // A line that was too long has nothing left of its fields.
    loggers[0].emit(None, &OneOfEach { texts: vec!["x".repeat(1100); 3000], ..keeps.clone() });
    assert!(last().contains("left out"));
    corpus.case("one_of_each", &last(), true, "too long, and left out");
    loggers[0].emit(None, &OneOfEach { texts: vec!["x".repeat(2 << 20)], ..keeps });
    corpus.case("one_of_each", &last(), true, "too long, and clipped");
    info!(logger: loggers[0], &ctx, "ad hoc", size = 1, list = [1.5, f64::NAN]);
    corpus.case("stream", &last(), true, "as written");
    corpus.case(
        "stream",
        &last().replace("\"log\"", "\"lag\""),
        false,
        "an event that nobody registered",
    );
    corpus.write();
}
