//! What `testing` makes of lines that break the contract, beside what the JSON Schema says of them.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value as Json;
use throughline_structlog::testing::Record;

const LINE: &str = concat!(
    r#"{"timestamp":"2026-11-21T09:28:31.123456Z","level":"INFO","event":"user.seen","version":1,"kind":"span","#,
    r#""message":"User seen","service":{"name":"accounts","version":"1","instance":"i"},"#,
    r#""context":{"id":"r-1","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7","#,
    r#""parent_span_id":"b7ad6b7169203331","user":"tyler"},"duration_us":7,"outcome":"ok","#,
    r#""name":"\u001b","list":[1,null,"a"],"none":null}"#
);

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let schema = serde_json::from_str(include_str!("../../../spec/line.schema.json")).unwrap();
    jsonschema::validator_for(&schema).unwrap()
});

/// Whether the schema takes the line, if a JSON parser does.
fn is_valid(line: &str) -> bool {
    serde_json::from_str::<Json>(line).is_ok_and(|json| SCHEMA.is_valid(&json))
}

fn changed(from: &str, to: &str) -> String {
    assert!(LINE.contains(from), "{from}");
    LINE.replacen(from, to, 1)
}

#[test]
fn a_line_that_keeps_the_contract_is_read() {
    let same = [
        ("", ""),
        ("31.123456Z", "31.123456789Z"),
        ("2026-11-21", "2024-02-29"),
        (r#","name":"\u001b","list":[1,null,"a"],"none":null"#, ""),
        (r#","version":"1","instance":"i""#, ""),
        (r#","parent_span_id":"b7ad6b7169203331""#, ""),
        (
            r#""event":"user.seen","version":1,"kind":"span""#,
            r#""event":"user.seen","version":4294967295,"kind":"span""#,
        ),
        (r#""none":null"#, r#""none":340282366920938463463374607431768211455"#),
    ];
    for (from, to) in same {
        let line = changed(from, to);
        line.parse::<Record>().unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(is_valid(&line), "{line}");
    }
}

#[test]
fn a_line_that_breaks_the_contract_is_refused_as_the_schema_refuses_it() {
    let broken = [
        ("2026-11-21T", "2026-11-21 ", "timestamp"),
        ("31.123456Z", "31.123Z", "timestamp"),
        ("31.123456Z", "31.1234567Z", "timestamp"),
        ("31.123456Z", "31.123456+00:00", "timestamp"),
        ("2026-11-21", "2026-13-21", "timestamp"),
        ("2026-11-21", "2026-11-00", "timestamp"),
        ("T09", "T24", "timestamp"),
        ("T09:28", "T09:60", "timestamp"),
        (":31.", ":60.", "timestamp"),
        (r#""timestamp":"2026-11-21T09:28:31.123456Z","#, "", "timestamp"),
        ("INFO", "info", "level"),
        ("user.seen", "User.Seen", "event"),
        (r#""version":1,"#, r#""version":0,"#, "version"),
        (r#""version":1,"#, r#""version":"1","#, "version"),
        (r#""version":1,"#, "", "version"),
        (r#""span","#, r#""log","#, "kind"),
        (r#""User seen""#, "1", "message"),
        (r#""message":"User seen","#, "", "message"),
        (r#""name":"accounts""#, r#""name":"""#, "service"),
        (r#""name":"accounts","#, "", "service"),
        (r#""instance":"i""#, r#""host":"i""#, "service"),
        (r#""instance":"i""#, r#""instance":1"#, "service"),
        ("r-1", "r 1", "context"),
        ("r-1", "", "context"),
        ("4bf92f3577b34da6a3ce929d0e0e4736", "4BF92f3577b34da6a3ce929d0e0e4736", "context"),
        ("4bf92f3577b34da6a3ce929d0e0e4736", "00000000000000000000000000000000", "context"),
        ("00f067aa0ba902b7", "00f067aa0ba902b", "context"),
        ("b7ad6b7169203331", "0000000000000000", "context"),
        (r#""span_id":"00f067aa0ba902b7","#, "", "context"),
        (r#""user":"tyler""#, r#""user":["tyler"]"#, "context"),
        (r#""user":"tyler""#, r#""User":"tyler""#, "context"),
        (r#""duration_us":7"#, r#""duration_us":-7"#, "duration_us"),
        (r#""duration_us":7,"#, "", "duration_us"),
        (r#","outcome":"ok""#, "", "outcome"),
        (r#""kind":"span","#, "", "duration_us"),
        (r#""ok""#, r#""fine""#, "outcome"),
        (r#""none":null"#, r#""None":null"#, "None"),
        (r#""none":null"#, r#""none":{"a":1}"#, "none"),
        (r#""none":null"#, r#""none":[[1]]"#, "none"),
        (r#""none":null"#, r#""none":NaN"#, "no JSON"),
        (r#""none":null}"#, r#""none":null"#, "no JSON"),
    ];
    for (from, to, member) in broken {
        let line = changed(from, to);
        assert!(!is_valid(&line), "the schema takes {line}");
        let error = line.parse::<Record>().unwrap_err().to_string();
        assert!(error.contains(member), "{error}: {line}");
    }
}

#[test]
fn what_a_schema_cannot_see_is_refused_as_well() {
    let name = r#""name":"\u001b""#;
    let broken = [
        // Twice, in the line and within an object, however it is spelled.
        (r#""none":null"#, r#""name":null"#, "`name` stands twice"),
        (r#""none":null"#, r#""n\u0061me":null"#, "`name` stands twice"),
        (r#""user":"tyler""#, r#""id":"r-2""#, "`id` stands twice"),
        // As they are.
        (name, "\"name\":\"\u{7f}\"", r"'\u{7f}' stands as it is"),
        (name, "\"name\":\"\u{9b}\"", r"'\u{9b}' stands as it is"),
        (name, "\"name\":\"\u{2028}\"", r"'\u{2028}' stands as it is"),
        (r#""none":null"#, "\"none\":\tnull", r"'\t' stands as it is"),
        // Not in their places.
        (
            r#""level":"INFO","event":"user.seen""#,
            r#""event":"user.seen","level":"INFO""#,
            "`level`",
        ),
        (r#","outcome":"ok","name":"\u001b""#, r#","name":"\u001b","outcome":"ok""#, "`outcome`"),
        (r#"{"id":"r-1","#, r#"{"user.name":"a","id":"r-1","#, "`context`"),
        // Reserved for what this version does not write.
        (r#""none":null"#, r#""weight":2"#, "`weight` is reserved"),
        // No day.
        ("2026-11-21", "2026-02-29", "timestamp"),
        ("2026-11-21", "2100-02-29", "timestamp"),
        ("2026-11-21", "2026-11-31", "timestamp"),
        // Where an ad-hoc event comes from.
        ("user.seen", "log", "`target`"),
        (r#""duration_us":7"#, r#""target":"here","duration_us":7"#, "`target`"),
    ];
    for (from, to, reason) in broken {
        let line = changed(from, to);
        let error = line.parse::<Record>().unwrap_err().to_string();
        assert!(error.contains(reason), "{error}: {line}");
    }
}
