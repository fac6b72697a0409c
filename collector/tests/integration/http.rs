//! `/metrics` and `/healthz`, asked by good and by bad clients.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::atomic::AtomicU64,
};

use throughline_collector::{Collector, Config, Forward};

use crate::support::{PATIENCE, Place, Process, STREAM, deliver, events, wait_until};

fn with_http(place: &Place) -> Config {
    place.config().http(SocketAddr::from(([127, 0, 0, 1], 0)))
}

/// The address that a collector says it answers on.
pub(crate) fn address(collector: &Process) -> SocketAddr {
    let said = collector.stderr();
    let (_, rest) = said.split_once("answering http://").unwrap();
    rest.split('/').next().unwrap().parse().unwrap()
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = connect(address);
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

pub(crate) fn get(address: SocketAddr, path: &str) -> String {
    ask(address, &format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"))
}

/// The value of a sample.
fn sample(answer: &str, name: &str) -> Option<u64> {
    let name = format!("throughline_collector_{name} ");
    answer.lines().find_map(|line| line.strip_prefix(&name)).map(|value| value.parse().unwrap())
}

#[test]
fn metrics_count_what_happens() {
    let place = Place::new();
    let out = format!("file:{}", place.path("out").display());
    let collector = Process::collect_with(&place, &["--http", "0", "--forward", &out]);
    let address = address(&collector);
    let lines = events(0..100) + "garbage\n";
    deliver(&place.socket(), STREAM, &lines, &AtomicU64::new(0));
    wait_until("all is forwarded", || {
        // With the event that says what was refused.
        sample(&get(address, "/metrics"), "forwarded_lines_total{to=\"file\"}") == Some(101)
    });
    let answer = get(address, "/metrics");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert_eq!(sample(&answer, "lines_total"), Some(100));
    assert_eq!(sample(&answer, "refused_lines_total{reason=\"not_a_json_object\"}"), Some(1));
    assert_eq!(sample(&answer, "refused_lines_total{reason=\"too_long\"}"), Some(0));
    assert_eq!(sample(&answer, "forward_failing{to=\"file\"}"), Some(0));
    assert_eq!(sample(&answer, "spool_files"), Some(1));
    assert_eq!(sample(&answer, "streams"), Some(1));
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("Content-Length: {}", body.len())));
    for line in body.lines() {
        assert!(line.starts_with('#') || line.starts_with("throughline_collector_"), "{line}");
    }
}

#[test]
fn what_has_not_arrived_is_measured_for_each_destination() {
    let (place, far) = (Place::new(), Place::new());
    let nobody = format!("unix:{}", far.socket().display());
    let file = format!("file:{}", place.path("out").display());
    let arguments = ["--http", "0", "--forward", &nobody, "--forward", &file];
    let collector = Process::collect_with(&place, &arguments);
    let address = address(&collector);
    let measured = |to: &str| {
        let answer = get(address, "/metrics");
        let value = |name| -> f64 {
            let name = format!("throughline_collector_forward_backlog_{name}{{to=\"{to}\"}} ");
            answer.lines().find_map(|line| line.strip_prefix(&name)).unwrap().parse().unwrap()
        };
        (value("bytes"), value("age_seconds"))
    };
    assert_eq!(measured("collector"), (0.0, 0.0));
    let lines = events(0..100).replace("2026-11-21", "2024-11-21");
    deliver(&place.socket(), STREAM, &lines, &AtomicU64::new(0));
    wait_until("the file has all", || measured("file") == (0.0, 0.0));
    let (bytes, age) = measured("collector");
    assert_eq!(bytes, lines.len() as f64);
    assert!(age > 365.0 * 86_400.0, "{age}");
    let _far_end = far.spawn();
    wait_until("the other collector has all", || measured("collector") == (0.0, 0.0));
    assert_eq!(far.numbers().len(), 100);
}

#[test]
fn each_path_and_method_has_its_answer() {
    let place = Place::new();
    let collector = Process::collect_with(&place, &["--http", "127.0.0.1:0"]);
    let address = address(&collector);
    assert!(get(address, "/healthz").ends_with("\r\n\r\nok\n"));
    assert!(get(address, "/healthz?verbose").contains(" 200 OK"));
    assert!(get(address, "/").contains(" 404 "));
    assert!(ask(address, "POST /metrics HTTP/1.1\r\n\r\n").contains(" 405 "));
    let head = ask(address, "HEAD /metrics HTTP/1.0\r\n\r\n");
    assert!(head.contains(" 200 OK") && head.ends_with("\r\n\r\n"), "{head}");
    assert!(ask(address, &"x".repeat(9_000)).contains(" 431 "));
    assert!(ask(address, "\0\u{1b}\n\n").contains(" 405 "));
}

#[test]
fn clients_that_do_not_end_keep_nobody_from_being_answered() {
    let place = Place::new();
    let mut collector = Process::collect_with(&place, &["--http", "0"]);
    let address = address(&collector);
    // More than are served at once: some say nothing, some begin, some never read.
    let held: Vec<_> = (0..40)
        .map(|n| {
            let mut stream = connect(address);
            match n % 3 {
                0 => {}
                1 => stream.write_all(b"GET /metr").unwrap(),
                _ => {
                    stream.write_all(b"GET /metrics HTTP/1.1\r\n\r\n").unwrap();
                    stream.shutdown(Shutdown::Write).unwrap();
                }
            }
            stream
        })
        .collect();
    assert!(get(address, "/healthz").contains(" 200 OK"));
    deliver(&place.socket(), STREAM, &events(0..10), &AtomicU64::new(0));
    drop(held);
    assert!(collector.signal("TERM").success());
}

#[test]
fn an_address_that_is_taken_is_explained() {
    let (one, other) = (Place::new(), Place::new());
    let collector = Collector::bind(with_http(&one)).unwrap();
    let address = collector.http().unwrap();
    let config = other.config().http(address).forward(Forward::Stdout);
    let error = Collector::bind(config).unwrap_err();
    assert!(error.to_string().contains(&address.to_string()), "{error}");
    assert!(!other.socket().exists());
}
