//! Old events are deleted, and nothing else is.

use std::{fs, path::Path, sync::atomic::AtomicU64, thread, time::Duration};

use throughline_collector::{Collector, Config, Forward};

use crate::support::{Client, OTHER, Place, STREAM, deliver, events, field, wait_until};

/// Delivers events one by one, so that they come to stand in many files.
fn deliver_singly(socket: &Path, count: usize) {
    let (mut client, _) = Client::hello(socket, STREAM, 0);
    client.send_singly(0..count);
}

/// The bytes of all stored events.
fn stored_bytes(place: &Place) -> u64 {
    place.files(".ndjson").iter().map(|path| fs::metadata(path).map_or(0, |m| m.len())).sum()
}

fn small(place: &Place) -> Config {
    place.config().segment_bytes(2_000).retain_bytes(20_000)
}

#[test]
fn the_oldest_files_go_when_there_is_too_much() {
    let place = Place::new();
    let collector = Collector::spawn(small(&place)).unwrap();
    deliver_singly(collector.socket(), 500);
    wait_until("the old ones are gone", || stored_bytes(&place) <= 20_000);
    let kept = place.numbers();
    assert_eq!(kept, (500 - kept.len()..500).collect::<Vec<_>>());
    assert!(kept.len() > 100, "{}", kept.len());
    assert_eq!(place.files(".idx").len(), place.files(".ndjson").len());
    // A client whose lines are gone is still known by what is left.
    let (_, answer) = Client::hello(collector.socket(), STREAM, 0);
    assert_eq!(answer, events(0..500).len() as u64);
}

#[test]
fn a_stream_is_forgotten_with_its_last_file() {
    let place = Place::new();
    let collector = Collector::spawn(small(&place)).unwrap();
    deliver(collector.socket(), OTHER, &events(0..1), &AtomicU64::new(0));
    assert_ne!(Client::hello(collector.socket(), OTHER, 0).1, 0);
    deliver_singly(collector.socket(), 500);
    wait_until("it is forgotten", || Client::hello(collector.socket(), OTHER, 0).1 == 0);
}

#[test]
fn files_go_by_age_even_if_nothing_follows() {
    let place = Place::new();
    let config = place.config().retain_age(Duration::from_millis(500));
    let collector = Collector::spawn(config).unwrap();
    deliver(collector.socket(), STREAM, &events(0..10), &AtomicU64::new(0));
    wait_until("they are gone", || place.files(".ndjson").is_empty());
    deliver(collector.socket(), OTHER, &events(0..10), &AtomicU64::new(0));
    collector.stop().unwrap();
}

#[test]
fn what_an_earlier_collector_left_goes_too() {
    let place = Place::new();
    let collector = Collector::spawn(place.config().segment_bytes(2_000)).unwrap();
    deliver_singly(collector.socket(), 300);
    collector.stop().unwrap();
    assert!(stored_bytes(&place) > 40_000);
    // Theirs, since it has no index.
    let theirs = place.dir().join("events-00000000000000000000.ndjson");
    fs::write(&theirs, "theirs\n").unwrap();
    let collector = Collector::spawn(small(&place)).unwrap();
    wait_until("the old ones are gone", || stored_bytes(&place) <= 20_007);
    collector.stop().unwrap();
    assert!(theirs.exists());
}

#[test]
fn nothing_goes_that_was_not_forwarded() {
    let (near, far) = (Place::new(), Place::new());
    let config = small(&near).forward(Forward::Collector(far.socket()));
    let collector = Collector::spawn(config).unwrap();
    deliver_singly(collector.socket(), 1_000);
    thread::sleep(Duration::from_millis(1200)); // time enough to delete what may not be deleted
    assert_eq!(near.numbers().len(), 1_000);
    let far_end = far.spawn();
    wait_until("all has arrived", || far.numbers().len() == 1_000);
    wait_until("the old ones are gone", || stored_bytes(&near) <= 20_000);
    assert_eq!(collector.stop().unwrap().dropped, 0);
    far_end.stop().unwrap();
}

#[test]
fn what_may_go_before_it_was_forwarded_is_counted_and_told() {
    let (near, far) = (Place::new(), Place::new());
    let config = small(&near).drop_unforwarded(true).forward(Forward::Collector(far.socket()));
    let collector = Collector::spawn(config).unwrap();
    deliver_singly(collector.socket(), 500);
    wait_until("the old ones are gone", || stored_bytes(&near) <= 20_000);
    let far_end = far.spawn();
    let told = || -> u64 {
        let lines = far.stored();
        let dropped = lines.iter().filter(|line| line.contains("throughline.dropped"));
        dropped
            .map(|line| {
                assert!(line.contains(r#""to":"collector","reason":"retention""#), "{line}");
                field(line, "count")
            })
            .sum()
    };
    wait_until("every event is there or told", || told() + far.numbers().len() as u64 >= 500);
    let arrived = far.numbers();
    assert_eq!(told() + arrived.len() as u64, 500);
    assert_eq!(arrived, (500 - arrived.len()..500).collect::<Vec<_>>());
    assert_eq!(collector.stop().unwrap().dropped, told());
    far_end.stop().unwrap();
}
