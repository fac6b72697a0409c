//! What a request costs on top of a bare service, by the middleware of each contestant: prints the tables of the README.

use std::backtrace::Backtrace;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use serde_json::Value;
use throughline_benches::Target;
use throughline_benches::counting::{Counting, allocated, traced};
use throughline_benches::layers::{
    BARE, PARENT_ID, PATH, REQUEST_ID, Seen, Stack, TRACE_ID, YARDSTICK, stacks,
};
use throughline_benches::table::{DIFFERS, header, median, row};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How many requests are in one sample, and how many samples there are of each contestant.
const SAMPLE: usize = 64;
const ROUNDS: usize = 2001;

fn main() {
    check();
    if std::env::args().any(|arg| arg == "--allocations") {
        return places();
    }
    if let Some(name) = std::env::args().skip_while(|arg| arg != "--run").nth(1) {
        return run(&name);
    }
    measure();
}

/// Only runs one contestant, for a profiler.
fn run(name: &str) {
    let mut stacks = stacks(&Target::null(), &Seen::default());
    let stack = stacks.iter_mut().find(|stack| stack.name == name).expect("no such contestant");
    stack.run(20_000);
}

fn measure() {
    let mut stacks = stacks(&Target::null(), &Seen::default());
    let mut samples = vec![Vec::with_capacity(ROUNDS); stacks.len()];
    for round in 0..ROUNDS {
        // Each round begins with another, so that nobody has the same neighbour's cache all the time.
        for at in 0..stacks.len() {
            let at = (at + round) % stacks.len();
            samples[at].push(sample_at(round, &mut stacks[at]));
        }
    }
    let counts: Vec<[f64; 2]> = stacks.iter_mut().map(allocations).collect();
    let medians: Vec<f64> = samples.iter_mut().map(|samples| median(samples)).collect();
    let of = |name: &str| stacks.iter().position(|stack| stack.name == name).unwrap();
    let (bare, yardstick) = (of(BARE), of(YARDSTICK));
    let on_top = |at: usize| medians[at] - medians[bare];

    println!("\n## What a request costs on top of the bare service\n");
    header(["ns, all of it", "ns on top", "ratio", "allocations on top", "bytes on top"]);
    for (at, stack) in stacks.iter().enumerate() {
        let all = format!("{:.0}", medians[at]);
        if at == bare {
            row(stack.name, [all, "0".into(), "-".into(), "0".into(), "0".into()]);
            continue;
        }
        let cells = [
            format!("{:.0}", on_top(at)),
            format!("{:.2}", on_top(at) / on_top(yardstick)),
            format!("{:.2}", counts[at][0] - counts[bare][0]),
            format!("{:.0}", counts[at][1] - counts[bare][1]),
        ];
        let [ns, ratio, times, bytes] = cells;
        row(stack.name, [all, ns, ratio, times, bytes]);
    }
    let [times, bytes] = counts[bare];
    println!("\nThe bare service takes {times:.2} allocations of {bytes:.0} bytes itself.");
}

/// Nanoseconds for one request, and to make it.
fn sample(stack: &mut Stack) -> f64 {
    let start = Instant::now();
    black_box(stack.run(SAMPLE));
    start.elapsed().as_nanos() as f64 / SAMPLE as f64
}

/// The same with the stack somewhat deeper, as in `line`.
fn sample_at(depth: usize, stack: &mut Stack) -> f64 {
    match depth % 4 {
        0 => deeper::<16>(stack),
        1 => deeper::<32>(stack),
        2 => deeper::<48>(stack),
        _ => deeper::<64>(stack),
    }
}

#[inline(never)]
fn deeper<const BYTES: usize>(stack: &mut Stack) -> f64 {
    let room = black_box([0_u8; BYTES]);
    let sample = sample(stack);
    black_box(&room);
    sample
}

/// Allocations and bytes for one request, its own among them.
fn allocations(stack: &mut Stack) -> [f64; 2] {
    let mut count = |times| {
        let before = allocated();
        stack.run(times);
        let after = allocated();
        [after.times - before.times, after.bytes - before.bytes]
    };
    // What a run costs whatever its length is no part of it.
    let (short, long) = (count(1_000), count(2_000));
    [0, 1].map(|at| (long[at] as f64 - short[at] as f64) / 1_000.0)
}

/// Fails unless every contestant does the work.
fn check() {
    println!("## The contestants\n");
    header(["lines", "bytes of the last line", DIFFERS]);
    for at in 0..stacks(&Target::null(), &Seen::default()).len() {
        let (target, seen) = (Target::memory(), Seen::kept());
        let mut stack = stacks(&target, &seen).swap_remove(at);
        let name = stack.name;
        let response = stack.run(1).unwrap();
        assert_eq!(response.status, 200, "{name}");

        let lines = target.lines();
        assert_eq!(lines.len(), stack.lines, "{name}: {lines:?}");
        for line in &lines {
            serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{name}: {error}"));
            let id = if stack.has_request_id { REQUEST_ID } else { TRACE_ID };
            assert!(line.contains(id) && line.contains(PATH), "{name}: {line}");
        }
        if let Some(line) = lines.last() {
            let says_status = line.contains("status") && line.contains("200");
            assert!(says_status, "{name}: {line}");
        }

        let calls = seen.headers();
        assert_eq!(calls.len(), 1, "{name}");
        let header = |name: &str| calls[0].get(name).map(|value| value.to_str().unwrap());
        if stack.lines > 0 {
            let parent = header("traceparent").unwrap();
            assert!(parent.contains(TRACE_ID), "{name}: {parent}");
            // Who has spans tells the callee of its own, and not of the caller's.
            assert!(parent.contains(PARENT_ID) == name.starts_with("tower-http"), "{name}");
            assert_eq!(header("x-request-id").is_some(), stack.has_request_id, "{name}");
        } else {
            assert_eq!((header("traceparent"), header("x-request-id")), (None, None));
        }
        let length = lines.last().map_or(0, |line| line.trim_end().len() + 1);
        row(name, [stack.lines.to_string(), length.to_string(), stack.remark.to_owned()]);
        if std::env::args().any(|arg| arg == "--lines") {
            lines.iter().for_each(|line| eprintln!("{name}: {}", line.trim_end()));
        }
    }
}

/// Prints where throughline allocates while it handles a request.
fn places() {
    for stack in &mut stacks(&Target::null(), &Seen::default()) {
        if !stack.name.starts_with("throughline") {
            continue;
        }
        stack.run(4); // warms up what the thread keeps
        let traces = traced(|| drop(stack.run(1)));
        let mut places = BTreeMap::<String, (usize, usize)>::new();
        for (bytes, trace) in traces {
            if let Some(place) = place(&trace) {
                let (times, sum) = places.entry(place).or_default();
                (*times, *sum) = (*times + 1, *sum + bytes);
            }
        }
        let times: usize = places.values().map(|(times, _)| times).sum();
        println!("\n## {}: {times} allocations\n", stack.name);
        for (place, (times, bytes)) in places {
            println!("- {times} of {bytes} bytes: {place}");
        }
    }
}

/// The lines of throughline that led to an allocation, the innermost first; `None` if it was the service's own.
fn place(trace: &Backtrace) -> Option<String> {
    let trace = trace.to_string();
    let files = trace.lines().filter_map(|line| line.trim().strip_prefix("at "));
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/");
    let root = root.trim_end_matches("benches/");
    let mut place = Vec::new();
    for file in files {
        if file.contains("src/layers/") {
            break;
        }
        if let Some(own) = file.strip_prefix(root).filter(|own| !own.starts_with("benches/")) {
            place.push(own.to_owned());
        }
    }
    place.truncate(5);
    (!place.is_empty()).then(|| place.join(" < "))
}
