//! From the event to the other end of a socket: prints the tables of the README.

use std::env;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use memchr::{memchr_iter, memmem, memrchr};
use throughline_benches::input;
use throughline_benches::table::header;
use throughline_structlog::{Logger, Service};
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};

/// How many events are emitted as fast as they can be.
const EVENTS: u64 = 1_000_000;
/// How many events a second are emitted where the pace is set, and for how long.
const PACE: u64 = 1_500_000;
const PACED: Duration = Duration::from_secs(1);
/// How many events a second are emitted to the reader that stalls, for how long, and when and for how long it stalls.
const SLOW_PACE: u64 = 50_000;
const SLOW: Duration = Duration::from_secs(3);
const STALL_AT: Duration = Duration::from_secs(1);
const STALL: Duration = Duration::from_millis(200);

fn main() {
    let arguments: Vec<_> = env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("--read") => return read(Path::new(&arguments[2]), arguments.get(3).is_some()),
        Some(only) => return measure(&[only]),
        None => {}
    }
    measure(&NAMES);
}

const NAMES: [&str; 4] = [
    "throughline",
    "one write for each line",
    "tracing-appender, lines given",
    "tracing-appender, tracing-subscriber",
];

fn measure(names: &[&str]) {
    println!("As fast as it can, {EVENTS} events:\n");
    header(["ns at the producer", "delivered in a second", "lost"]);
    for name in names {
        let mut runs: Vec<_> = (0..3).map(|_| saturate(name)).collect();
        runs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (ns, rate, lost) = runs[1];
        println!("| {name} | {ns:.0} | {rate:.0} | {lost} |");
    }
    println!("\n{PACE} events a second, for {PACED:?}:\n");
    header(["ns at the producer", "delivered in a second", "lost"]);
    for name in names {
        let (ns, rate, lost) = paced(name, PACE, PACED, false).row();
        println!("| {name} | {ns:.0} | {rate:.0} | {lost} |");
    }
    println!(
        "\n{SLOW_PACE} events a second, the reader stalls for {STALL:?}; times of a call in µs:\n"
    );
    header(["median", "p99", "p99.9", "longest", "lost"]);
    for name in names {
        let run = paced(name, SLOW_PACE, SLOW, true);
        let us =
            |part: f64| run.calls[((run.calls.len() - 1) as f64 * part) as usize] as f64 / 1000.0;
        println!(
            "| {name} | {:.2} | {:.2} | {:.2} | {:.1} | {} |",
            us(0.5),
            us(0.99),
            us(0.999),
            us(1.0),
            run.emitted - run.delivered
        );
    }
}

/// Emits as fast as it can. Nanoseconds for each event, events delivered in a second, and events lost.
fn saturate(name: &str) -> (f64, f64, u64) {
    let reader = Reader::start(false);
    let contestant = Contestant::new(name, &reader.path);
    contestant.emit();
    thread::sleep(Duration::from_millis(300)); // until it is connected
    let start = Instant::now();
    for _ in 1..EVENTS {
        contestant.emit();
    }
    let emitted = start.elapsed();
    let sum = contestant.finish();
    let (lines, end) = reader.wait();
    let all = end - start;
    let delivered = sum.delivered(EVENTS, lines);
    let ns = emitted.as_nanos() as f64 / EVENTS as f64;
    (ns, delivered as f64 / all.as_secs_f64(), EVENTS - delivered)
}

struct Paced {
    /// Nanoseconds of each call, sorted.
    calls: Vec<u32>,
    emitted: u64,
    delivered: u64,
    took: Duration,
}

impl Paced {
    fn row(&self) -> (f64, f64, u64) {
        let sum: u64 = self.calls.iter().map(|&ns| u64::from(ns)).sum();
        (
            sum as f64 / self.emitted as f64,
            self.delivered as f64 / self.took.as_secs_f64(),
            self.emitted - self.delivered,
        )
    }
}

/// Emits some events every 200 µs.
fn paced(name: &str, pace: u64, duration: Duration, stalls: bool) -> Paced {
    const TICK: Duration = Duration::from_micros(200);
    let reader = Reader::start(stalls);
    let contestant = Contestant::new(name, &reader.path);
    contestant.emit();
    thread::sleep(Duration::from_millis(300));
    let ticks = (duration.as_nanos() / TICK.as_nanos()) as u32;
    let each = pace * TICK.as_nanos() as u64 / 1_000_000_000;
    let mut calls = Vec::with_capacity((u64::from(ticks) * each) as usize);
    let start = Instant::now();
    for tick in 0..ticks {
        while let Some(left) = (TICK * tick).checked_sub(start.elapsed()) {
            if left > Duration::from_micros(100) {
                thread::sleep(left - Duration::from_micros(80));
            } else {
                std::hint::spin_loop();
            }
        }
        let mut before = Instant::now();
        for _ in 0..each {
            contestant.emit();
            let after = Instant::now();
            calls.push((after - before).as_nanos() as u32);
            before = after;
        }
    }
    let sum = contestant.finish();
    let (lines, end) = reader.wait();
    let emitted = calls.len() as u64 + 1;
    calls.sort_unstable();
    Paced { calls, emitted, delivered: sum.delivered(emitted, lines), took: end - start }
}

/// Somebody who hands events to a socket.
enum Contestant {
    Throughline(Logger),
    Write(Mutex<UnixStream>, Vec<u8>),
    Lines { writer: NonBlocking, line: Vec<u8>, _guard: WorkerGuard },
    Tracing { dispatch: tracing::Dispatch, _guard: WorkerGuard },
}

impl Contestant {
    fn new(name: &str, path: &Path) -> Contestant {
        let connect = || UnixStream::connect(path).unwrap();
        let line = include_str!("../shipped.json").as_bytes().to_vec();
        // As it is advised for logs that matter: a full queue holds the caller up.
        let appender = || NonBlockingBuilder::default().lossy(false).finish(connect());
        match name {
            "throughline" => {
                let service = Service::new("shop").instance("1");
                Contestant::Throughline(Logger::builder(service).socket(path).build())
            }
            "one write for each line" => Contestant::Write(Mutex::new(connect()), line),
            "tracing-appender, lines given" => {
                let (writer, _guard) = appender();
                Contestant::Lines { writer, line, _guard }
            }
            "tracing-appender, tracing-subscriber" => {
                let (writer, _guard) = appender();
                let subscriber = tracing_subscriber::fmt()
                    .json()
                    .flatten_event(true)
                    .with_span_list(false)
                    .with_writer(writer);
                Contestant::Tracing {
                    dispatch: tracing::Dispatch::new(subscriber.finish()),
                    _guard,
                }
            }
            _ => panic!("no contestant has the name {name:?}"),
        }
    }

    #[inline]
    fn emit(&self) {
        match self {
            Contestant::Throughline(log) => log.emit(None, input::shipped()),
            Contestant::Write(socket, line) => socket.lock().unwrap().write_all(line).unwrap(),
            Contestant::Lines { writer, line, .. } => writer.clone().write_all(line).unwrap(),
            Contestant::Tracing { dispatch, .. } => {
                tracing::dispatcher::with_default(dispatch, || {
                    let e = input::shipped();
                    tracing::info!(
                        user = e.user,
                        zone = e.zone,
                        via = e.via,
                        items = e.items,
                        order = e.order,
                        due = e.due,
                        price = e.price,
                        load = e.load,
                        fast = e.fast,
                        note = e.note,
                        "Shipped"
                    );
                })
            }
        }
    }

    /// Waits until all is delivered.
    fn finish(self) -> Sum {
        match self {
            Contestant::Throughline(log) => {
                log.flush(Duration::from_secs(20)).unwrap();
                let stats = log.stats();
                Sum(Some((stats.lines_delivered, stats.lost.total())))
            }
            // They end with the connection.
            Contestant::Write(..) | Contestant::Lines { .. } | Contestant::Tracing { .. } => {
                Sum(None)
            }
        }
    }
}

/// What a contestant says of the lines that it delivered, those that tell losses included, and of the events that it lost.
struct Sum(Option<(u64, u64)>);

impl Sum {
    /// How many events of those that were emitted arrived, if that many lines did.
    fn delivered(&self, emitted: u64, lines: u64) -> u64 {
        let Some((delivered, lost)) = self.0 else { return lines };
        assert_eq!(delivered, lines, "what is acknowledged arrived");
        emitted - lost
    }
}

/// A process that reads lines from a socket, and counts them.
struct Reader {
    path: PathBuf,
    process: Child,
}

impl Reader {
    fn start(stalls: bool) -> Reader {
        let path = env::temp_dir().join(format!("throughline-bench-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let mut command = Command::new(env::current_exe().unwrap());
        command.arg("--read").arg(&path).args(stalls.then_some("--stall")).stdout(Stdio::piped());
        let process = command.spawn().unwrap();
        while UnixStream::connect(&path).is_err() {
            thread::sleep(Duration::from_millis(1));
        }
        Reader { path, process }
    }

    /// How many lines it got, and when it had them all.
    fn wait(self) -> (u64, Instant) {
        let output = self.process.wait_with_output().unwrap();
        let end = Instant::now();
        std::fs::remove_file(&self.path).unwrap();
        (String::from_utf8(output.stdout).unwrap().trim().parse().unwrap(), end)
    }
}

/// Reads what comes on the second connection (the first only asks whether anybody listens), acknowledges it if it began with a hello, and prints how many lines there were.
fn read(path: &Path, stalls: bool) {
    let listener = UnixListener::bind(path).unwrap();
    drop(listener.accept().unwrap());
    let (mut socket, _) = listener.accept().unwrap();
    let start = Instant::now();
    let mut stalled = !stalls;
    let mut buffer = vec![0; 256 * 1024];
    let (mut is_first, mut acknowledges) = (true, false);
    let (mut offset, mut lines) = (0_u64, 0_u64);
    loop {
        if !stalled && start.elapsed() > STALL_AT {
            thread::sleep(STALL);
            stalled = true;
        }
        let read = match socket.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
            Err(error) => panic!("{error}"),
        };
        let mut bytes = &buffer[..read];
        if std::mem::replace(&mut is_first, false) {
            let end = bytes.iter().position(|&byte| byte == b'\n').unwrap() + 1;
            acknowledges = memmem::find(&bytes[..end], b"throughline.hello").is_some();
            bytes = if acknowledges { &bytes[end..] } else { bytes };
        }
        lines += memchr_iter(b'\n', bytes).count() as u64;
        let end = memrchr(b'\n', bytes).map_or(0, |last| last as u64 + 1);
        if acknowledges {
            let _ = writeln!(socket, "{{\"ack\":{}}}", offset + end);
        }
        offset += bytes.len() as u64;
    }
    println!("{lines}");
}
