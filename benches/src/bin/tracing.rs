//! What the macros of `tracing` cost, by what writes for them: prints the table of the README.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;
use throughline_benches::Target;
use throughline_benches::counting::{Counting, allocated};
use throughline_benches::spans::{Work, Writer, all};
use throughline_benches::table::{DIFFERS, header, median, row};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const SAMPLE: Duration = Duration::from_micros(200);
const ROUNDS: usize = 501;

fn main() {
    check();
    let writers = all(&Target::null());
    times(&writers);
    allocations(&writers);
}

/// Nanoseconds for one time.
fn sample(writer: &Writer, work: Work, times: u64) -> f64 {
    writer.run(work, |work| {
        let start = Instant::now();
        (0..times).for_each(|_| work());
        start.elapsed().as_nanos() as f64 / times as f64
    })
}

fn times(writers: &[Writer]) {
    let pairs: Vec<(&Writer, Work)> =
        writers.iter().flat_map(|writer| Work::ALL.map(|work| (writer, work))).collect();
    let counts: Vec<u64> = pairs
        .iter()
        .map(|(writer, work)| {
            let mut times = 64;
            while sample(writer, *work, times) * (times as f64) < SAMPLE.as_nanos() as f64 {
                times *= 2;
            }
            times
        })
        .collect();
    let mut samples = vec![Vec::with_capacity(ROUNDS); pairs.len()];
    for round in 0..ROUNDS {
        for at in 0..pairs.len() {
            let at = (at + round) % pairs.len();
            let (writer, work) = pairs[at];
            samples[at].push(sample(writer, work, counts[at]));
        }
    }
    let medians: Vec<f64> = samples.iter_mut().map(|samples| median(samples)).collect();
    let (ours, _) = medians.split_at(Work::ALL.len());
    println!("\n## Nanoseconds, and how many times what throughline takes\n");
    header(Work::ALL.map(Work::name));
    for (writer, medians) in writers.iter().zip(medians.chunks(Work::ALL.len())) {
        let cells = std::array::from_fn(|at| match medians[at] {
            ns if ns < 10.0 => format!("{ns:.1}"),
            ns => format!("{ns:.0} ({:.2})", ns / ours[at]),
        });
        row::<{ Work::ALL.len() }>(writer.name, cells);
    }
}

fn allocations(writers: &[Writer]) {
    const TIMES: u64 = 1_000;
    println!("\n## Allocations\n");
    header(Work::ALL.map(Work::name));
    for writer in writers {
        let cells = Work::ALL.map(|work| {
            writer.run(work, |work| {
                (0..TIMES).for_each(|_| work());
                let before = allocated().times;
                (0..TIMES).for_each(|_| work());
                format!("{:.2}", (allocated().times - before) as f64 / TIMES as f64)
            })
        });
        row(writer.name, cells);
    }
}

/// Fails unless the lines of all say the same; prints how long they are.
fn check() {
    println!("## Bytes of the line, with the line feed\n");
    header(["event", DIFFERS]);
    for at in 0..all(&Target::null()).len() {
        let target = Target::memory();
        let writer = &all(&target)[at];
        for work in Work::ALL {
            let before = target.lines().len();
            writer.run(work, |work| work());
            assert_eq!(target.lines().len() - before, work.lines(), "{}: {work:?}", writer.name);
        }
        let lines = target.lines();
        for line in &lines {
            let leaves = leaves(line);
            let has = |name: &str, value: Value| {
                assert_eq!(leaves.get(name), Some(&value), "{}: {name} in {line}", writer.name);
            };
            has("message", "Cache missed".into());
            has("key", "user:81724".into());
            has("entries", 16_384.into());
            has("hits", 0.975.into());
            has("warm", true.into());
            has("tries", (-2).into());
            has("method", "POST".into());
            has("path", "/orders/ship".into());
            has("user_id", "81724".into());
            has("rows", 10.into());
        }
        let length = lines[0].trim_end().len() + 1;
        row(writer.name, [length.to_string(), writer.remark.to_owned()]);
        if std::env::args().any(|arg| arg == "--lines") {
            lines.iter().for_each(|line| eprintln!("{}: {}", writer.name, line.trim_end()));
        }
    }
}

/// The members of a line that are no objects or lists, by their own names.
fn leaves(line: &str) -> BTreeMap<String, Value> {
    fn collect(value: Value, name: &str, into: &mut BTreeMap<String, Value>) {
        match value {
            Value::Object(members) => {
                members.into_iter().for_each(|(name, value)| collect(value, &name, into));
            }
            Value::Array(items) => items.into_iter().for_each(|item| collect(item, name, into)),
            value => drop(into.insert(name.to_owned(), value)),
        }
    }
    let mut into = BTreeMap::new();
    collect(serde_json::from_str(line).unwrap(), "", &mut into);
    into
}
