//! The collector and the client of this family, together, through the worst: what was emitted and not shed is stored, once.

use std::{
    collections::BTreeMap,
    env,
    ffi::OsStr,
    io::{self, BufRead, BufReader, Write},
    process::{Child, ChildStderr, Command, Stdio},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use throughline_structlog::{Logger, info};

use crate::support::{PATIENCE, Place, Process, field, wait_until};

const THREADS: usize = 2;

/// Emits numbered events from several threads, as fast as they are delivered, until `enough`. Returns how many each thread emitted.
fn emit_until(log: &Logger, enough: &AtomicBool, emitted: &AtomicUsize) -> Vec<usize> {
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                scope.spawn(move || {
                    let mut number = 0;
                    while !enough.load(Ordering::Relaxed) {
                        info!(logger: log, "numbered", thread, number);
                        number += 1;
                        // Far below what the buffer holds, so that nothing has to be shed while nobody listens.
                        if emitted.fetch_add(1, Ordering::Relaxed).is_multiple_of(20) {
                            thread::sleep(Duration::from_millis(1));
                        }
                    }
                    number
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// Checks that each thread's events are stored, all of them once and in order.
fn assert_stored_once(place: &Place, emitted: &[usize]) {
    let mut next = BTreeMap::<u64, u64>::new();
    for line in place.stored().iter().filter(|line| line.contains("numbered")) {
        let next = next.entry(field(line, "thread")).or_default();
        assert_eq!(field(line, "number"), *next, "{line}");
        *next += 1;
    }
    let stored: Vec<_> = next.into_values().map(|count| count as usize).collect();
    assert_eq!(stored, emitted);
}

#[test]
fn a_collector_that_is_killed_again_and_again_stores_every_event_once() {
    let place = Place::new();
    let log = Logger::builder("tests").socket(place.socket()).build();
    let (enough, emitted) = (AtomicBool::new(false), AtomicUsize::new(0));
    let counts = thread::scope(|scope| {
        let emitting = scope.spawn(|| emit_until(&log, &enough, &emitted));
        for _ in 0..20 {
            let mut collector = Process::collect(&place);
            let before = emitted.load(Ordering::Relaxed);
            wait_until("some events were emitted", || {
                emitted.load(Ordering::Relaxed) > before + 200
            });
            collector.kill();
        }
        enough.store(true, Ordering::Relaxed);
        emitting.join().unwrap()
    });
    let _collector = Process::collect(&place);
    log.flush(PATIENCE).unwrap();
    assert_eq!(log.lost().total(), 0);
    assert_stored_once(&place, &counts);
}

#[test]
fn what_is_shed_is_counted_and_told_and_the_rest_is_stored() {
    let place = Place::new();
    let log = Logger::builder("tests").socket(place.socket()).build();
    let padding = "x".repeat(1000);
    let mut emitted = 0_u64;
    while log.lost().total() < 1000 {
        info!(logger: log, "numbered", number = emitted, padding);
        emitted += 1;
    }
    let _collector = Process::collect(&place);
    log.flush(PATIENCE).unwrap();

    let lines = place.stored();
    let stored = lines.iter().filter(|line| line.contains("numbered")).count() as u64;
    let told: u64 = lines
        .iter()
        .filter(|line| line.contains("throughline.shed"))
        .map(|line| field(line, "shed.info"))
        .sum();
    assert_eq!(told, log.lost().total());
    assert_eq!(stored + told, emitted);
}

#[test]
fn a_collector_that_stands_still_holds_nobody_up_and_loses_nothing() {
    let place = Place::new();
    let mut collector = Process::collect(&place);
    let log = Logger::builder("tests").socket(place.socket()).build();
    info!(logger: log, "numbered", thread = 0, number = 0);
    log.flush(PATIENCE).unwrap(); // it is known to be one that acknowledges

    collector.pause();
    for number in 1..2000 {
        info!(logger: log, "numbered", thread = 0, number);
    }
    let start = Instant::now();
    log.flush(Duration::from_millis(2500)).unwrap_err();
    assert!(start.elapsed() < PATIENCE);
    collector.resume();
    log.flush(PATIENCE).unwrap();
    assert_stored_once(&place, &[2000]);
}

/// The size of the client's buffer.
const BUFFER: usize = 8 << 20;

/// A service of its own process, which emits without end and says on standard error how many events it has emitted.
struct Service {
    process: Child,
    said: BufReader<ChildStderr>,
    emitted: usize,
}

impl Service {
    /// Starts this program again, in its `test`, which then has to be the service.
    fn start(test: &str, place: &Place) -> Self {
        let mut process = Command::new(env::current_exe().unwrap())
            .args([&format!("shipper::{test}"), "--exact", "--nocapture"])
            .env("SERVICE_SOCKET", place.socket())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(process.stderr.take().unwrap());
        Self { process, said, emitted: 0 }
    }

    /// What the service does.
    fn run(socket: &OsStr) -> ! {
        let log = Logger::builder("tests").socket(socket).build();
        let padding = "x".repeat(1000);
        for number in 0_usize.. {
            // As fast as it is delivered, so that nothing has to be shed.
            while log.stats().bytes_buffered > BUFFER as u64 / 2 {
                thread::sleep(Duration::from_millis(1));
            }
            info!(logger: log, "numbered", number, padding);
            assert_eq!(log.lost().total(), 0);
            // Not `eprintln!`, which the harness keeps for itself.
            let mut progress = io::stderr();
            writeln!(progress, "{}", number + 1).unwrap();
        }
        unreachable!("there are more numbers than time")
    }

    /// Reads what it says until it has emitted so many.
    fn emits(&mut self, count: usize) {
        while self.emitted < count {
            assert!(self.hears(), "the service ended");
        }
    }

    fn hears(&mut self) -> bool {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        let whole = line.strip_suffix('\n');
        self.emitted = whole.map_or(self.emitted, |line| {
            line.parse().unwrap_or_else(|_| panic!("the service says {line}"))
        });
        whole.is_some()
    }

    /// Kills it, and returns how many events it had emitted: it may have emitted one more, and not have said so.
    fn kill(mut self) -> usize {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        while self.hears() {}
        self.emitted
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Checks that what is stored are the first events, and no others, and that the rest fits into the buffer. Returns how many
/// are lost.
fn assert_only_the_end_is_lost(place: &Place, emitted: usize) -> usize {
    let lines = place.stored();
    let numbers: Vec<_> = lines.iter().map(|line| field(line, "number") as usize).collect();
    assert_eq!(numbers, (0..lines.len()).collect::<Vec<_>>());
    assert!(lines.len() <= emitted + 1, "{} of {emitted} are stored", lines.len());
    let lost = emitted.saturating_sub(lines.len());
    assert!(lost * lines[0].len() <= BUFFER, "{lost} of {emitted} are lost");
    lost
}

#[test]
fn a_service_that_is_killed_under_load_loses_at_most_what_its_buffer_held() {
    if let Some(socket) = env::var_os("SERVICE_SOCKET") {
        Service::run(&socket);
    }
    let place = Place::new();
    let mut collector = Process::collect(&place);
    let mut service = Service::start(
        "a_service_that_is_killed_under_load_loses_at_most_what_its_buffer_held",
        &place,
    );
    // Twice what the buffer holds.
    service.emits(2 * BUFFER / 1000);
    let emitted = service.kill();
    // It reads what the socket still has before it ends.
    assert!(collector.signal("TERM").success());
    assert_only_the_end_is_lost(&place, emitted);
}

#[test]
fn of_a_service_that_is_killed_while_the_collector_stands_still_arrives_what_was_written() {
    if let Some(socket) = env::var_os("SERVICE_SOCKET") {
        Service::run(&socket);
    }
    let place = Place::new();
    let mut collector = Process::collect(&place);
    collector.pause();
    let mut service = Service::start(
        "of_a_service_that_is_killed_while_the_collector_stands_still_arrives_what_was_written",
        &place,
    );
    // More than a socket holds, and less than the buffer does.
    service.emits(2000);
    let emitted = service.kill();
    collector.resume();
    assert!(collector.signal("TERM").success());
    let lost = assert_only_the_end_is_lost(&place, emitted);
    assert!(0 < lost && lost < emitted, "{lost} of {emitted} are lost");
}
