//! The collector and the client of this family, together, through the worst: what was emitted and not shed is stored, once.

use std::{
    collections::BTreeMap,
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
