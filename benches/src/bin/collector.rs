//! How many events a collector takes, and how many it forwards: prints the tables of the README.
//!
//! The collector is a process of its own, kept to one core; whoever writes to it is kept to another one. Needs `taskset`, and for
//! forwarding `nats-server`.

use std::collections::VecDeque;
use std::fs;
use std::future::IntoFuture;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use async_nats::HeaderMap;
use async_nats::jetstream::{self, context::ContextBuilder, stream};
use throughline_benches::table::{header, median, row};

/// The events of one run of the intake, and of one of forwarding.
const EVENTS: usize = 2_000_000;
const FORWARDED: usize = 200_000;
const ROUNDS: usize = 3;

/// How many messages may be under way.
const WINDOW: usize = 1024;

/// The bytes of a line, with its line feed.
const LINE: usize = 376;

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "--as-collector") {
        collect(&arguments[1..]);
        return;
    }
    keep_to(std::process::id(), "1");
    if arguments.first().is_none_or(|only| only == "intake") {
        intake();
    }
    if arguments.first().is_none_or(|only| only == "forwarding") {
        forwarding();
    }
}

/// Runs the command `throughline collect` in this process, until it is killed.
fn collect(arguments: &[String]) {
    use throughline_collector::{Collector, Config, Forward, Nats, SyncPolicy};
    let [dir, sync, servers] = arguments else { panic!("--as-collector DIR SYNC SERVERS") };
    let dir = Path::new(dir);
    let sync = match sync.as_str() {
        "each" => SyncPolicy::EachBatch,
        "never" => SyncPolicy::Never,
        millis => SyncPolicy::Interval(Duration::from_millis(millis.parse().unwrap())),
    };
    let mut config = Config::new(dir.join("socket"), dir.join("spool")).sync(sync);
    if !servers.is_empty() {
        let mut nats = Nats::new(servers.as_str());
        nats.window = WINDOW;
        config = config.forward(Forward::Nats(nats));
    }
    let collector = Collector::bind(config).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(collector.run(std::future::pending())).unwrap();
}

/// A collector that runs. Ends with this value.
struct Process {
    child: Child,
    dir: PathBuf,
}

impl Process {
    fn start(dir: &Path, sync: &str, servers: &str) -> Self {
        let child = Command::new("taskset")
            .args(["-c", "0"])
            .arg(std::env::current_exe().unwrap())
            .arg("--as-collector")
            .arg(dir)
            .args([sync, servers])
            .spawn()
            .expect("taskset");
        let dir = dir.to_owned();
        while UnixStream::connect(dir.join("socket")).is_err() {
            thread::sleep(Duration::from_millis(1));
        }
        Self { child, dir }
    }

    /// The seconds of processor time that it took.
    fn seconds(&self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let after_name = stat.rsplit_once(')').unwrap().1;
        let fields: Vec<_> = after_name.split_whitespace().collect();
        let ticks = |at: usize| fields[at].parse::<f64>().unwrap();
        (ticks(11) + ticks(12)) / 100.0
    }

    /// The most memory that it had, in MiB.
    fn peak(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1024.0
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn keep_to(pid: u32, core: &str) {
    let kept = Command::new("taskset").args(["-p", "-c", core, &pid.to_string()]).output();
    assert!(kept.expect("taskset").status.success());
}

/// An event as services write it.
fn line(number: usize) -> String {
    let mut line = format!(
        r#"{{"timestamp":"2026-11-21T09:28:31.123456Z","level":"INFO","event":"order.placed","version":1,"message":"Order placed","service":{{"name":"orders","instance":"0193f6c2-7d3e-7bb4-9c1e-2f0d3a1b5c6d"}},"context":{{"id":"0193f6c2-7d3e-7bb4-9c1e-2f0d3a1b5c6e","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7"}},"order":1{number:09},"note":""#
    );
    let padding = LINE - line.len() - 3;
    line.push_str(&"x".repeat(padding));
    line.push_str("\"}\n");
    line
}

/// Writes `events` lines as one client, and waits until all are acknowledged.
fn write(socket: &Path, client: usize, events: usize) {
    let mut connection = UnixStream::connect(socket).unwrap();
    let acks = BufReader::new(connection.try_clone().unwrap());
    let total = (events * LINE) as u64;
    let reading = thread::Builder::new().stack_size(64 << 10).spawn(move || {
        let mut acked = 0;
        for line in acks.lines() {
            let line = line.unwrap();
            acked = line["{\"ack\":".len()..line.len() - 1].parse().unwrap();
            if acked == total {
                break;
            }
        }
        assert_eq!(acked, total);
    });
    let hello = format!(
        r#"{{"timestamp":"2026-11-21T09:28:31.123456Z","level":"INFO","event":"throughline.hello","version":1,"message":"","service":{{"name":"orders"}},"stream":"0193f6c2-7d3e-7bb4-9c1e-{client:012}","offset":0}}"#
    );
    connection.write_all(format!("{hello}\n").as_bytes()).unwrap();
    let chunk: String = (0..170).map(line).collect();
    let mut left = total as usize;
    while left > 0 {
        let part = left.min(chunk.len());
        connection.write_all(&chunk.as_bytes()[..part]).unwrap();
        left -= part;
    }
    reading.unwrap().join().unwrap();
}

/// The bytes of all stored events.
fn stored(dir: &Path) -> u64 {
    let files = fs::read_dir(dir.join("spool")).unwrap().map(|entry| entry.unwrap().path());
    let events = files.filter(|path| path.extension().is_some_and(|ending| ending == "ndjson"));
    events.map(|path| fs::metadata(path).unwrap().len()).sum()
}

fn intake() {
    println!("Intake: {EVENTS} events of {LINE} bytes, median of {ROUNDS} rounds\n");
    header(["events/s", "events/s of processor time", "peak MiB"]);
    for (clients, sync) in
        [(1, "never"), (1, "each"), (10, "each"), (100, "each"), (100, "200"), (100, "never")]
    {
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let folder = tempfile::tempdir().unwrap();
            let collector = Process::start(folder.path(), sync, "");
            let socket = collector.dir.join("socket");
            let start = Instant::now();
            thread::scope(|scope| {
                for client in 0..clients {
                    let socket = &socket;
                    let work = move || write(socket, client, EVENTS / clients);
                    thread::Builder::new().stack_size(64 << 10).spawn_scoped(scope, work).unwrap();
                }
            });
            let rate = EVENTS as f64 / start.elapsed().as_secs_f64();
            assert_eq!(stored(folder.path()), (EVENTS * LINE) as u64, "all are stored");
            rounds.push((rate, EVENTS as f64 / collector.seconds(), collector.peak()));
        }
        let middle = |of: fn(&(f64, f64, f64)) -> f64| {
            median(&mut rounds.iter().map(of).collect::<Vec<_>>())
        };
        let cells = [middle(|r| r.0), middle(|r| r.1), middle(|r| r.2)].map(|v| format!("{v:.0}"));
        let flush = match sync {
            "each" | "never" => sync.to_owned(),
            millis => format!("every {millis} ms"),
        };
        row(&format!("{clients} clients, flush {flush}"), cells);
    }
    println!();
}

/// A server with JetStream and an empty stream. Ends with this value.
struct Server {
    process: Child,
    url: String,
    _folder: tempfile::TempDir,
}

impl Server {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let mut process = Command::new("nats-server")
            .args([
                "--addr",
                "127.0.0.1",
                "--port",
                &port.to_string(),
                "--jetstream",
                "--store_dir",
            ])
            .arg(folder.path())
            .stderr(Stdio::piped())
            .spawn()
            .expect("nats-server");
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
        while !log.next().expect("nats-server ended").unwrap().contains("Server is ready") {}
        thread::spawn(move || log.count());
        Self { process, url: format!("nats://127.0.0.1:{port}"), _folder: folder }
    }

    async fn context(&self) -> jetstream::Context {
        let client = async_nats::connect(&self.url).await.unwrap();
        let context = ContextBuilder::new().max_ack_inflight(2 * WINDOW).build(client);
        let config = stream::Config {
            name: "EVENTS".into(),
            subjects: vec!["events.>".into()],
            ..stream::Config::default()
        };
        context.get_or_create_stream(config).await.unwrap();
        context
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Publishes the same lines with the client library alone, as many under way. Returns messages a second.
fn publish(server: &Server, ids: bool) -> f64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let context = server.context().await;
        let text = bytes::Bytes::from(line(0).trim_end().to_owned());
        let start = Instant::now();
        let mut waiting = VecDeque::new();
        for number in 0..FORWARDED {
            if waiting.len() == WINDOW {
                let ack: jetstream::context::PublishAckFuture = waiting.pop_front().unwrap();
                ack.into_future().await.unwrap();
            }
            let mut headers = HeaderMap::new();
            let subject = "events.orders.order.placed";
            let ack = if ids {
                headers.insert(
                    "Nats-Msg-Id",
                    format!("0193f6c2-7d3e-7bb4-9c1e-2f0d3a1b5c6d:{number}"),
                );
                context.publish_with_headers(subject, headers, text.clone()).await
            } else {
                context.publish(subject, text.clone()).await
            };
            waiting.push_back(ack.unwrap());
        }
        for ack in waiting {
            ack.await.unwrap();
        }
        FORWARDED as f64 / start.elapsed().as_secs_f64()
    })
}

/// Forwards what is stored in `spool`, and returns messages a second.
fn forward(server: &Server, spool: &Path) -> f64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let context = server.context().await;
        let mut stream = context.get_stream("EVENTS").await.unwrap();
        let _ = fs::remove_file(spool.join("spool/forwarded-nats"));
        let start = Instant::now();
        let _collector = Process::start(spool, "each", &server.url);
        while (stream.info().await.unwrap().state.messages as usize) < FORWARDED {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        FORWARDED as f64 / start.elapsed().as_secs_f64()
    })
}

fn forwarding() {
    println!(
        "Forwarding to JetStream: {FORWARDED} messages, {WINDOW} under way, median of {ROUNDS} rounds\n"
    );
    let folder = tempfile::tempdir().unwrap();
    let collector = Process::start(folder.path(), "never", "");
    write(&collector.dir.join("socket"), 0, FORWARDED);
    drop(collector);
    type Run<'a> = (&'static str, &'a dyn Fn(&Server) -> f64);
    let runs: [Run<'_>; 3] = [
        ("async-nats alone", &|server| publish(server, false)),
        ("async-nats alone, with ids", &|server| publish(server, true)),
        ("the collector", &|server| forward(server, folder.path())),
    ];
    let mut rates = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        for (rates, (_, run)) in rates.iter_mut().zip(runs) {
            // A server of its own: what is in a store costs the next run.
            rates.push(run(&Server::start()));
        }
    }
    header(["messages/s", "ratio"]);
    let medians = rates.map(|mut rates| median(&mut rates));
    for ((name, _), rate) in runs.iter().zip(medians) {
        row(name, [format!("{rate:.0}"), format!("{:.2}", rate / medians[0])]);
    }
}
