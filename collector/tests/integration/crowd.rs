//! Many clients, and bad ones.

use std::{fs, io::Write, os::unix::net::UnixStream, sync::atomic::AtomicU64, thread};

use crate::support::{Client, Place, Process, STREAM, deliver, events, hello, wait_until};

/// The most memory that a process had, in bytes.
fn peak(process: &Process) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() << 10
}

#[test]
fn ten_thousand_connections_one_after_the_other_are_served() {
    let place = Place::new();
    let mut collector = Process::collect_with(&place, &["--sync", "never"]);
    for n in 0..10_000 {
        let mut client = UnixStream::connect(place.socket()).unwrap();
        client.write_all(events(n..n + 1).as_bytes()).unwrap();
    }
    assert!(collector.signal("TERM").success());
    let mut numbers = place.numbers();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..10_000).collect::<Vec<_>>());
    assert!(collector.stderr().contains("from 10000 connections"), "{}", collector.stderr());
}

#[test]
fn a_hundred_clients_that_flood_stay_within_bounds() {
    let place = Place::new();
    let mut collector = Process::collect(&place);
    let text = events(0..3_000);
    thread::scope(|scope| {
        for n in 0..100 {
            let (text, socket) = (&text, place.socket());
            let stream = format!("0193f6c2-7d3e-7bb4-9c1e-{n:012}");
            scope.spawn(move || deliver(&socket, &stream, text, &AtomicU64::new(0)));
        }
    });
    assert!(peak(&collector) < 64 << 20, "{} bytes", peak(&collector));
    assert!(collector.signal("TERM").success());
    assert_eq!(place.stored().len(), 300_000);
}

#[test]
fn hostile_clients_do_not_hurt_a_good_one() {
    let place = Place::new();
    let mut collector = Process::collect(&place);
    let mut held = Vec::new();
    for n in 0..60 {
        let mut client = Client::connect(&place.socket());
        match n % 6 {
            // Says nothing.
            0 => {}
            // Leaves a long line open.
            1 => client.send(vec![b'x'; 400_000]),
            // Is not speaking our language.
            2 => client.send([0xff, 0x00, 0x1b, b'\n'].repeat(50_000)),
            // Claims what it likes.
            3 => client.send(hello(STREAM, u64::MAX) + &hello("me", 1) + "\n\n\n"),
            // Sends deep nesting.
            4 => client.send("[".repeat(200_000) + "\n"),
            // Leaves in the midst of a line.
            _ => {
                client.send("{\"timestamp\":");
                continue;
            }
        }
        held.push(client);
    }
    let (mut good, _) = Client::hello(&place.socket(), STREAM, 0);
    for n in 0..200 {
        good.send(events(n..n + 1));
        good.wait_for_ack(events(0..n + 1).len() as u64);
    }
    assert!(peak(&collector) < 64 << 20, "{} bytes", peak(&collector));
    wait_until("the garbage is told", || {
        place.stored().iter().any(|line| line.contains("not_utf8"))
    });
    drop(held);
    assert!(collector.signal("TERM").success());
    assert_eq!(place.numbers(), (0..200).collect::<Vec<_>>());
}
