//! What one line costs, by each contestant: prints the tables of the README.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use throughline_benches::contestants::YARDSTICK;
use throughline_benches::counting::{Counting, allocated};
use throughline_benches::table::{DIFFERS, header, median, row};
use throughline_benches::{Contestant, Target, Work, all};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How long one sample takes, about, and how many there are of each contestant and work.
const SAMPLE: Duration = Duration::from_micros(200);
const ROUNDS: usize = 501;

/// The same where two threads write.
const THREADS_SAMPLE: Duration = Duration::from_millis(10);
const THREADS_ROUNDS: usize = 41;

fn main() {
    check();
    let contestants = all(&Target::null());
    let pairs: Vec<Pair<'_>> = contestants
        .iter()
        .flat_map(|contestant| Work::ALL.map(|work| (contestant, work)))
        .filter(|(contestant, work)| contestant.can(*work))
        .map(|(contestant, work)| Pair::new(contestant.as_ref(), work))
        .collect();
    times(&contestants, &pairs);
    allocations(&contestants);
    threads(&contestants);
}

/// A contestant at some work, and how often it does that in the time of a sample.
struct Pair<'a> {
    contestant: &'a dyn Contestant,
    work: Work,
    times: u64,
}

impl Pair<'_> {
    fn new(contestant: &dyn Contestant, work: Work) -> Pair<'_> {
        let mut pair = Pair { contestant, work, times: 64 };
        pair.sample();
        while pair.sample() * (pair.times as f64) < SAMPLE.as_nanos() as f64 {
            pair.times *= 2;
        }
        pair
    }

    /// Nanoseconds for one time.
    fn sample(&self) -> f64 {
        let start = Instant::now();
        self.contestant.run(self.work, self.times);
        start.elapsed().as_nanos() as f64 / self.times as f64
    }

    /// The same with the stack somewhat deeper: where within a cache line the buffers of a contestant begin can matter by a third,
    /// and would else be one throw of dice for all of its samples.
    fn sample_at(&self, depth: usize) -> f64 {
        match depth % 4 {
            0 => self.deeper::<16>(),
            1 => self.deeper::<32>(),
            2 => self.deeper::<48>(),
            _ => self.deeper::<64>(),
        }
    }

    #[inline(never)]
    fn deeper<const BYTES: usize>(&self) -> f64 {
        let room = black_box([0_u8; BYTES]);
        let sample = self.sample();
        black_box(&room);
        sample
    }
}

fn times(contestants: &[Box<dyn Contestant>], pairs: &[Pair<'_>]) {
    let mut samples = vec![Vec::with_capacity(ROUNDS); pairs.len()];
    for round in 0..ROUNDS {
        // Each round begins with another, so that nobody has the same neighbour's cache all the time.
        for at in 0..pairs.len() {
            let at = (at + round) % pairs.len();
            samples[at].push(pairs[at].sample_at(round));
        }
    }
    let medians: Vec<f64> = samples.iter_mut().map(|samples| median(samples)).collect();
    let of = |name: &str, work: Work| {
        let at = pairs.iter().position(|p| p.contestant.name() == name && p.work == work)?;
        Some(medians[at])
    };
    println!("\n## Nanoseconds, and how many times what it takes by hand\n");
    header(Work::ALL.map(Work::name));
    for contestant in contestants {
        let name = contestant.name();
        let cells = Work::ALL.map(|work| match (of(name, work), of(YARDSTICK, work)) {
            (Some(ns), _) if work == Work::Off => format!("{ns:.1}"),
            (Some(ns), Some(yardstick)) => format!("{ns:.0} ({:.2})", ns / yardstick),
            _ => "-".to_owned(),
        });
        row(name, cells);
    }
}

fn allocations(contestants: &[Box<dyn Contestant>]) {
    const TIMES: u64 = 1_000;
    println!("\n## Allocations\n");
    header(Work::ALL.map(Work::name));
    for contestant in contestants {
        let cells = Work::ALL.map(|work| {
            if !contestant.can(work) {
                return "-".to_owned();
            }
            let count = |times| {
                let before = allocated().times;
                contestant.run(work, times);
                allocated().times - before
            };
            count(TIMES);
            // What a run costs whatever its length is no part of it.
            let (short, long) = (count(TIMES), count(2 * TIMES));
            format!("{:.2}", (long as f64 - short as f64) / TIMES as f64)
        });
        row(contestant.name(), cells);
    }
}

fn threads(contestants: &[Box<dyn Contestant>]) {
    println!("\n## W5: W2 from two threads, in thousands of events a second\n");
    header(["one thread", "two threads", "ratio"]);
    let mut samples = vec![(Vec::new(), Vec::new()); contestants.len()];
    let per_sample: Vec<u64> = contestants
        .iter()
        .map(|contestant| {
            let pair = Pair::new(contestant.as_ref(), Work::Fields);
            (THREADS_SAMPLE.as_nanos() as f64 / pair.sample()) as u64
        })
        .collect();
    for _ in 0..THREADS_ROUNDS {
        for (at, contestant) in contestants.iter().enumerate() {
            samples[at].0.push(throughput(contestant.as_ref(), 1, per_sample[at]));
            samples[at].1.push(throughput(contestant.as_ref(), 2, per_sample[at]));
        }
    }
    for (contestant, (one, two)) in contestants.iter().zip(&mut samples) {
        let (one, two) = (median(one), median(two));
        let cells = [format!("{:.0}", one / 1e3), format!("{:.0}", two / 1e3)];
        let [one_cell, two_cell] = cells;
        row(contestant.name(), [one_cell, two_cell, format!("{:.2}", two / one)]);
    }
}

/// Events a second from that many threads, each of which writes `times`.
fn throughput(contestant: &dyn Contestant, threads: usize, times: u64) -> f64 {
    let ready = AtomicUsize::new(0);
    let took = std::thread::scope(|scope| {
        let work = || {
            contestant.run(Work::Fields, times / 4); // warms up what the thread keeps
            // One that sleeps here is woken on the other's processor, and stays there for a while.
            ready.fetch_add(1, Ordering::AcqRel);
            while ready.load(Ordering::Acquire) < threads {
                std::hint::spin_loop();
            }
            let start = Instant::now();
            contestant.run(Work::Fields, times);
            (start, Instant::now())
        };
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let spans: Vec<_> = running.into_iter().map(|thread| thread.join().unwrap()).collect();
        let start = spans.iter().map(|span| span.0).min();
        let end = spans.iter().map(|span| span.1).max();
        end.unwrap() - start.unwrap()
    });
    (threads as u64 * times) as f64 / took.as_secs_f64()
}

/// Fails unless the line of every contestant says the same; prints how long they are.
fn check() {
    println!("## Bytes of the line, with the line feed\n");
    header(["W1", "W2", "W3", DIFFERS]);
    let works = [Work::Message, Work::Fields, Work::Context];
    let lines_of = |name: &str| {
        let target = Target::memory();
        let contestants = all(&target);
        let contestant = contestants.iter().find(|contestant| contestant.name() == name).unwrap();
        for work in Work::ALL.into_iter().filter(|work| contestant.can(*work)) {
            let before = target.lines().len();
            contestant.run(work, 1);
            assert_eq!(target.lines().len() - before, work.lines(), "{name}: {work:?}");
        }
        target.lines()
    };
    let expected: Vec<_> = lines_of(YARDSTICK).iter().map(|line| leaves(line)).collect();
    for contestant in all(&Target::null()) {
        let name = contestant.name();
        let lines = lines_of(name);
        for (line, expected) in lines.iter().zip(&expected) {
            same(name, line, expected);
        }
        let mut lengths = works.iter().enumerate().map(|(at, _)| {
            // Captured lines have no line feed, others do.
            format!("{}", lines[at].trim_end().len() + 1)
        });
        let [w1, w2, w3] = std::array::from_fn(|_| lengths.next().unwrap_or_default());
        row(name, [w1, w2, w3, contestant.remark().to_owned()]);
        if std::env::args().any(|arg| arg == "--lines") {
            lines.iter().for_each(|line| eprintln!("{name}: {}", line.trim_end()));
        }
    }
}

/// The members of a line that are no objects, by their own names.
fn leaves(line: &str) -> BTreeMap<String, Value> {
    fn collect(value: Value, name: &str, into: &mut BTreeMap<String, Value>) {
        match value {
            Value::Object(members) => {
                members.into_iter().for_each(|(name, value)| collect(value, &name, into));
            }
            value => drop(into.insert(name.to_owned(), value)),
        }
    }
    let mut into = BTreeMap::new();
    collect(serde_json::from_str(line).unwrap(), "", &mut into);
    into
}

/// Fails unless the line has the message, the level, the time and every field and entry of the context.
fn same(name: &str, line: &str, expected: &BTreeMap<String, Value>) {
    // Who writes these, and under which name, is told in the table.
    const OWN: [&str; 6] = ["timestamp", "level", "event", "version", "message", "instance"];
    // Minted for each context.
    const IDS: [&str; 3] = ["id", "trace_id", "span_id"];
    let leaves = leaves(line);
    let has = |names: &[&str]| names.iter().find_map(|name| leaves.get(*name));
    let message = has(&["message", "msg", "payload"]);
    assert_eq!(message, Some(&expected["message"]), "{name}: {line}");
    assert!(has(&["timestamp", "ts"]).is_some(), "{name}: {line}");
    assert!(has(&["level", "lvl"]).is_some(), "{name}: {line}");
    for (member, value) in expected {
        let minted = IDS.contains(&member.as_str());
        if OWN.contains(&member.as_str()) || member == "name" {
            continue;
        }
        let found = leaves.get(member).unwrap_or_else(|| panic!("{name} lacks {member}: {line}"));
        assert!(found == value || minted && found.is_string(), "{name}: {member} in {line}");
    }
}
