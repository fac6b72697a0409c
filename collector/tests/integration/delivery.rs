use std::{
    fs,
    io::{Read, Write},
    net::Shutdown,
    os::unix::net::UnixStream,
    sync::atomic::AtomicU64,
    thread,
    time::Duration,
};

use throughline_collector::{Collector, SyncPolicy};

use crate::support::{
    Client, OTHER, PATIENCE, Place, STREAM, deliver, event, events, hello, wait_until,
};

#[test]
fn lines_are_on_disk_when_they_are_acknowledged() {
    let place = Place::new();
    let collector = place.spawn();
    let (mut client, answer) = Client::hello(collector.socket(), STREAM, 0);
    assert_eq!(answer, 0);
    let mut sent = String::new();
    for n in 0..50 {
        let line = events(n..n + 1);
        client.send(&line);
        sent += &line;
        client.wait_for_ack(sent.len() as u64);
        let stored = fs::read_to_string(&place.files(".ndjson")[0]).unwrap();
        assert_eq!(stored, sent);
    }
    let summary = collector.stop().unwrap();
    assert_eq!((summary.lines, summary.bytes), (50, sent.len() as u64));
    assert_eq!((summary.connections, summary.refused), (1, 0));
}

#[test]
fn lines_that_come_in_pieces_arrive_whole() {
    let place = Place::new();
    let collector = place.spawn();
    let (mut client, _) = Client::hello(collector.socket(), STREAM, 0);
    let text = events(0..20);
    for byte in text.bytes() {
        client.send([byte]);
    }
    client.wait_for_ack(text.len() as u64);
    assert_eq!(place.numbers(), (0..20).collect::<Vec<_>>());
}

#[test]
fn a_line_that_the_end_cuts_short_is_discarded() {
    let place = Place::new();
    let collector = place.spawn();
    let (mut client, _) = Client::hello(collector.socket(), STREAM, 0);
    let text = events(0..3);
    client.send(text.trim_end());
    client.stream.shutdown(Shutdown::Write).unwrap();
    let mut last = 0;
    while let Some(ack) = client.ack() {
        last = ack;
    }
    assert_eq!(last, events(0..2).len() as u64);
    assert_eq!(place.numbers(), [0, 1]);
}

#[test]
fn what_comes_again_is_stored_once() {
    let place = Place::new();
    let collector = place.spawn();
    let text = events(0..10);
    let (mut client, _) = Client::hello(collector.socket(), STREAM, 0);
    client.send(events(0..6));
    client.wait_for_ack(events(0..6).len() as u64);
    let (mut again, answer) = Client::hello(collector.socket(), STREAM, 0);
    assert_eq!(answer, events(0..6).len() as u64);
    again.send(&text);
    again.wait_for_ack(text.len() as u64);
    // The first connection is not dead yet, and sends the same.
    client.send(events(6..10));
    client.wait_for_ack(text.len() as u64);
    assert_eq!(place.numbers(), (0..10).collect::<Vec<_>>());
    let summary = collector.stop().unwrap();
    assert_eq!(
        summary.duplicate_bytes,
        (text.len() + events(6..10).len()) as u64 - (text.len() - events(0..6).len()) as u64
    );
}

#[test]
fn connections_that_race_with_one_stream_store_it_once() {
    let place = Place::new();
    let collector = Collector::spawn(place.config().sync(SyncPolicy::Never)).unwrap();
    let text = events(0..5_000);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| deliver(collector.socket(), STREAM, &text, &AtomicU64::new(0)));
        }
    });
    collector.stop().unwrap();
    assert_eq!(place.numbers(), (0..5_000).collect::<Vec<_>>());
}

#[test]
fn a_hello_above_what_is_held_begins_there() {
    let place = Place::new();
    let collector = place.spawn();
    let (mut client, answer) = Client::hello(collector.socket(), STREAM, 1000);
    assert_eq!(answer, 1000);
    client.send(events(0..1));
    client.wait_for_ack(1000 + events(0..1).len() as u64);
}

#[test]
fn a_client_without_a_hello_is_stored_and_never_written_to() {
    let place = Place::new();
    let collector = place.spawn();
    let mut plain = UnixStream::connect(collector.socket()).unwrap();
    plain.write_all(events(0..5).as_bytes()).unwrap();
    // Not on the first line, so an event as any other.
    plain.write_all(hello(STREAM, 0).as_bytes()).unwrap();
    plain.shutdown(Shutdown::Write).unwrap();
    plain.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut answer = Vec::new();
    plain.read_to_end(&mut answer).unwrap();
    assert!(answer.is_empty());
    let stored = place.stored();
    assert_eq!(stored[..5], (0..5).map(event).collect::<Vec<_>>());
    assert_eq!(stored[5], hello(STREAM, 0).trim_end());
}

#[test]
fn two_hundred_clients_at_once_are_all_served() {
    let place = Place::new();
    let collector = place.spawn();
    let mut clients: Vec<_> = (0..200)
        .map(|n| {
            let mut client = Client::connect(collector.socket());
            client.send(hello(&format!("0193f6c2-7d3e-7bb4-9c1e-{n:012}"), 0));
            client
        })
        .collect();
    for (n, client) in clients.iter_mut().enumerate() {
        client.send(events(n * 20..n * 20 + 20));
    }
    for (n, client) in clients.iter_mut().enumerate() {
        client.wait_for_ack(events(n * 20..n * 20 + 20).len() as u64);
    }
    let mut numbers = place.numbers();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..4000).collect::<Vec<_>>());
    assert_eq!(collector.stop().unwrap().connections, 200);
}

#[test]
fn a_client_that_stalls_does_not_hurt_the_others() {
    let place = Place::new();
    let collector = Collector::spawn(place.config().sync(SyncPolicy::Never)).unwrap();
    // One never reads its acknowledgements, one leaves a line open, one says nothing.
    let mut deaf = Client::connect(collector.socket());
    deaf.send(hello(OTHER, 0));
    for n in 0..20_000 {
        deaf.send(events(n..n + 1));
    }
    let mut halting = Client::connect(collector.socket());
    halting.send(&events(0..1)[..20]);
    let _silent = Client::connect(collector.socket());

    let (mut client, _) = Client::hello(collector.socket(), STREAM, 0);
    for n in 20_000..20_100 {
        client.send(events(n..n + 1));
        client.wait_for_ack(events(20_000..n + 1).len() as u64);
    }
    wait_until("the deaf client's lines are stored", || place.numbers().len() == 20_100);
    assert_eq!(collector.stop().unwrap().lines, 20_100);
}

#[test]
fn stopping_takes_in_what_was_written_before() {
    for round in 0..20 {
        let place = Place::new();
        let collector = place.spawn();
        let mut clients: Vec<_> = (0..5).map(|_| Client::connect(collector.socket())).collect();
        for (n, client) in clients.iter_mut().enumerate() {
            if n % 2 == 0 {
                client.send(hello(&format!("0193f6c2-7d3e-7bb4-9c1e-{n:012}"), 0));
            }
            client.send(events(n * 100..n * 100 + 100));
        }
        let summary = collector.stop().unwrap();
        assert_eq!(summary.lines, 500, "round {round}");
        assert!(!place.socket().exists());
        let mut last = 0;
        while let Some(ack) = clients[2].ack() {
            last = ack;
        }
        assert_eq!(last, events(200..300).len() as u64);
    }
}

#[test]
fn dropping_the_handle_stops_it() {
    let place = Place::new();
    drop(place.spawn());
    assert!(!place.socket().exists());
    place.spawn().stop().unwrap();
}

#[test]
fn a_full_file_is_followed_by_the_next() {
    let place = Place::new();
    let collector = Collector::spawn(place.config().segment_bytes(1000)).unwrap();
    let (mut client, _) = Client::hello(collector.socket(), STREAM, 0);
    for n in 0..40 {
        client.send(events(n..n + 1));
        client.wait_for_ack(events(0..n + 1).len() as u64);
    }
    let files = place.files(".ndjson");
    assert!(files.len() >= 5, "{files:?}");
    for file in files {
        assert!(fs::metadata(file).unwrap().len() <= 1000);
    }
    assert_eq!(place.numbers(), (0..40).collect::<Vec<_>>());
}

#[test]
fn a_file_that_is_deleted_underneath_is_replaced() {
    let place = Place::new();
    let collector = place.spawn();
    let (mut client, _) = Client::hello(collector.socket(), STREAM, 0);
    client.send(events(0..1));
    client.wait_for_ack(events(0..1).len() as u64);
    fs::remove_file(&place.files(".ndjson")[0]).unwrap();
    client.send(events(1..2));
    client.wait_for_ack(events(0..2).len() as u64);
    assert_eq!(place.numbers(), [1]);
}

#[test]
fn every_stored_line_can_be_traced_to_its_offset() {
    let place = Place::new();
    let collector = place.spawn();
    let mut text = String::new();
    for n in 0..300 {
        text += &event(n);
        text += match n % 5 {
            0 => "\nno event\n",
            1 => "\n\n\n",
            2 => "\r\n",
            _ => "\n",
        };
    }
    deliver(collector.socket(), STREAM, &text, &AtomicU64::new(0));
    collector.stop().unwrap();
    let data = fs::read(&place.files(".ndjson")[0]).unwrap();
    let index = fs::read_to_string(&place.files(".idx")[0]).unwrap();
    let mut traced = 0;
    let mut end = 0;
    for entry in index.lines() {
        let parts: Vec<_> = entry.split(' ').collect();
        let number = |at: usize| parts[at].parse::<usize>().unwrap();
        let (start, from, to) = (number(1), number(3), number(4));
        assert_eq!(from, end, "the index leaves nothing out");
        end = to;
        if parts[0] != STREAM {
            continue;
        }
        let mut at = from;
        for line in data[from..to].split_inclusive(|b| *b == b'\n') {
            let in_stream = &text.as_bytes()[start + at - from..];
            assert!(in_stream.starts_with(line.strip_suffix(b"\n").unwrap()));
            at += line.len();
            traced += 1;
        }
    }
    assert_eq!((traced, end), (300, data.len()));
}

#[test]
fn the_next_hello_is_answered_while_others_flood() {
    let place = Place::new();
    let collector = Collector::spawn(place.config().sync(SyncPolicy::Never)).unwrap();
    let text = events(0..20_000);
    thread::scope(|scope| {
        for n in 0..4 {
            let stream = format!("0193f6c2-7d3e-7bb4-9c1e-{n:012}");
            let (text, socket) = (&text, collector.socket());
            scope.spawn(move || deliver(socket, &stream, text, &AtomicU64::new(0)));
        }
        for _ in 0..20 {
            let (_client, answer) = Client::hello(collector.socket(), STREAM, 0);
            assert_eq!(answer, 0);
            thread::sleep(Duration::from_millis(1));
        }
    });
    assert_eq!(place.numbers().len(), 80_000);
}
