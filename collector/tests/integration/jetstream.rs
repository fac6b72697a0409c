//! Forwarding to JetStream, through what can happen to either side.

use std::{
    collections::BTreeMap,
    process::Command,
    sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use async_nats::{ConnectOptions, jetstream::stream};
use throughline_collector::{Collector, Config, Forward, Nats};
use throughline_structlog::{Logger, info};

use crate::{
    nats::{Message, Observer, Server, free_port, is_available},
    support::{
        Client, OTHER, PATIENCE, Place, Process, STREAM, deliver, event, events, field, wait_until,
    },
};

pub(crate) const NAME: &str = "EVENTS";

fn nats(url: &str) -> Nats {
    let mut nats = Nats::new(url);
    nats.create_stream = Some(NAME.into());
    nats
}

fn to_nats(place: &Place, url: &str) -> Config {
    place.config().forward(Forward::Nats(nats(url)))
}

/// The command line for the same.
pub(crate) fn flags(url: &str) -> Vec<String> {
    ["--forward", url, "--nats-create-stream", NAME].map(str::to_owned).into()
}

fn collect(place: &Place, url: &str) -> Process {
    let flags = flags(url);
    Process::collect_with(place, &flags.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The numbers of the events in `messages`, in order of their offsets, after a look at whether all ids differ.
fn numbers(messages: &[Message]) -> Vec<usize> {
    let mut by_id = BTreeMap::new();
    for message in messages {
        let (stream, offset) = message.id.split_once(':').unwrap();
        let offset: u64 = offset.parse().unwrap();
        let before = by_id.insert((stream, offset), field(&message.line, "n") as usize);
        assert_eq!(before, None, "{} is there twice", message.id);
    }
    by_id.into_values().collect()
}

#[test]
fn every_line_is_a_message_with_its_subject_and_its_id() {
    let Some(server) = Server::start() else { return };
    let place = Place::new();
    let collector = Collector::spawn(to_nats(&place, &server.url())).unwrap();
    let text = events(0..1_000);
    deliver(collector.socket(), STREAM, &text, &AtomicU64::new(0));
    let odd =
        r#"{"timestamp":"t","level":"INFO","event":"a.*","service":{"name":"s. >"},"n":1000}"#;
    deliver(collector.socket(), OTHER, &format!("{odd}\n"), &AtomicU64::new(0));
    let observer = Observer::new(&server.url());
    wait_until("all has arrived", || observer.count(NAME) == 1_001);
    let messages = observer.messages(NAME);
    let lines: Vec<_> = messages.iter().map(|message| message.line.clone()).collect();
    assert_eq!(lines, place.stored());
    let mut offset = 0;
    for message in &messages[..1_000] {
        assert_eq!(message.subject, "events.tests.test.numbered");
        assert_eq!(message.id, format!("{STREAM}:{offset}"));
        offset += message.line.len() + 1;
    }
    assert_eq!(messages[1_000].subject, "events.s%2E%20%3E.a.%2A");
    let summary = collector.stop().unwrap();
    assert_eq!((summary.forwarded, summary.dropped), (1_001, 0));
}

#[test]
fn a_stream_is_created_only_if_it_is_missing() {
    let Some(server) = Server::start() else { return };
    let place = Place::new();
    let mut to = nats(&server.url());
    to.prefix = "org.logs".into();
    to.duplicate_window = Duration::from_secs(7);
    let collector = Collector::spawn(place.config().forward(Forward::Nats(to.clone()))).unwrap();
    let observer = Observer::new(&server.url());
    deliver(collector.socket(), STREAM, &events(0..1), &AtomicU64::new(0));
    wait_until("it has arrived", || observer.count(NAME) == 1);
    let made = observer.config(NAME);
    assert_eq!(made.subjects, ["org.logs.>"]);
    assert_eq!(made.duplicate_window, Duration::from_secs(7));
    collector.stop().unwrap();

    to.duplicate_window = Duration::from_secs(9);
    let collector = Collector::spawn(place.config().forward(Forward::Nats(to))).unwrap();
    deliver(collector.socket(), OTHER, &events(1..2), &AtomicU64::new(0));
    wait_until("the next has arrived", || observer.count(NAME) == 2);
    assert_eq!(observer.config(NAME).duplicate_window, Duration::from_secs(7));
}

#[test]
fn without_a_stream_it_says_what_to_do_and_loses_nothing() {
    let Some(server) = Server::start() else { return };
    let place = Place::new();
    let collector = Process::collect_with(&place, &["--forward", &server.url()]);
    deliver(&place.socket(), STREAM, &events(0..100), &AtomicU64::new(0));
    wait_until("it says so", || collector.stderr().contains("--nats-create-stream"));
    let observer = Observer::new(&server.url());
    observer.create(stream::Config {
        name: NAME.into(),
        subjects: vec!["events.>".into()],
        ..stream::Config::default()
    });
    wait_until("all has arrived", || observer.count(NAME) == 100);
    assert_eq!(numbers(&observer.messages(NAME)), (0..100).collect::<Vec<_>>());
}

#[test]
fn what_is_too_large_for_the_server_is_counted_told_and_passed_over() {
    let Some(server) = Server::start() else { return };
    let place = Place::new();
    let observer = Observer::new(&server.url());
    observer.create(stream::Config {
        name: NAME.into(),
        subjects: vec!["events.>".into()],
        max_message_size: 10_000,
        ..stream::Config::default()
    });
    let config = to_nats(&place, &server.url()).max_line(4 << 20);
    let collector = Collector::spawn(config).unwrap();
    let mut text = events(0..10);
    // Beyond what the stream takes, and beyond what the server takes at all.
    for size in [20_000, 2 << 20] {
        text += &event(0).replace(r#""n":0"#, &format!(r#""x":"{}""#, "x".repeat(size)));
        text += "\n";
    }
    text += &events(10..20);
    deliver(collector.socket(), STREAM, &text, &AtomicU64::new(0));
    let told = || -> u64 {
        let messages = observer.messages(NAME);
        let dropped = messages.iter().filter(|m| m.line.contains(r#""reason":"too_large""#));
        dropped.map(|message| field(&message.line, "count")).sum()
    };
    wait_until("it is told", || told() == 2);
    let numbered: Vec<_> = observer
        .messages(NAME)
        .into_iter()
        .filter(|message| message.line.contains("test.numbered"))
        .collect();
    assert_eq!(numbers(&numbered), (0..20).collect::<Vec<_>>());
    let summary = collector.stop().unwrap();
    assert_eq!((summary.forwarded, summary.dropped), (observer.count(NAME), 2));
}

#[test]
fn a_server_that_is_away_and_comes_and_is_killed_costs_nothing() {
    if !is_available() {
        return;
    }
    let place = Place::new();
    let mut server = Server::stopped(free_port(), &[]);
    let collector = Collector::spawn(to_nats(&place, &server.url())).unwrap();
    // More than the window, while nobody is there.
    deliver(collector.socket(), STREAM, &events(0..5_000), &AtomicU64::new(0));
    server.run();
    for round in 0..3 {
        let observer = Observer::new(&server.url());
        let before = observer.count(NAME);
        wait_until("some has arrived", || observer.count(NAME) > before);
        server.kill();
        let text = events(0..5_000 + (round + 1) * 3_000);
        deliver(collector.socket(), STREAM, &text, &AtomicU64::new(0));
        server.run();
    }
    let observer = Observer::new(&server.url());
    wait_until("all has arrived", || observer.count(NAME) >= 14_000);
    let messages = observer.messages(NAME);
    assert_eq!(numbers(&messages), (0..14_000).collect::<Vec<_>>());
    let lines: Vec<_> = messages.into_iter().map(|message| message.line).collect();
    assert!(lines == place.stored(), "the order is kept: one connection at a time sends");
}

#[test]
fn a_collector_that_is_killed_again_and_again_forwards_every_event_once() {
    let Some(server) = Server::start() else { return };
    let place = Place::new();
    let log = Logger::builder("tests").socket(place.socket()).build();
    let (enough, emitted) = (AtomicBool::new(false), AtomicUsize::new(0));
    let observer = Observer::new(&server.url());
    thread::scope(|scope| {
        scope.spawn(|| {
            while !enough.load(Ordering::Relaxed) {
                let n = emitted.fetch_add(1, Ordering::Relaxed);
                info!(logger: log, "numbered", n);
                if n.is_multiple_of(20) {
                    thread::sleep(Duration::from_millis(1));
                }
            }
        });
        for _ in 0..8 {
            let mut collector = collect(&place, &server.url());
            let before = observer.count(NAME);
            wait_until("some has arrived", || observer.count(NAME) > before + 300);
            collector.kill();
        }
        enough.store(true, Ordering::Relaxed);
    });
    let mut collector = collect(&place, &server.url());
    log.flush(PATIENCE).unwrap();
    assert_eq!(log.lost().total(), 0);
    let emitted = emitted.into_inner();
    wait_until("all has arrived", || observer.count(NAME) as usize >= emitted);
    assert!(collector.signal("TERM").success());
    assert_eq!(numbers(&observer.messages(NAME)), (0..emitted).collect::<Vec<_>>());
}

#[test]
fn a_collector_that_is_asked_to_stop_under_load_forwards_what_it_stored() {
    let Some(server) = Server::start() else { return };
    let place = Place::new();
    let observer = Observer::new(&server.url());
    let text = events(0..20_000);
    let progress = AtomicU64::new(0);
    thread::scope(|scope| {
        scope.spawn(|| deliver(&place.socket(), STREAM, &text, &progress));
        let mut collector = collect(&place, &server.url());
        wait_until("some is stored", || progress.load(Ordering::SeqCst) > 100_000);
        assert!(collector.signal("TERM").success());
        let stored = place.numbers().len();
        assert_eq!(observer.count(NAME) as usize, stored, "{}", collector.stderr());
        let mut collector = collect(&place, &server.url());
        wait_until("all has arrived", || observer.count(NAME) >= 20_000);
        assert!(collector.signal("TERM").success());
    });
    assert_eq!(numbers(&observer.messages(NAME)), (0..20_000).collect::<Vec<_>>());
}

#[test]
fn a_cluster_that_loses_its_leader_under_load_gets_every_event_once() {
    if !is_available() {
        return;
    }
    let ports: Vec<(u16, u16)> = (0..3).map(|_| (free_port(), free_port())).collect();
    let routes: Vec<_> =
        ports.iter().map(|(_, route)| format!("nats://127.0.0.1:{route}")).collect();
    let routes = routes.join(",");
    let mut servers: Vec<_> = ports
        .iter()
        .enumerate()
        .map(|(n, (port, route))| {
            let (name, cluster) = (format!("n{n}"), format!("nats://127.0.0.1:{route}"));
            let arguments = ["--server_name", &name, "--cluster_name", "c", "--cluster", &cluster];
            Server::with(*port, &[&arguments[..], &["--routes", &routes]].concat())
        })
        .collect();
    let urls: Vec<_> = servers.iter().map(Server::url).collect();
    let place = Place::new();
    let mut to = nats(&urls.join(","));
    to.replicas = 3;
    to.window = 64;
    let collector = Collector::spawn(place.config().forward(Forward::Nats(to))).unwrap();
    let text = events(0..6_000);
    let progress = AtomicU64::new(0);
    thread::scope(|scope| {
        scope.spawn(|| deliver(collector.socket(), STREAM, &text, &progress));
        let mut lost = None;
        for goal in [500, 2_000] {
            let observer = Observer::new(&urls.join(","));
            wait_until("some has arrived", || observer.count(NAME) > goal);
            let mut leader = None;
            wait_until("there is a leader", || {
                leader = observer.leader(NAME);
                leader.is_some()
            });
            let n: usize = leader.unwrap()[1..].parse().unwrap();
            if let Some(lost) = lost {
                let server: &mut Server = &mut servers[lost];
                server.run();
            }
            servers[n].kill();
            lost = Some(n);
        }
    });
    let observer = Observer::new(&urls.join(","));
    wait_until("all has arrived", || observer.count(NAME) >= 6_000);
    assert_eq!(numbers(&observer.messages(NAME)), (0..6_000).collect::<Vec<_>>());
    collector.stop().unwrap();
}

#[test]
fn it_proves_who_it_is_and_wants_to_know_whom_it_talks_to() {
    if !is_available() {
        return;
    }
    let place = Place::new();
    let server = Server::with(free_port(), &["--user", "me", "--pass", "secret"]);
    let options = || ConnectOptions::with_user_and_password("me".into(), "secret".into());
    let observer = Observer::with(&server.url(), options());

    let mut arguments = flags(&server.url());
    arguments.extend(["--nats-user", "me", "--nats-password", "wrong"].map(str::to_owned));
    let wrong: Vec<_> = arguments.iter().map(String::as_str).collect();
    let mut collector = Process::collect_with(&place, &wrong);
    deliver(&place.socket(), STREAM, &events(0..10), &AtomicU64::new(0));
    wait_until("it says so", || collector.stderr().contains("cannot forward to nats://127"));
    assert!(!collector.stderr().contains("wrong"), "{}", collector.stderr());
    collector.kill();

    let config = place.path("config.toml");
    let text = format!(
        "forward = [\"{}\"]\nnats_user = \"me\"\nnats_create_stream = \"{NAME}\"\n",
        server.url()
    );
    std::fs::write(&config, text).unwrap();
    let mut command = Command::new(crate::support::BIN);
    command.env("THROUGHLINE_NATS_PASSWORD", "secret");
    let config = config.display().to_string();
    let mut collector = Process::start_with(&place, command, &["--config", &config]);
    wait_until("all has arrived", || observer.count(NAME) == 10);
    assert!(collector.signal("TERM").success());
}

#[test]
fn a_server_without_an_answer_does_not_slow_the_intake() {
    if !is_available() {
        return;
    }
    // Somebody listens, and says nothing.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("nats://{}", listener.local_addr().unwrap());
    let place = Place::new();
    let collector = Collector::spawn(to_nats(&place, &url)).unwrap();
    let (mut client, _) = Client::hello(collector.socket(), STREAM, 0);
    for n in 0..200 {
        client.send(events(n..n + 1));
        client.wait_for_ack(events(0..n + 1).len() as u64);
    }
    let summary = collector.stop().unwrap();
    assert_eq!((summary.lines, summary.forwarded), (200, 0));
}

#[test]
fn tail_shows_what_is_in_a_stream() {
    let Some(server) = Server::start() else { return };
    let place = Place::new();
    let collector = Collector::spawn(to_nats(&place, &server.url())).unwrap();
    let request = include_str!("request.ndjson");
    let lines = events(0..50) + request;
    deliver(collector.socket(), STREAM, &lines, &AtomicU64::new(0));
    let stored = place.stored();
    let observer = Observer::new(&server.url());
    wait_until("all has arrived", || observer.count(NAME) as usize == stored.len());
    let tail = |arguments: &[&str]| {
        let output = Command::new(crate::support::BIN)
            .args(["tail", "--nats", &server.url(), "--stream", NAME])
            .args(arguments)
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let all = stored.join("\n") + "\n";
    assert!(tail(&["--no-follow", "--json", "-n", "1000"]) == (Some(0), all));
    let last = stored.last().unwrap().clone() + "\n";
    assert_eq!(tail(&["--no-follow", "--json", "-n", "1"]), (Some(0), last));
    let id = "0193f6c2-7d3e-7bb4-9c1e-2f0d3a1b5c6d";
    let shown = include_str!("request.txt").to_owned();
    assert_eq!(tail(&["--request", id]), (Some(0), shown));
    assert_eq!(tail(&["--request", "none"]).0, Some(3));

    // New ones are followed.
    let mut child = Command::new(crate::support::BIN)
        .args(["tail", "--nats", &server.url(), "--stream", NAME, "--json", "-n", "0"])
        .args(["--where", "n=77"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let (send, heard) = std::sync::mpsc::channel();
    let out = child.stdout.take().unwrap();
    let reading = thread::spawn(move || {
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).unwrap();
        let _ = send.send(line);
    });
    // It says nothing until it is there, so events are sent until it has heard of one.
    let mut sent = lines.clone();
    let found = loop {
        sent += &(event(77) + "\n");
        deliver(collector.socket(), STREAM, &sent, &AtomicU64::new(0));
        if let Ok(line) = heard.recv_timeout(Duration::from_millis(100)) {
            break line;
        }
    };
    assert_eq!(found, event(77) + "\n");
    child.kill().unwrap();
    child.wait().unwrap();
    reading.join().unwrap();
}
