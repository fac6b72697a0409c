//! What lines become, decoded with the types of OpenTelemetry.

use std::collections::{BTreeMap, BTreeSet};

use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    logs::v1::LogRecord,
    resource::v1::Resource,
    trace::v1::{Span, span::SpanKind, status::StatusCode},
};
use proptest::prelude::*;
use prost::Message;

use super::{
    log::unreadable,
    record::{Mapper, Record, Signal},
    request::Request,
    value::string,
};

const OBSERVED: u64 = 7;

const EVENT: &str = r#"{"timestamp":"2026-11-21T09:28:31.123456789Z","level":"ERROR","event":"user.login_failed","version":2,"message":"User login failed","service":{"name":"accounts","version":"1.4.2","instance":"0193"},"context":{"id":"r-1","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7","parent_span_id":"b7ad6b7169203331","http.request.method":"POST","url.path":"/login","user":"x"},"weight":3,"user":"tylertreat","attempts":3,"share":0.5,"big":340282366920938463463374607431768211455,"list":["a","b"],"nothing":null,"violations":["user: max_len 4, had 10"]}"#;

fn record(line: &str) -> Record {
    Mapper::new(false).record(line.as_bytes(), "s:7".into(), OBSERVED)
}

fn log(line: &str) -> LogRecord {
    let record = record(line);
    assert_eq!(record.signal, Signal::Logs, "{line}");
    LogRecord::decode(record.bytes).unwrap()
}

fn span(line: &str) -> Span {
    let record = record(line);
    assert_eq!(record.signal, Signal::Traces, "{line}");
    Span::decode(record.bytes).unwrap()
}

/// Attributes by key, of which there must be no two alike.
fn map(attributes: &[KeyValue]) -> BTreeMap<&str, Option<Value>> {
    let value = |any: &Option<AnyValue>| any.as_ref().unwrap().value.clone();
    let map: BTreeMap<_, _> =
        attributes.iter().map(|kv| (kv.key.as_str(), value(&kv.value))).collect();
    assert_eq!(map.len(), attributes.len(), "{attributes:?}");
    map
}

fn text(text: &str) -> Option<Value> {
    Some(Value::StringValue(text.into()))
}

fn line(members: &str) -> String {
    let ids = r#""trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7","parent_span_id":"b7ad6b7169203331","id":"r""#;
    let context = r#""http.request.method":"POST","http.route":"/a/{b}","url.path":"/a/1""#;
    format!(
        r#"{{"timestamp":"2026-11-21T09:28:31.123456Z","level":"INFO","version":1,"message":"","service":{{"name":"s"}},"context":{{{ids},{context}}},{members}}}"#
    )
}

#[test]
fn a_line_is_a_log_record() {
    let log = log(EVENT);
    assert_eq!(log.time_unix_nano, 1_795_253_311_123_456_789);
    assert_eq!(log.observed_time_unix_nano, OBSERVED);
    assert_eq!((log.severity_number, log.severity_text.as_str()), (17, "ERROR"));
    assert_eq!(log.event_name, "user.login_failed");
    assert_eq!(log.body, Some(string("User login failed")));
    assert_eq!(log.trace_id, 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736_u128.to_be_bytes());
    assert_eq!(log.span_id, 0x00f0_67aa_0ba9_02b7_u64.to_be_bytes());
    assert_eq!((log.flags, log.dropped_attributes_count), (0, 0));
    let attributes = map(&log.attributes);
    let violations = vec![string("user: max_len 4, had 10")];
    let list = |values| {
        Some(Value::ArrayValue(opentelemetry_proto::tonic::common::v1::ArrayValue { values }))
    };
    let expected = BTreeMap::from([
        ("log.record.uid", text("s:7")),
        ("throughline.version", Some(Value::IntValue(2))),
        ("throughline.weight", Some(Value::IntValue(3))),
        ("throughline.request.id", text("r-1")),
        ("throughline.parent_span_id", text("b7ad6b7169203331")),
        ("throughline.violations", list(violations)),
        ("http.request.method", text("POST")),
        ("url.path", text("/login")),
        ("user", text("tylertreat")),
        ("context.user", text("x")),
        ("attempts", Some(Value::IntValue(3))),
        ("share", Some(Value::DoubleValue(0.5))),
        ("big", text("340282366920938463463374607431768211455")),
        ("list", list(vec![string("a"), string("b")])),
        ("nothing", None),
    ]);
    assert_eq!(attributes, expected);
}

#[test]
fn levels_are_numbers_of_severity() {
    for (level, number) in
        [("TRACE", 1), ("DEBUG", 5), ("INFO", 9), ("WARN", 13), ("ERROR", 17), ("LOUD", 0)]
    {
        let log = log(&format!(r#"{{"timestamp":"t","level":"{level}","event":"a"}}"#));
        assert_eq!((log.severity_number, log.severity_text.as_str()), (number, level));
    }
}

#[test]
fn who_wrote_it_is_the_resource() {
    let resource = Resource::decode(record(EVENT).resource).unwrap();
    let expected = BTreeMap::from([
        ("service.name", text("accounts")),
        ("service.version", text("1.4.2")),
        ("service.instance.id", text("0193")),
    ]);
    assert_eq!(map(&resource.attributes), expected);
    for (service, expected) in [
        ("{}", vec![("service.name", text("unknown_service"))]),
        ("7", vec![("service.name", text("unknown_service"))]),
        (
            r#"{"name":"a","\ud800":1}"#,
            vec![
                ("service.name", text("unknown_service")),
                ("throughline.service", text(r#"{"name":"a","\ud800":1}"#)),
            ],
        ),
        (
            r#"{"name":"a","instance":"1","instance.id":"2"}"#,
            vec![
                ("line.service.instance.id", text("2")),
                ("service.instance.id", text("1")),
                ("service.name", text("a")),
            ],
        ),
    ] {
        let record = record(&format!(r#"{{"event":"a","service":{service}}}"#));
        let resource = Resource::decode(record.resource).unwrap();
        assert_eq!(map(&resource.attributes), expected.into_iter().collect());
    }
}

#[test]
fn the_place_in_the_code_is_the_scope() {
    for (members, name) in [
        (r#""target":"app::db""#, "app::db"),
        (r#""a":1"#, "throughline"),
        (r#""target":1"#, "throughline"),
    ] {
        let record = record(&format!(r#"{{"event":"log",{members}}}"#));
        assert_eq!(InstrumentationScope::decode(record.scope).unwrap().name, name);
    }
}

#[test]
fn a_finished_request_is_a_span_of_the_server() {
    let span = span(&line(
        r#""event":"server.request","kind":"span","duration_us":1500,"outcome":"error","http.response.status_code":500,"error.type":"500","error":"no route""#,
    ));
    assert_eq!(span.end_time_unix_nano, 1_795_253_311_123_456_000);
    assert_eq!(span.end_time_unix_nano - span.start_time_unix_nano, 1_500_000);
    assert_eq!(span.parent_span_id, 0xb7ad_6b71_6920_3331_u64.to_be_bytes());
    assert_eq!((span.kind(), span.name.as_str()), (SpanKind::Server, "POST /a/{b}"));
    let status = span.status.clone().unwrap();
    assert_eq!((status.code(), status.message.as_str()), (StatusCode::Error, "no route"));
    let expected = BTreeMap::from([
        ("throughline.event", text("server.request")),
        ("throughline.level", text("INFO")),
        ("throughline.version", Some(Value::IntValue(1))),
        ("throughline.request.id", text("r")),
        ("throughline.outcome", text("error")),
        ("http.request.method", text("POST")),
        ("http.route", text("/a/{b}")),
        ("url.path", text("/a/1")),
        ("http.response.status_code", Some(Value::IntValue(500))),
        ("error.type", text("500")),
        ("error", text("no route")),
    ]);
    assert_eq!(map(&span.attributes), expected);
}

#[test]
fn what_is_known_of_a_request_is_not_taken_for_that_of_a_call() {
    let call = span(&line(
        r#""event":"client.request","kind":"span","duration_us":1,"outcome":"ok","http.request.method":"GET","url.path":"/b""#,
    ));
    assert_eq!((call.kind(), call.name.as_str(), &call.status), (SpanKind::Client, "GET", &None));
    let attributes = map(&call.attributes);
    assert_eq!(attributes["http.request.method"], text("GET"));
    assert_eq!(attributes["context.http.request.method"], text("POST"));
    assert_eq!(attributes["context.http.route"], text("/a/{b}"));
    assert!(!attributes.contains_key("http.route"));
}

#[test]
fn names_and_kinds_and_states_are_those_of_the_conventions() {
    for (members, kind, name, failed) in [
        (
            r#""event":"server.request","outcome":"ok","rpc.method":"a.B/C""#,
            SpanKind::Server,
            "a.B/C",
            false,
        ),
        (
            r#""event":"client.request","outcome":"timeout","rpc.method":"a.B/C""#,
            SpanKind::Client,
            "a.B/C",
            true,
        ),
        (
            r#""event":"client.request","outcome":"ok","http.request.method":"_OTHER""#,
            SpanKind::Client,
            "HTTP",
            false,
        ),
        (
            r#""event":"client.request","outcome":"cancelled""#,
            SpanKind::Client,
            "client.request",
            false,
        ),
        (r#""event":"job.done","outcome":"error""#, SpanKind::Internal, "job.done", true),
        (
            r#""event":"mail","messaging.operation.type":"process""#,
            SpanKind::Consumer,
            "mail",
            false,
        ),
        (r#""event":"mail","messaging.operation.type":"send""#, SpanKind::Producer, "mail", false),
    ] {
        let span = span(&line(&format!(r#"{members},"kind":"span","duration_us":1"#)));
        assert_eq!((span.kind(), span.name.as_str()), (kind, name));
        assert_eq!(span.status.is_some(), failed, "{members}");
    }
}

#[test]
fn what_cannot_be_a_span_is_a_log_record() {
    let span = line(r#""event":"a","kind":"span","duration_us":5,"outcome":"ok""#);
    assert_eq!(record(&span).signal, Signal::Traces);
    for (what, instead) in [
        ("4bf92f3577b34da6a3ce929d0e0e4736", "00000000000000000000000000000000"),
        ("4bf92f3577b34da6a3ce929d0e0e4736", "4bf9"),
        ("00f067aa0ba902b7", "00f067aa0ba902bg"),
        ("2026-11-21T", "1969-11-21T"),
        ("2026-11-21T", "today, "),
        (r#""duration_us":5"#, r#""duration_us":-5"#),
        (r#""duration_us":5"#, r#""duration_us":18446744073709551615"#),
        (r#""duration_us":5"#, r#""duration":5"#),
        (r#""kind":"span""#, r#""kind":"metric""#),
    ] {
        let log = log(&span.replace(what, instead));
        let attributes = map(&log.attributes);
        assert_eq!(attributes["throughline.outcome"], text("ok"));
        assert!(attributes.contains_key("throughline.kind"));
        let told = span.replace(what, instead);
        let kept = [
            ("throughline.trace_id", log.trace_id.is_empty()),
            ("throughline.span_id", log.span_id.is_empty()),
            ("throughline.timestamp", log.time_unix_nano == 0),
            ("throughline.duration_us", told.contains("duration_us")),
        ];
        for (key, expected) in kept {
            assert_eq!(attributes.contains_key(key), expected, "{key}: {told}");
        }
    }
    let only = Mapper::new(true).record(span.as_bytes(), "s:7".into(), OBSERVED);
    assert_eq!(only.signal, Signal::Logs);
}

#[test]
fn a_parent_that_is_no_id_is_kept_as_it_stands() {
    let span = span(
        &line(r#""event":"a","kind":"span","duration_us":5,"outcome":"ok""#)
            .replace("b7ad6b7169203331", "none"),
    );
    assert!(span.parent_span_id.is_empty());
    assert_eq!(map(&span.attributes)["throughline.parent_span_id"], text("none"));
}

#[test]
fn no_key_stands_twice_whatever_a_line_says() {
    let log = log(
        r#"{"timestamp":1,"level":2,"event":3,"message":{"a":1},"service":4,"context":{"a":1,"context.a":2,"":3,"line.a":4},"a":5,"a":6,"context.a":7,"log.record.uid":8,"throughline.level":9,"":10,"target":11}"#,
    );
    let attributes = map(&log.attributes);
    let int = |int| Some(Value::IntValue(int));
    let expected = BTreeMap::from([
        ("log.record.uid", text("s:7")),
        ("throughline.timestamp", int(1)),
        ("throughline.level", int(2)),
        ("throughline.event", int(3)),
        ("throughline.service", int(4)),
        ("throughline.target", int(11)),
        ("a", int(6)),
        ("context.a", int(7)),
        ("line.log.record.uid", int(8)),
        ("line.throughline.level", int(9)),
        ("line.", int(10)),
        ("context.context.a", int(1)),
        ("context.context.context.a", int(2)),
        ("context.", int(3)),
        ("line.a", int(4)),
    ]);
    assert_eq!(attributes, expected);
    assert!(log.body.is_some());
    assert_eq!(unreadable("x", "s:1".into(), 1).body, Some(string("x")));
}

#[test]
fn a_request_is_what_the_protocol_says() {
    let of = |service: &str, target: &str, event: &str| {
        record(&format!(
            r#"{{"event":"{event}","service":{{"name":"{service}"}},"target":"{target}"}}"#
        ))
    };
    let records = [of("a", "x", "1"), of("b", "x", "2"), of("a", "y", "3"), of("a", "x", "4")];
    let bytes = Request::of(&records).encode_to_vec();
    assert!(bytes.len() <= records.iter().map(Request::share).sum());
    let request = ExportLogsServiceRequest::decode(&*bytes).unwrap();
    let mut found = Vec::new();
    for group in &request.resource_logs {
        let resource = map(&group.resource.as_ref().unwrap().attributes)["service.name"].clone();
        for scoped in &group.scope_logs {
            let scope = &scoped.scope.as_ref().unwrap().name;
            let events = scoped.log_records.iter().map(|log| log.event_name.as_str());
            found.push((resource.clone(), scope.as_str(), events.collect::<Vec<_>>()));
        }
    }
    let expected = [("a", "x", vec!["1", "4"]), ("a", "y", vec!["3"]), ("b", "x", vec!["2"])];
    assert_eq!(found, expected.map(|(a, b, c)| (text(a), b, c)));
    let line = line(r#""event":"a","kind":"span","duration_us":5,"outcome":"ok""#);
    let bytes = Request::of(&[record(&line)]).encode_to_vec();
    let request = ExportTraceServiceRequest::decode(&*bytes).unwrap();
    assert_eq!(request.resource_spans[0].scope_spans[0].spans, [span(&line)]);
}

/// A member of a line, and a JSON value.
fn member() -> impl Strategy<Value = (String, serde_json::Value)> {
    let name = prop_oneof![
        "[a-c]?(\\.[a-c])?",
        "(timestamp|level|event|version|kind|message|service|context|target|outcome|duration_us)",
        "(throughline|context|line)\\.(level|event|kind|a|context\\.a)",
        "(id|trace_id|span_id|parent_span_id|http\\.route)",
    ];
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        "(span|metric|[0-9a-f]{16}|[0-9a-f]{32}|2026-11-21T09:28:31.123456Z|.{0,8})"
            .prop_map(Into::into),
    ];
    let value = leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::hash_map("(id|trace_id|span_id|a|b|)", inner, 0..6)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    });
    (name, value)
}

proptest! {
    #[test]
    fn every_object_becomes_a_record_with_unique_keys(
        members in prop::collection::vec(member(), 0..16)
    ) {
        let members: Vec<_> = members
            .iter()
            .map(|(name, value)| format!("{}:{value}", serde_json::Value::from(name.as_str())))
            .collect();
        let line = format!("{{{}}}", members.join(","));
        let record = record(&line);
        let attributes = match record.signal {
            Signal::Logs => LogRecord::decode(record.bytes.clone()).unwrap().attributes,
            Signal::Traces => Span::decode(record.bytes.clone()).unwrap().attributes,
        };
        let keys: BTreeSet<_> = attributes.iter().map(|attribute| &attribute.key).collect();
        prop_assert_eq!(keys.len(), attributes.len());
        prop_assert!(keys.iter().all(|key| !key.is_empty()));
        let share = Request::share(&record);
        prop_assert!(Request::of(&[record]).encoded_len() <= share);
    }

    #[test]
    fn no_text_is_a_danger(line in ".*") {
        let _ = record(&line);
    }
}
