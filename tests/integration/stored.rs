//! What the collector stores of the login example, read from its files as any tool would.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;
use throughline_collector::{Collector, Config};

use crate::services::Services;
use crate::{callers, strict};

/// The lines that the collector stores while the example's callers call its services.
fn stored_lines() -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let (socket, events) = (folder.path().join("socket"), folder.path().join("events"));
    let collector = Collector::spawn(Config::new(&socket, &events)).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let loggers = runtime.block_on(async {
        let services = Services::start(&socket).await.unwrap();
        callers::call_all(services.gateway).await.unwrap();
        services.stop().await.unwrap()
    });
    assert!(loggers.iter().all(|log| log.lost().total() == 0));
    drop(loggers);
    collector.stop().unwrap();

    let mut segments: Vec<_> = fs::read_dir(&events)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "ndjson"))
        .collect();
    segments.sort();
    let text: String = segments.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn every_request_is_stored_whole_under_one_request_id_and_one_trace_id() {
    let schema = strict::parse(include_str!("../../spec/line.schema.json")).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let mut requests: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for line in stored_lines() {
        let event = strict::parse(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let faults: Vec<_> = validator.iter_errors(&event).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{faults:?}: {line}");
        if let Some(id) = event["context"]["id"].as_str() {
            requests.entry(id.to_owned()).or_default().push(event);
        }
    }

    // Request ids are UUIDv7, so that they sort in the order of the calls.
    let ends: Vec<_> = requests.values().map(|events| check_request(events)).collect();
    let expected = [
        ("ok", 200.into(), "user.logged_in"),
        ("ok", 401.into(), "user.login_failed"),
        ("ok", 401.into(), "user.login_failed"),
        ("cancelled", Value::Null, ""),
        ("timeout", 504.into(), ""),
    ];
    assert_eq!(
        ends,
        expected.map(|(outcome, status, event)| (outcome.to_owned(), status, event.to_owned()))
    );
}

/// Checks what holds for every request, and returns how it ended at the gateway, with which status, and what happened.
fn check_request(events: &[Value]) -> (String, Value, String) {
    let of = |name: &str| -> BTreeSet<&str> {
        events.iter().map(|event| event["context"][name].as_str().unwrap()).collect()
    };
    assert_eq!(of("trace_id").len(), 1, "one trace: {events:#?}");
    let services: BTreeSet<_> =
        events.iter().map(|event| event["service"]["name"].as_str().unwrap()).collect();
    assert_eq!(services, BTreeSet::from(["accounts", "gateway"]), "{events:#?}");

    let spans = |name: &str, service: &str| -> Value {
        let is_it = |event: &&Value| event["event"] == name && event["service"]["name"] == service;
        let mut found = events.iter().filter(is_it);
        let span = found.next().unwrap_or_else(|| panic!("no {name} of {service}: {events:#?}"));
        assert!(found.next().is_none(), "two {name} of {service}: {events:#?}");
        span.clone()
    };
    let gateway = spans("server.request", "gateway");
    let call = spans("client.request", "gateway");
    let accounts = spans("server.request", "accounts");
    assert_eq!(gateway["context"]["parent_span_id"], Value::Null);
    assert_eq!(call["context"]["parent_span_id"], gateway["context"]["span_id"]);
    assert_eq!(accounts["context"]["parent_span_id"], call["context"]["span_id"]);

    let logs = events.iter().filter(|event| event.get("kind").is_none() && event["event"] != "log");
    let what = logs.map(|event| event["event"].as_str().unwrap()).collect::<Vec<_>>().join(" ");
    let outcome = gateway["outcome"].as_str().unwrap().to_owned();
    if matches!(outcome.as_str(), "cancelled" | "timeout") {
        assert_eq!(
            (&call["outcome"], &accounts["outcome"]),
            (&gateway["outcome"], &gateway["outcome"])
        );
    }
    (outcome, gateway["http.response.status_code"].clone(), what)
}
