//! Forwarding over OTLP to real receivers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use prost::Message;
use throughline_collector::{Collector, Forward, Otlp, OtlpProtocol, Running};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::{
    otlp_receiver::{Receiver, Reply, body, find, resource_text, text},
    support::{OTHER, Place, Process, STREAM, deliver, event, events, wait_until},
};

/// A collector that forwards to `receiver`.
fn collect(place: &Place, receiver: &Receiver, set: impl FnOnce(&mut Otlp)) -> Running {
    let mut otlp = Otlp::new(receiver.endpoint());
    if receiver.endpoint().ends_with("/base") {
        otlp.protocol = OtlpProtocol::HttpProtobuf;
    }
    set(&mut otlp);
    Collector::spawn(place.config().forward(Forward::Otlp(otlp))).unwrap()
}

fn deliver_all(collector: &Running, stream: &str, lines: &str) {
    deliver(collector.socket(), stream, lines, &AtomicU64::new(0));
}

/// A unit of work with the number `n`.
fn span(n: usize) -> String {
    format!(
        r#"{{"timestamp":"2026-11-21T09:28:31.123456Z","level":"INFO","event":"job.done","version":1,"kind":"span","message":"","service":{{"name":"tests"}},"context":{{"id":"r","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"{:016x}"}},"duration_us":{n},"outcome":"ok","n":{n}}}"#,
        n + 1
    )
}

/// The events `throughline.dropped` that say why lines were left out: the reason, how many, and how many bytes.
fn dropped(place: &Place) -> Vec<(String, u64, u64)> {
    let stored = place.stored();
    let told = stored.iter().filter(|line| line.contains("throughline.dropped"));
    let read = |line: &String| {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(value["to"], "otlp");
        let number = |name: &str| value[name].as_u64().unwrap_or(0);
        (value["reason"].as_str().unwrap().to_owned(), number("count"), number("bytes"))
    };
    told.map(read).collect()
}

fn all(count: i64) -> Vec<i64> {
    (0..count).collect()
}

#[test]
fn events_arrive_once_and_in_order_over_grpc_and_http() {
    for (receiver, gzip) in [
        (Receiver::grpc(), false),
        (Receiver::grpc(), true),
        (Receiver::http_with(|_| Reply::Take), false),
        (Receiver::http_with(|_| Reply::Take), true),
    ] {
        let place = Place::new();
        let collector = collect(&place, &receiver, |otlp| {
            otlp.gzip = gzip;
            otlp.headers = vec![("Authorization".into(), "Bearer t".into())];
        });
        deliver_all(&collector, STREAM, &events(0..3_000));
        let spans: String = (0..100).map(|n| span(n) + "\n").collect();
        deliver_all(&collector, OTHER, &spans);
        wait_until("all has arrived", || {
            let got = receiver.got();
            got.logs.len() == 3_000 && got.spans.len() == 100
        });
        let summary = collector.stop().unwrap();
        assert_eq!((summary.forwarded, summary.dropped), (3_100, 0));
        assert_eq!(receiver.numbers(), all(3_000));
        let got = receiver.got();
        let (resource, scope, log) = &got.logs[7];
        assert_eq!(resource_text(resource, "service.name").as_deref(), Some("tests"));
        assert_eq!(scope.name, "throughline");
        let offset = 7 * (event(0).len() + 1);
        let uid = text(&format!("{STREAM}:{offset}"));
        assert_eq!(find(&log.attributes, "log.record.uid"), Some(&uid));
        assert_eq!((log.severity_number, body(log)), (9, None));
        let (_, _, span) = &got.spans[7];
        assert_eq!(span.span_id, 8_u64.to_be_bytes());
        assert_eq!(span.end_time_unix_nano - span.start_time_unix_nano, 7_000);
        for headers in &got.headers {
            assert_eq!(headers["authorization"], "Bearer t");
            assert!(headers["user-agent"].to_str().unwrap().starts_with("throughline/"));
            let encoding = headers.get("grpc-encoding").or(headers.get("content-encoding"));
            assert_eq!(encoding.is_some_and(|encoding| encoding == "gzip"), gzip);
        }
    }
}

#[test]
fn where_no_traces_are_wanted_spans_are_log_records() {
    let (place, receiver) = (Place::new(), Receiver::grpc());
    let collector = collect(&place, &receiver, |otlp| otlp.logs_only = true);
    deliver_all(&collector, STREAM, &(span(3) + "\n"));
    wait_until("it has arrived", || receiver.numbers() == [3]);
    assert_eq!(
        find(&receiver.got().logs[0].2.attributes, "throughline.duration_us"),
        Some(&Value::IntValue(3))
    );
    collector.stop().unwrap();
}

#[test]
fn what_is_stored_while_the_receiver_is_away_arrives_later() {
    let (place, mut receiver) = (Place::new(), Receiver::grpc());
    receiver.stop();
    let collector = collect(&place, &receiver, |_| {});
    deliver_all(&collector, STREAM, &events(0..1_000));
    assert_eq!(collector.stop().unwrap().forwarded, 0);
    let collector = collect(&place, &receiver, |_| {});
    receiver.start();
    deliver_all(&collector, STREAM, &events(0..2_000));
    wait_until("all has arrived", || receiver.numbers().len() == 2_000);
    collector.stop().unwrap();
    assert_eq!(receiver.numbers(), all(2_000));
}

#[test]
fn either_side_may_be_killed_again_and_again() {
    let place = Place::new();
    let mut receiver = Receiver::grpc_with(|_| Reply::Late(Duration::from_millis(5)));
    let to = receiver.destination();
    let text = events(0..30_000);
    let progress = AtomicU64::new(0);
    let count = |receiver: &Receiver| {
        let mut numbers = receiver.numbers();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.len()
    };
    thread::scope(|scope| {
        scope.spawn(|| deliver(&place.socket(), STREAM, &text, &progress));
        let mut collector = Process::collect_with(&place, &["--forward", &to]);
        for kill in 1..=6 {
            let some = (count(&receiver) + 500).min(30_000);
            wait_until("some have arrived", || count(&receiver) >= some);
            if kill % 2 == 0 {
                collector.kill();
                collector = Process::collect_with(&place, &["--forward", &to]);
            } else {
                receiver.stop();
                receiver.start();
            }
        }
        wait_until("all has arrived", || count(&receiver) == 30_000);
        assert!(collector.signal("TERM").success());
    });
    assert_eq!(dropped(&place), []);
}

#[test]
fn what_the_receiver_rejects_is_counted_and_said() {
    let grpc = Receiver::grpc_with(|_| Reply::Reject(2, "too old\u{1b}[2J"));
    let http = Receiver::http_with(|_| Reply::Reject(2, "too old\u{1b}[2J"));
    for (receiver, protocol) in [(grpc, "grpc"), (http, "http/protobuf")] {
        let place = Place::new();
        let to = receiver.destination();
        let mut collector =
            Process::collect_with(&place, &["--forward", &to, "--otlp-protocol", protocol]);
        let lines = events(0..5) + &span(1) + "\n";
        deliver(&place.socket(), STREAM, &lines, &AtomicU64::new(0));
        // What it says is sent, too, and rejected, of which it says nothing more.
        wait_until("it says so", || receiver.got().requests.iter().any(Vec::is_empty));
        assert!(collector.signal("TERM").success());
        let told = dropped(&place);
        assert!(told.iter().all(|(reason, _, bytes)| (reason.as_str(), *bytes) == ("rejected", 0)));
        let counts = told.iter().map(|(_, count, _)| count);
        // One or two of each request, as many as its events are.
        assert!((3..=6).contains(&counts.sum::<u64>()), "{told:?}");
        let said = collector.stderr();
        assert!(said.contains("too old [2J") && !said.contains('\u{1b}'), "{said}");
    }
}

#[test]
fn one_event_that_is_refused_takes_no_other_along() {
    let refuse = |bad: bool, status: Code| match bad {
        true => Reply::Grpc(Status::new(status, "no\nsense")),
        false => Reply::Take,
    };
    for code in [Code::InvalidArgument, Code::Internal, Code::Unknown] {
        let receiver = Receiver::grpc_with(move |numbers| {
            refuse(numbers.contains(&700) || numbers.contains(&1_500), code)
        });
        let place = Place::new();
        let collector = collect(&place, &receiver, |_| {});
        deliver_all(&collector, STREAM, &events(0..2_000));
        wait_until("all others have arrived", || receiver.numbers().len() >= 1_998);
        wait_until("it says so", || !dropped(&place).is_empty());
        let summary = collector.stop().unwrap();
        let mut numbers = receiver.numbers();
        numbers.sort_unstable();
        numbers.dedup();
        let expected: Vec<_> =
            all(2_000).into_iter().filter(|n| ![700, 1_500].contains(n)).collect();
        assert_eq!(numbers, expected, "{code:?}");
        let told = dropped(&place);
        assert!(told.iter().all(|(reason, ..)| reason == "refused"), "{told:?}");
        assert_eq!(told.iter().map(|(_, count, _)| count).sum::<u64>(), 2);
        let bytes = (event(700).len() + event(1_500).len()) as u64;
        assert_eq!(told.iter().map(|(.., bytes)| bytes).sum::<u64>(), bytes);
        assert_eq!(summary.dropped, 2);
    }
}

#[test]
fn nothing_is_given_up_while_the_receiver_takes_nothing_at_all() {
    let fault = |code: &str| match code {
        "grpc" => Reply::Grpc(Status::internal("broken")),
        "500" => Reply::Http(500, None, "text/plain", b"broken".into()),
        // What a proxy says to whoever speaks to it without TLS.
        "400" => Reply::Http(400, None, "text/html", b"plain HTTP to an HTTPS port".into()),
        "401" => Reply::Http(401, None, "text/plain", b"who are you?".into()),
        _ => Reply::Http(200, None, "text/html", b"<html>hello</html>".into()),
    };
    for code in ["grpc", "500", "400", "401", "200"] {
        let broken = Arc::new(AtomicBool::new(true));
        let behaviour = {
            let broken = broken.clone();
            move |_: &[i64]| if broken.load(SeqCst) { fault(code) } else { Reply::Take }
        };
        let receiver = match code {
            "grpc" => Receiver::grpc_with(behaviour),
            _ => Receiver::http_with(behaviour),
        };
        let place = Place::new();
        let collector = collect(&place, &receiver, |_| {});
        deliver_all(&collector, STREAM, &events(0..300));
        wait_until("it was tried more than once", || {
            let got = receiver.got();
            got.requests.iter().filter(|numbers| numbers.len() == 300).count() > 1
        });
        broken.store(false, SeqCst);
        wait_until("all has arrived", || receiver.numbers().len() >= 300);
        let summary = collector.stop().unwrap();
        assert_eq!((summary.forwarded, summary.dropped), (300, 0), "{code}");
        assert_eq!(receiver.numbers(), all(300), "{code}");
    }
}

#[test]
fn what_the_receiver_asks_for_a_pause_for_is_sent_again() {
    let details = ErrorDetails::with_retry_info(Some(Duration::from_millis(1)));
    let exhausted =
        Status::with_error_details(Code::ResourceExhausted, "slow down", details.clone());
    let unavailable = Status::with_error_details(Code::Unavailable, "away", details);
    let grpc = |status: Status| {
        let calls = AtomicUsize::new(0);
        Receiver::grpc_with(move |_| match calls.fetch_add(1, SeqCst) {
            0..3 => Reply::Grpc(status.clone()),
            _ => Reply::Take,
        })
    };
    let http = |status: u16| {
        let calls = AtomicUsize::new(0);
        Receiver::http_with(move |_| match calls.fetch_add(1, SeqCst) {
            0..3 => Reply::Http(status, Some(("retry-after", "0")), "text/plain", Vec::new()),
            _ => Reply::Take,
        })
    };
    let plain = [Code::Cancelled, Code::DeadlineExceeded, Code::Aborted, Code::DataLoss];
    let receivers = plain.map(|code| grpc(Status::new(code, "later")));
    let receivers = receivers.into_iter().chain([grpc(exhausted), grpc(unavailable)]);
    for receiver in receivers.chain([408, 429, 502, 503, 504].map(http)) {
        let place = Place::new();
        let collector = collect(&place, &receiver, |_| {});
        deliver_all(&collector, STREAM, &events(0..100));
        wait_until("all has arrived", || receiver.numbers().len() >= 100);
        assert_eq!(collector.stop().unwrap().dropped, 0);
        assert_eq!(receiver.numbers(), all(100));
    }
}

#[test]
fn a_pause_is_as_long_as_the_receiver_asks() {
    let receiver = Receiver::http_with(|_| {
        Reply::Http(429, Some(("retry-after", "3600")), "text/plain", b"slow down".into())
    });
    let place = Place::new();
    let to = receiver.destination();
    let arguments = ["--forward", &to, "--otlp-protocol", "http/protobuf"];
    let mut collector = Process::collect_with(&place, &arguments);
    deliver(&place.socket(), STREAM, &events(0..10), &AtomicU64::new(0));
    wait_until("it says so", || collector.stderr().contains("429"));
    assert!(collector.stderr().contains("slow down; it asks for a pause of 3600s"));
    // Whoever stops it does not wait for that.
    let before = receiver.got().requests.len();
    assert!(collector.signal("TERM").success());
    assert_eq!((before, receiver.got().requests.len()), (1, 2));
}

#[test]
fn requests_are_as_small_as_the_receiver_wants_them() {
    // The first is what tonic's servers say to a message that is too long, the second what Go's do, the third HTTP.
    let too_long = |numbers: &[i64]| numbers.len() > 100 || numbers.contains(&500);
    let grpc = |code: Code| {
        Receiver::grpc_with(move |numbers| match too_long(numbers) {
            true => Reply::Grpc(Status::new(code, "message length too large")),
            false => Reply::Take,
        })
    };
    let http = Receiver::http_with(move |numbers| match too_long(numbers) {
        true => Reply::Http(413, None, "text/html", b"too large".into()),
        false => Reply::Take,
    });
    for receiver in [grpc(Code::OutOfRange), grpc(Code::ResourceExhausted), http] {
        let place = Place::new();
        let collector = collect(&place, &receiver, |_| {});
        deliver_all(&collector, STREAM, &events(0..1_000));
        wait_until("all others have arrived", || receiver.numbers().len() >= 999);
        wait_until("it says so", || !dropped(&place).is_empty());
        assert_eq!(collector.stop().unwrap().dropped, 1);
        let told = dropped(&place);
        assert_eq!(told, [("too_large".to_owned(), 1, event(500).len() as u64)]);
    }
}

#[test]
fn one_event_that_is_too_large_makes_no_other_requests_small() {
    let (place, mut receiver) = (
        Place::new(),
        Receiver::grpc_with(|numbers| match numbers.contains(&500) {
            true => Reply::Grpc(Status::new(Code::OutOfRange, "message length too large")),
            false => Reply::Take,
        }),
    );
    receiver.stop();
    let collector = collect(&place, &receiver, |_| {});
    deliver_all(&collector, STREAM, &events(0..10_000));
    collector.stop().unwrap();
    receiver.start();
    let collector = collect(&place, &receiver, |_| {});
    wait_until("all others have arrived", || receiver.numbers().len() >= 9_999);
    collector.stop().unwrap();
    // 2048 go together at first, then half of that: those that went with the one that was refused.
    let got = receiver.got();
    let longest = |of: &[Vec<i64>]| of.iter().map(Vec::len).max();
    assert!(longest(&got.requests[got.requests.len() - 3..]) > Some(900), "{:?}", got.requests);
}

#[test]
fn an_event_of_the_greatest_length_arrives_and_a_longer_one_is_counted() {
    let big = |n: usize, bytes: usize, item: &str| {
        let list = vec![item; bytes / (item.len() + 1)].join(",");
        event(n).replace("\"n\":", &format!("\"list\":[{list}],\"n\":"))
    };
    let (place, receiver) = (Place::new(), Receiver::grpc());
    let otlp = Otlp::new(receiver.endpoint());
    let config = place.config().max_line(8 << 20).forward(Forward::Otlp(otlp));
    let collector = Collector::spawn(config).unwrap();
    let lines = [
        event(0),
        big(1, (1 << 20) - 1000, "1e0"),
        big(2, (1 << 20) - 1000, "9"),
        big(3, 7 << 20, "\"0123456789\""),
        event(4),
    ];
    deliver_all(&collector, STREAM, &(lines.join("\n") + "\n"));
    wait_until("all others have arrived", || receiver.numbers() == [0, 1, 2, 4]);
    wait_until("it says so", || !dropped(&place).is_empty());
    collector.stop().unwrap();
    assert_eq!(dropped(&place), [("too_large".to_owned(), 1, lines[3].len() as u64)]);
}

#[test]
fn a_receiver_that_does_not_answer_is_given_up_and_tried_again() {
    let calls = AtomicUsize::new(0);
    let receiver = Receiver::grpc_with(move |_| match calls.fetch_add(1, SeqCst) {
        0 => Reply::Late(Duration::from_secs(600)),
        _ => Reply::Take,
    });
    let place = Place::new();
    let to = receiver.destination();
    let arguments = ["--forward", &to, "--otlp-timeout", "200ms"];
    let mut collector = Process::collect_with(&place, &arguments);
    deliver(&place.socket(), STREAM, &events(0..10), &AtomicU64::new(0));
    // A machine that is slow may have the collector give up what has arrived, and send it again.
    wait_until("all has arrived", || receiver.numbers().len() >= 10);
    let said = collector.stderr();
    assert!(said.contains("did not answer within 200ms: see --otlp-timeout"), "{said}");
    assert!(collector.signal("TERM").success());
}

#[test]
fn a_refusal_over_http_is_read_as_the_protocol_writes_it() {
    let status = tonic_types::Status { code: 3, message: "bad record".into(), details: Vec::new() };
    let body = status.encode_to_vec();
    let receiver = Receiver::http_with(move |numbers| match numbers.contains(&1) {
        true => Reply::Http(400, None, "application/x-protobuf", body.clone()),
        false => Reply::Take,
    });
    let place = Place::new();
    let to = receiver.destination();
    let arguments = ["--forward", &to, "--otlp-protocol", "http/protobuf"];
    let mut collector = Process::collect_with(&place, &arguments);
    // It is the only one: that the receiver takes others is not needed.
    deliver(&place.socket(), STREAM, &(event(1) + "\n"), &AtomicU64::new(0));
    wait_until("it says so", || !dropped(&place).is_empty());
    assert!(collector.stderr().contains("refuses an event: 400 Bad Request: bad record"));
    assert!(collector.signal("TERM").success());
    assert_eq!(dropped(&place), [("refused".to_owned(), 1, event(1).len() as u64)]);
}
