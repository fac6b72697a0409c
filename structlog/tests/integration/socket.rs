//! The shipper, against collectors that behave well and badly.

use std::io::Read;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use throughline_schema::{Event, Level};
use throughline_structlog::{Logger, LossReason, Threshold, debug, error, info, warn};

use crate::collector::{Listener, PATIENCE, eventually};

const SHORT: Duration = Duration::from_millis(50);

fn socket() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    (folder, path)
}

fn logger(path: &PathBuf) -> Logger {
    Logger::builder("accounts").filter(Level::Trace).socket(path).build()
}

#[test]
fn lines_arrive_in_order_after_a_hello_and_are_delivered_when_acknowledged() {
    let (_folder, path) = socket();
    let listener = Listener::bind(&path);
    let log = logger(&path);
    for number in 0..1000 {
        info!(logger: log, "counted", number);
    }
    let mut client = listener.accept();
    let hello = client.hello(true);
    assert_eq!(hello["service"]["name"], "accounts");
    assert_eq!((hello["offset"].as_u64(), hello["stream"].as_str().unwrap().len()), (Some(0), 36));
    for number in 0..1000 {
        assert_eq!(client.json()["number"], number);
    }
    let error = log.flush(SHORT).unwrap_err();
    assert!(error.to_string().contains("not delivered"), "{error}");
    client.ack();
    log.flush(PATIENCE).unwrap();
    assert_eq!(log.lost().total(), 0);
}

#[test]
fn a_collector_may_come_later() {
    let (_folder, path) = socket();
    let log = logger(&path);
    info!(logger: log, "early");
    let error = log.flush(SHORT).unwrap_err().to_string();
    assert!(error.contains(path.to_str().unwrap()), "{error}");
    let listener = Listener::bind(&path);
    let mut client = listener.accept();
    client.hello(true);
    assert_eq!(client.json()["message"], "early");
    client.ack();
    log.flush(PATIENCE).unwrap();
}

#[test]
fn what_was_not_acknowledged_is_sent_again_under_the_same_offset() {
    let (_folder, path) = socket();
    let listener = Listener::bind(&path);
    let log = logger(&path);
    for number in 0..10 {
        info!(logger: log, "counted", number);
    }
    let mut client = listener.accept();
    let first = client.hello(true);
    for _ in 0..4 {
        client.line();
    }
    client.ack();
    let acked = client.offset;
    client.line();
    drop(client);

    let mut client = listener.accept();
    let second = client.hello(true);
    assert_eq!(second["stream"], first["stream"]);
    // The acknowledgement may not have been read before the connection broke.
    let offset = second["offset"].as_u64().unwrap();
    assert!(offset == acked || offset == 0, "{offset}");
    let begin = if offset == 0 { 0 } else { 4 };
    for number in begin..10 {
        assert_eq!(client.json()["number"], number);
    }
    client.ack();
    log.flush(PATIENCE).unwrap();
}

#[test]
fn an_acknowledgement_that_was_lost_with_a_connection_is_taken_on_the_next() {
    // More than a socket takes at once, so that the acknowledgement comes before all is sent again.
    const LINES: u64 = 5000;
    let (_folder, path) = socket();
    let listener = Listener::bind(&path);
    let log = logger(&path);
    for number in 0..LINES {
        info!(logger: log, "stored", number);
    }
    let mut client = listener.accept();
    client.hello(true);
    for _ in 0..LINES {
        client.line();
    }
    let held = client.offset;
    drop(client);

    let mut client = listener.accept();
    client.hello(false);
    client.say(&format!("{{\"ack\":{held}}}\n"));
    eventually("a delivery", || (log.stats().lines_delivered > 0).then_some(()));
    for number in 0..LINES {
        assert_eq!(client.json()["number"], number);
    }
    log.flush(PATIENCE).unwrap();
}

#[test]
fn a_collector_that_acknowledges_nonsense_loses_nothing() {
    let (_folder, path) = socket();
    let listener = Listener::bind(&path);
    let log = logger(&path);
    info!(logger: log, "kept");
    let mut client = listener.accept();
    client.hello(true);
    client.line();
    for nonsense in ["{\"ack\":99999999}\n", "{\"ack\":-1}\n", "ack\n", "\0\n", "{\"ack\":1}\n"] {
        client.say(nonsense);
    }
    client.say(&"x".repeat(100_000));
    client.say("\n");
    log.flush(SHORT).unwrap_err();
    client.ack();
    log.flush(PATIENCE).unwrap();
    client.say("{\"ack\":0}\n");
    info!(logger: log, "next");
    assert_eq!(client.json()["message"], "next", "what was acknowledged stays so");
    log.flush(SHORT).unwrap_err();
    client.ack();
    log.flush(PATIENCE).unwrap();
}

#[test]
fn a_collector_that_never_ends_its_line_is_delivered_to_all_the_same() {
    let (_folder, path) = socket();
    let listener = Listener::bind(&path);
    let log = logger(&path);
    let mut client = listener.accept();
    client.hello(true);
    for number in 0..50 {
        client.say(&"x".repeat(50_000));
        info!(logger: log, "counted", number);
        assert_eq!(client.json()["number"], number);
    }
    client.say("\n");
    client.ack();
    log.flush(PATIENCE).unwrap();
}

#[test]
fn a_line_that_was_written_in_part_is_sent_again_whole() {
    let (_folder, path) = socket();
    let listener = Listener::bind(&path);
    let log = logger(&path);
    let text = "x".repeat(1000);
    for number in 0..2000 {
        info!(logger: log, "counted", number, text); // far more than the system's buffer holds
    }
    for cut in [1500, 1, 77_777] {
        let mut client = listener.accept();
        assert_eq!(client.hello(true)["offset"], 0);
        client.lines.read_exact(&mut vec![0; cut]).unwrap();
    }
    let mut client = listener.accept();
    assert_eq!(client.hello(true)["offset"], 0);
    for number in 0..2000 {
        assert_eq!(client.json()["number"], number);
    }
    client.ack();
    log.flush(PATIENCE).unwrap();
}

#[test]
fn a_flush_that_fails_says_what_stands_in_the_way() {
    let (folder, path) = socket();
    let says = |path: &PathBuf, what: &str| {
        let log = logger(path);
        info!(logger: log, "kept");
        eventually(what, || {
            let error = log.flush(SHORT).unwrap_err().to_string();
            error.contains(what).then_some(())
        });
        std::mem::forget(log); // it would wait for a collector
    };
    says(&path, "no socket is there yet");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    says(&path, "nobody listens");
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, "").unwrap();
    says(&path, "no socket");
    says(&folder.path().join("x".repeat(200)), "bytes");
}

#[test]
fn a_flush_after_the_collector_died_ends_in_time_and_says_why() {
    let (_folder, path) = socket();
    let listener = Listener::bind(&path);
    let log = logger(&path);
    info!(logger: log, "delivered");
    let mut client = listener.accept();
    client.hello(true);
    client.line();
    client.ack();
    log.flush(PATIENCE).unwrap();
    drop((client, listener));
    info!(logger: log, "kept");
    let error = log.flush(Duration::from_millis(300)).unwrap_err().to_string();
    assert!(error.contains("no socket is there"), "{error}");

    let listener = Listener::bind(&path);
    let mut client = listener.accept();
    client.hello(true);
    assert_eq!(client.json()["message"], "kept");
    client.ack();
    log.flush(PATIENCE).unwrap();
}

#[tokio::test(flavor = "current_thread")]
async fn a_flush_on_a_runtime_of_one_thread_needs_no_other_task() {
    let (_folder, path) = socket();
    let listener = Listener::bind(&path);
    let log = logger(&path);
    let collector = std::thread::spawn(move || {
        let mut client = listener.accept();
        client.hello(true);
        client.line();
        client.ack();
    });
    let task = tokio::spawn({
        let log = log.clone();
        async move { info!(logger: log, "in a task") }
    });
    task.await.unwrap();
    log.flush(PATIENCE).unwrap();
    collector.join().unwrap();
}

#[test]
fn a_collector_that_acknowledges_nothing_has_what_was_written() {
    let (_folder, path) = socket();
    let listener = Listener::bind(&path);
    let log = logger(&path);
    info!(logger: log, "plain");
    let mut client = listener.accept();
    client.hello(false);
    assert_eq!(client.json()["message"], "plain");
    log.flush(SHORT).unwrap_err();
    log.flush(PATIENCE).unwrap();
}

#[test]
fn what_does_not_fit_is_shed_by_level_counted_and_told() {
    let (_folder, path) = socket();
    let log = logger(&path);
    let text = "x".repeat(1000);
    let lost = |level| log.lost().of(level);
    while lost(Level::Debug) == 0 {
        debug!(logger: log, "detail", text);
    }
    assert_eq!(lost(Level::Info), 0);
    info!(logger: log, "there is room for more important events", text);
    assert_eq!(lost(Level::Info), 0);
    while lost(Level::Info) == 0 {
        info!(logger: log, "what happened", text);
    }
    while lost(Level::Error) == 0 {
        error!(logger: log, "a failure", text);
    }
    let shed = log.lost();
    assert_eq!((shed.of(Level::Debug), shed.of(Level::Info), shed.of(Level::Error)), (1, 1, 1));

    let listener = Listener::bind(&path);
    let mut client = listener.accept();
    client.hello(true);
    let told = loop {
        let json = client.json();
        client.ack();
        if json["event"] == "throughline.shed" {
            break json;
        }
    };
    let shed = |level: &str| told[format!("shed.{level}")].as_u64().unwrap();
    assert_eq!(["trace", "debug", "info", "warn", "error"].map(shed), [0, 1, 1, 0, 1]);
    assert_eq!(told["reason"], "buffer_full");
    assert_eq!(log.lost().count(LossReason::BufferFull, Level::Debug), 1);
}

/// A payment was made, of which there must be a record.
#[derive(Event)]
#[event(
    name = "payment.made",
    version = 1,
    level = "debug",
    message = "Payment made",
    delivery = "must"
)]
struct PaymentMade {
    /// How many there were before.
    number: u64,
}

/// Fills the buffer to the last byte.
fn fill(log: &Logger) {
    let text = "x".repeat(20_000);
    while log.lost().of(Level::Error) == 0 {
        error!(logger: log, "a failure", text);
    }
    while log.lost().of(Level::Warn) == 0 {
        warn!(logger: log, "a warning");
    }
}

#[test]
fn what_must_be_delivered_waits_for_room() {
    let (_folder, path) = socket();
    let listener = Listener::bind(&path);
    let log = logger(&path);
    let mut client = listener.accept();
    client.hello(true);
    fill(&log);
    let made = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut made = 0;
            loop {
                let line = client.json();
                client.ack();
                made += u64::from(line["event"] == "payment.made");
                if line["message"] == "that was all" {
                    return made;
                }
            }
        });
        for number in 0..1000 {
            log.emit(None, &PaymentMade { number });
        }
        // A wait is bounded, so on a machine that stands still some may be lost. There is no room for any without one.
        let lost = log.lost().of(Level::Debug);
        while log.stats().bytes_buffered > 1 << 20 {
            std::thread::yield_now();
        }
        error!(logger: log, "that was all");
        reader.join().unwrap() + lost
    });
    assert_eq!(made, 1000);
    assert!(log.lost().of(Level::Debug) < 1000);
}

#[test]
fn what_must_be_delivered_waits_once_for_a_collector_that_takes_nothing() {
    let (_folder, path) = socket();
    let log = logger(&path);
    fill(&log);
    let start = Instant::now();
    for number in 0..1000 {
        log.emit(None, &PaymentMade { number });
    }
    assert!(start.elapsed() < PATIENCE, "if each waited, all would for 100 seconds");
    assert_eq!(log.lost().count(LossReason::BufferFull, Level::Debug), 1000);
    std::mem::forget(log); // it would wait for a collector
}

#[test]
fn the_statistics_say_what_became_of_every_line() {
    let (_folder, path) = socket();
    let log = logger(&path);
    assert_eq!(log.stats().connected, 0);
    for number in 0..10 {
        info!(logger: log, "counted", number);
    }
    let stats = log.stats();
    assert_eq!((stats.lines_buffered, stats.lines_delivered, stats.connections), (10, 0, 0));
    assert!(stats.bytes_buffered > 1000 && stats.buffer_size == 8 << 20);

    let listener = Listener::bind(&path);
    let mut client = listener.accept();
    client.hello(true);
    for _ in 0..4 {
        client.line();
    }
    let bytes = client.offset;
    client.ack();
    eventually("four are delivered", || (log.stats().lines_delivered == 4).then_some(()));
    let stats = log.stats();
    assert_eq!((stats.lines_buffered, stats.bytes_delivered), (6, bytes));
    assert_eq!((stats.connected, stats.connections, stats.lines_resent), (1, 1, 0));
    for _ in 0..6 {
        client.line();
    }
    drop(client);

    let mut client = listener.accept();
    client.hello(true);
    for _ in 0..6 {
        client.line();
    }
    client.ack();
    log.flush(PATIENCE).unwrap();
    let stats = log.stats();
    assert_eq!((stats.lines_buffered, stats.bytes_buffered, stats.lines_delivered), (0, 0, 10));
    assert_eq!((stats.connections, stats.lines_resent), (2, 6));
    assert_eq!(stats.lost, log.lost());
}

#[test]
fn dropping_the_last_handle_delivers_what_is_left() {
    let (_folder, path) = socket();
    let listener = Listener::bind(&path);
    let log = logger(&path);
    let other = log.clone();
    let reader = std::thread::spawn(move || {
        let mut client = listener.accept();
        client.hello(true);
        let line = client.json();
        client.ack();
        line
    });
    info!(logger: log, "last words");
    drop(other);
    drop(log);
    assert_eq!(reader.join().unwrap()["message"], "last words");
}

#[test]
fn a_collector_that_closes_at_once_is_tried_again_until_it_stays() {
    let (_folder, path) = socket();
    let listener = Listener::bind(&path);
    let log = logger(&path);
    info!(logger: log, "patient");
    for _ in 0..3 {
        drop(listener.accept());
    }
    let mut client = listener.accept();
    client.hello(true);
    assert_eq!(client.json()["message"], "patient");
    client.ack();
    log.flush(PATIENCE).unwrap();
}

#[test]
fn a_collector_that_never_reads_holds_nobody_up() {
    let (_folder, path) = socket();
    let listener = Listener::bind(&path);
    let log = logger(&path);
    let _client = listener.accept();
    let text = "x".repeat(1000);
    for _ in 0..20_000 {
        info!(logger: log, "into the wall", text);
    }
    eventually("the buffer to be full", || (log.lost().of(Level::Info) > 0).then_some(()));
    log.set_filter(Threshold::OFF);
    log.flush(SHORT).unwrap_err();
}

#[test]
fn a_line_that_a_collector_would_refuse_is_clipped_and_arrives() {
    let (_folder, path) = socket();
    let listener = Listener::bind(&path);
    let log = logger(&path);
    error!(logger: log, "huge", text = "x".repeat(1 << 20));
    let mut client = listener.accept();
    client.hello(true);
    let json = client.json();
    assert_eq!(json["message"], "huge");
    assert!(json["violations"][0].as_str().unwrap().starts_with("line: "));
    client.ack();
    log.flush(PATIENCE).unwrap();
    assert_eq!(log.lost().total(), 0);
}
