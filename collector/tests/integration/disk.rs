use std::{
    fs,
    process::Command,
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use crate::http::{address, get};
use crate::support::{
    BIN, Client, OTHER, Place, Process, STREAM, deliver, events, is_available, wait_until,
};

/// A collector whose files may have 64 KiB: this stands in for a full disk, in that the write which crosses the limit stores
/// a part, and the next one fails.
fn limited(place: &Place) -> Process {
    let mut command = Command::new("bash");
    command.args(["-c", "ulimit -S -f 64; trap '' XFSZ; exec \"$0\" \"$@\"", BIN]);
    Process::start_with(place, command, &["--http", "0"])
}

#[test]
fn a_full_disk_delays_acknowledgements_and_costs_nothing() {
    if !is_available("prlimit") {
        return;
    }
    let place = Place::new();
    let mut collector = limited(&place);
    let lines = events(0..2_000);
    let progress = AtomicU64::new(0);
    thread::scope(|scope| {
        scope.spawn(|| deliver(&place.socket(), STREAM, &lines, &progress));
        wait_until("the disk is full", || collector.stderr().contains("cannot write to"));
        assert!(progress.load(Ordering::SeqCst) <= 64 << 10);
        let health = || get(address(&collector), "/healthz");
        assert!(health().contains(" 503 ") && health().contains("cannot write"));
        // The collector is as alive as before.
        let (_client, answer) = Client::hello(&place.socket(), OTHER, 7);
        assert_eq!(answer, 7);
        let stored = fs::read_to_string(&place.files(".ndjson")[0]).unwrap();
        assert!(stored.is_empty() || stored.ends_with('\n'));

        let pid = collector.child.id().to_string();
        let lifted = Command::new("prlimit").args(["--pid", &pid, "--fsize=unlimited"]).status();
        assert!(lifted.unwrap().success());
        wait_until("all is acknowledged", || progress.load(Ordering::SeqCst) == lines.len() as u64);
        assert!(health().contains(" 200 OK"));
    });
    assert!(collector.signal("TERM").success());
    assert_eq!(place.numbers(), (0..2_000).collect::<Vec<_>>());
    let said = collector.stderr();
    assert_eq!(said.matches("cannot write to").count(), 1, "{said}");
    assert_eq!(said.matches("writing to").count(), 1, "{said}");
}

#[test]
fn an_end_while_the_disk_is_full_says_what_is_missing() {
    let place = Place::new();
    let mut collector = limited(&place);
    let (mut client, _) = Client::hello(&place.socket(), STREAM, 0);
    client.send(events(0..100));
    client.wait_for_ack(events(0..100).len() as u64);
    client.send(events(100..1_000));
    wait_until("the disk is full", || collector.stderr().contains("cannot write to"));
    assert_eq!(collector.signal("TERM").code(), Some(1));
    let said = collector.stderr();
    assert!(said.contains("stopped before everything received could be written"), "{said}");
    let mut last = 0;
    while let Some(ack) = client.ack() {
        last = ack;
    }
    let stored = place.numbers();
    assert_eq!(stored, (0..stored.len()).collect::<Vec<_>>());
    assert!(last <= events(0..stored.len()).len() as u64);
    assert!(!place.socket().exists());
}
