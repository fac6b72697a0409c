use std::sync::atomic::AtomicU64;

use throughline_collector::Collector;

use crate::support::{Client, OTHER, Place, STREAM, deliver, event, events, field, hello};

/// The reported refusals for `reason`: how many lines, and their bytes.
fn refused(place: &Place, reason: &str) -> (u64, u64) {
    let mut sum = (0, 0);
    for line in place.stored() {
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        if value["event"] == "throughline.refused" && value["reason"] == reason {
            assert_eq!(value["level"], "WARN");
            assert_eq!(value["service"]["name"], "throughline-collector");
            assert!(value["service"]["instance"].is_string(), "which host?");
            assert_eq!(value["version"], 1);
            sum = (sum.0 + field(&line, "count"), sum.1 + field(&line, "bytes"));
        }
    }
    sum
}

#[test]
fn what_is_no_event_is_refused_counted_and_acknowledged() {
    let place = Place::new();
    let collector = Collector::spawn(place.config().max_line(500)).unwrap();
    let mut bytes = Vec::new();
    for part in [
        event(0).as_bytes(),
        b"",
        b"plain text",
        b"\xff\xfe\x00 binary",
        b"[1,2]",
        event(1).as_bytes(),
        b"{\"half\":",
        b"{}",
        &vec![b'x'; 300_000],
        format!("{}\x1b[2J", event(2)).as_bytes(),
        event(3).as_bytes(),
        b"\r",
        &vec![b'y'; 501],
        event(4).as_bytes(),
    ] {
        bytes.extend_from_slice(part);
        bytes.push(b'\n');
    }
    let (mut client, _) = Client::hello(collector.socket(), STREAM, 0);
    client.send(&bytes);
    client.wait_for_ack(bytes.len() as u64);
    // A neighbour does not notice.
    deliver(collector.socket(), OTHER, &events(5..100), &AtomicU64::new(0));
    let summary = collector.stop().unwrap();
    assert_eq!((summary.refused, summary.lines), (8, 99));
    assert_eq!(refused(&place, "not_a_json_object"), (3, 10 + 5 + 8));
    assert_eq!(refused(&place, "not_an_event"), (1, 2));
    assert_eq!(refused(&place, "not_utf8"), (1, 10));
    assert_eq!(refused(&place, "control_character").0, 1);
    assert_eq!(refused(&place, "too_long"), (2, 300_501));
    let mut numbers = place.numbers();
    numbers.sort_unstable();
    assert_eq!(numbers, [0, 1, 3, 4].into_iter().chain(5..100).collect::<Vec<_>>());
}

#[test]
fn a_flood_of_garbage_is_reported_in_a_few_events() {
    let place = Place::new();
    let collector = place.spawn();
    let mut client = Client::connect(collector.socket());
    for _ in 0..100 {
        client.send("garbage\n".repeat(1000));
    }
    drop(client);
    let summary = collector.stop().unwrap();
    assert_eq!((summary.refused, summary.lines), (100_000, 0));
    assert_eq!(refused(&place, "not_a_json_object"), (100_000, 700_000));
    assert!(place.stored().len() < 50);
}

#[test]
fn a_line_without_an_end_is_reported_and_not_kept() {
    let place = Place::new();
    let collector = place.spawn();
    let mut client = Client::connect(collector.socket());
    for _ in 0..100 {
        client.send(vec![b'x'; 100_000]);
    }
    drop(client);
    collector.stop().unwrap();
    assert_eq!(refused(&place, "too_long"), (1, 10_000_000));
    assert_eq!(place.stored().len(), 1);
}

#[test]
fn a_first_line_that_is_refused_is_followed_by_events() {
    let place = Place::new();
    let collector = place.spawn();
    let mut client = Client::connect(collector.socket());
    client.send("{\"event\":\"throughline.hello\"\n");
    client.send(hello(STREAM, 0));
    client.send(events(0..1));
    drop(client);
    collector.stop().unwrap();
    assert_eq!(place.numbers(), [0]);
}
