use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Mutex, Weak};

use proptest::prelude::*;
use throughline_ctx::{Context, Hold, HoldWriter, SpanId};

const DEBUG: u8 = 5;
const INFO: u8 = 9;
const WARN: u8 = 13;
const ERROR: u8 = 17;

/// What a line takes beside its bytes.
const LINE: usize = 16;

/// A writer that keeps what it is given.
#[derive(Default)]
struct Kept {
    lines: Mutex<Vec<(u8, String)>>,
    vanished: AtomicU64,
    dropped: AtomicU64,
    /// Of which span something was dropped.
    of: Mutex<Option<SpanId>>,
}

impl Kept {
    fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().iter().map(|(_, line)| line.clone()).collect()
    }

    /// How many lines vanished, and how many were dropped.
    fn counts(&self) -> (u64, u64) {
        (self.vanished.load(Ordering::SeqCst), self.dropped.load(Ordering::SeqCst))
    }
}

impl HoldWriter for Kept {
    fn write(&self, severity: u8, line: &[u8]) {
        let line = String::from_utf8(line.to_vec()).unwrap();
        self.lines.lock().unwrap().push((severity, line));
    }

    fn vanished(&self, lines: u64) {
        self.vanished.fetch_add(lines, Ordering::SeqCst);
    }

    fn dropped(&self, lines: u64, ctx: Option<&Context>) {
        *self.of.lock().unwrap() = ctx.map(Context::span_id);
        self.dropped.fetch_add(lines, Ordering::SeqCst);
    }
}

fn holding(max_bytes: usize) -> Context {
    Context::root().with_hold(Hold::new(max_bytes))
}

/// Says something as a writer does that would leave it out: held, or else written.
fn say(ctx: &Context, writer: &Arc<Kept>, line: &str) {
    let hold = ctx.hold().unwrap();
    if !hold.push(DEBUG, writer, line.as_bytes()) {
        writer.write(DEBUG, line.as_bytes());
    }
}

#[test]
fn what_is_held_is_written_in_order_once_it_is_released() {
    let writer = Arc::new(Kept::default());
    let ctx = holding(1000);
    say(&ctx, &writer, "1");
    assert!(ctx.hold().unwrap().push(INFO, &writer, b""));
    say(&ctx, &writer, "3");
    assert!(writer.lines().is_empty() && !ctx.hold().unwrap().is_released());

    ctx.hold().unwrap().release();
    assert!(ctx.hold().unwrap().is_released());
    say(&ctx, &writer, "4");
    ctx.hold().unwrap().release();
    let expected = [(DEBUG, "1"), (INFO, ""), (DEBUG, "3"), (DEBUG, "4")];
    assert_eq!(
        *writer.lines.lock().unwrap(),
        expected.map(|(severity, line)| (severity, line.to_owned()))
    );
    drop(ctx);
    assert_eq!(writer.counts(), (0, 0));
}

#[test]
fn all_contexts_that_are_made_of_one_share_what_it_holds_and_no_others_do() {
    let writer = Arc::new(Kept::default());
    let before = Context::root();
    let ctx = before.with_hold(Hold::new(1000));
    say(&ctx.child(), &writer, "child");
    say(&ctx.edit().finish().clone(), &writer, "edit");
    assert!(before.hold().is_none() && before.child().hold().is_none());
    let other = ctx.with_hold(Hold::new(1000));
    say(&other, &writer, "other");
    ctx.child().child().hold().unwrap().release();
    assert_eq!(writer.lines(), ["child", "edit"]);
    assert!(!other.hold().unwrap().is_released());
}

#[test]
fn what_is_never_released_vanishes_with_the_last_context_and_is_counted() {
    let writer = Arc::new(Kept::default());
    let ctx = holding(1000);
    let child = ctx.child();
    say(&ctx, &writer, "1");
    say(&child, &writer, "2");
    drop(ctx);
    assert_eq!(writer.counts(), (0, 0));
    drop(child);
    assert_eq!((writer.counts(), writer.lines().len()), ((2, 0), 0));
    assert_eq!(Arc::strong_count(&writer), 1);
}

#[test]
fn whose_lines_are_missing_is_known_where_the_context_releases_them() {
    let writer = Arc::new(Kept::default());
    let released_by = |release: fn(&Context)| {
        let ctx = holding(1);
        say(&ctx, &writer, "too long");
        release(&ctx);
        (*writer.of.lock().unwrap(), ctx.span_id())
    };
    let (of, span_id) = released_by(Context::release_hold);
    assert_eq!(of, Some(span_id));
    let (of, _) = released_by(|ctx| ctx.hold().unwrap().release());
    assert_eq!(of, None);
    Context::root().release_hold(); // holds nothing
}

#[test]
fn the_oldest_make_room_and_are_counted() {
    let writer = Arc::new(Kept::default());
    let room_for_three = 3 * (LINE + 4);
    let say_all = |ctx: &Context| {
        for n in 0..10 {
            say(ctx, &writer, &format!("{n:04}"));
        }
        say(ctx, &writer, &"x".repeat(room_for_three - LINE + 1)); // too long by itself
    };
    let ctx = holding(room_for_three);
    say_all(&ctx);
    ctx.hold().unwrap().release();
    assert_eq!(writer.lines(), ["0007", "0008", "0009"]);
    assert_eq!(writer.counts(), (0, 8));
    drop(ctx);
    assert_eq!(writer.counts(), (0, 8));

    say_all(&holding(room_for_three));
    assert_eq!((writer.counts(), writer.lines().len()), ((11, 8), 3));

    let ctx = holding(room_for_three);
    say(&ctx, &writer, "0000");
    say(&ctx, &writer, &"x".repeat(room_for_three - LINE));
    ctx.hold().unwrap().release();
    assert_eq!((writer.lines().len(), writer.counts()), (4, (11, 9)));
    assert_eq!(writer.lines()[3].len(), room_for_three - LINE, "one that fits alone");
}

#[test]
fn a_hold_without_room_drops_everything_and_says_so() {
    let writer = Arc::new(Kept::default());
    let ctx = holding(0);
    say(&ctx, &writer, "");
    ctx.hold().unwrap().release();
    assert_eq!((writer.lines().len(), writer.counts()), (0, (0, 1)));
}

#[test]
fn each_writer_gets_its_own_lines_and_counts_its_own() {
    let (one, two) = (Arc::new(Kept::default()), Arc::new(Kept::default()));
    let ctx = holding(4 * (LINE + 1));
    for line in ["1", "2", "3"] {
        say(&ctx, &one, line);
        say(&ctx, &two, line);
    }
    ctx.hold().unwrap().release();
    assert_eq!((one.lines(), one.counts()), (vec!["2".to_owned(), "3".to_owned()], (0, 1)));
    assert_eq!((two.lines(), two.counts()), (vec!["2".to_owned(), "3".to_owned()], (0, 1)));

    let ctx = holding(1000);
    say(&ctx, &one, "1");
    say(&ctx, &two, "1");
    say(&ctx, &two, "2");
    drop(ctx);
    assert_eq!((one.counts(), two.counts()), ((1, 1), (2, 1)));
}

proptest! {
    /// A list of lines, of which the last that fit are kept.
    #[test]
    fn it_agrees_with_a_naive_twin(
        max_bytes in 0..300_usize,
        pushed in prop::collection::vec((0..2_usize, "[a-z]{0,60}"), 0..30),
    ) {
        let writers = [Arc::new(Kept::default()), Arc::new(Kept::default())];
        let ctx = holding(max_bytes);
        let mut kept: Vec<&(usize, String)> = Vec::new();
        for line in &pushed {
            say(&ctx, &writers[line.0], &line.1);
            let size = |line: &&(usize, String)| line.1.len() + LINE;
            if size(&line) <= max_bytes {
                kept.push(line);
                while kept.iter().map(size).sum::<usize>() > max_bytes {
                    kept.remove(0);
                }
            }
        }
        ctx.hold().unwrap().release();
        for (at, writer) in writers.iter().enumerate() {
            let its = |lines: &mut dyn Iterator<Item = &(usize, String)>| -> Vec<String> {
                lines.filter(|line| line.0 == at).map(|line| line.1.clone()).collect()
            };
            let (kept, all) = (its(&mut kept.iter().copied()), its(&mut pushed.iter()));
            prop_assert_eq!(writer.counts(), (0, (all.len() - kept.len()) as u64));
            prop_assert_eq!(writer.lines(), kept);
        }
    }
}

#[test]
fn severities_decide_what_is_held_and_what_releases() {
    let hold = Hold::new(1000);
    assert!(hold.wants(1) && hold.wants(ERROR));
    assert!(!hold.releases(WARN) && hold.releases(ERROR) && hold.releases(24));
    let hold = Hold::new(1000).hold_from(DEBUG).release_at(WARN);
    assert!(!hold.wants(1) && hold.wants(DEBUG));
    assert!(!hold.releases(INFO) && hold.releases(WARN));
    hold.release();
    assert!(hold.wants(DEBUG), "it is written at once");
    assert!(!hold.releases(WARN), "once is enough");
}

#[test]
fn threads_that_race_lose_nothing_and_change_no_order() {
    const THREADS: usize = 4;
    const LINES: usize = 200;
    for round in 0..100 {
        let writer = Arc::new(Kept::default());
        let ctx = holding(usize::MAX);
        let start = Barrier::new(THREADS + 2);
        std::thread::scope(|scope| {
            for thread in 0..THREADS {
                let (ctx, writer, start) = (ctx.child(), &writer, &start);
                scope.spawn(move || {
                    start.wait();
                    for n in 0..LINES {
                        say(&ctx, writer, &format!("{thread} {n}"));
                    }
                });
            }
            for _ in 0..2 {
                let (ctx, start) = (ctx.clone(), &start);
                scope.spawn(move || {
                    start.wait();
                    for _ in 0..round * 10 {
                        std::hint::spin_loop();
                    }
                    ctx.hold().unwrap().release();
                });
            }
        });
        assert!(ctx.hold().unwrap().is_released());
        let lines = writer.lines();
        for thread in 0..THREADS {
            let prefix = format!("{thread} ");
            let said: Vec<_> = lines.iter().filter_map(|line| line.strip_prefix(&prefix)).collect();
            assert!(said.into_iter().eq((0..LINES).map(|n| n.to_string())), "round {round}");
        }
        assert_eq!(writer.counts(), (0, 0));
    }
}

/// A writer that has something to say of the same request while it writes.
struct Talks {
    kept: Arc<Kept>,
    ctx: Context,
    itself: Weak<Talks>,
}

impl HoldWriter for Talks {
    fn write(&self, severity: u8, line: &[u8]) {
        self.kept.write(severity, line);
        let hold = self.ctx.hold().unwrap();
        hold.release();
        if line == b"1" {
            let more = self.itself.upgrade().unwrap();
            assert!(hold.push(DEBUG, &more, b"said meanwhile"));
        }
    }

    fn vanished(&self, _: u64) {}

    fn dropped(&self, _: u64, _: Option<&Context>) {}
}

#[test]
fn a_writer_may_say_something_of_the_same_request() {
    let (kept, ctx) = (Arc::new(Kept::default()), holding(1000));
    let talks = Arc::new_cyclic(|itself| Talks {
        kept: kept.clone(),
        ctx: ctx.clone(),
        itself: itself.clone(),
    });
    for line in ["1", "2"] {
        ctx.hold().unwrap().push(DEBUG, &talks, line.as_bytes());
    }
    ctx.hold().unwrap().release();
    assert!(ctx.hold().unwrap().is_released());
    assert_eq!(kept.lines(), ["1", "2", "said meanwhile"]);
}

/// A writer that breaks its promise.
struct Panics(Arc<Kept>);

impl HoldWriter for Panics {
    fn write(&self, _: u8, line: &[u8]) {
        assert_ne!(line, b"2", "it breaks");
        self.0.write(DEBUG, line);
    }

    fn vanished(&self, lines: u64) {
        self.0.vanished(lines);
    }

    fn dropped(&self, lines: u64, ctx: Option<&Context>) {
        self.0.dropped(lines, ctx);
    }
}

#[test]
fn what_a_writer_that_panics_does_not_write_is_counted() {
    let (kept, ctx) = (Arc::new(Kept::default()), holding(1000));
    let panics = Arc::new(Panics(kept.clone()));
    let hold = ctx.hold().unwrap();
    for line in ["1", "2", "3"] {
        hold.push(DEBUG, &panics, line.as_bytes());
    }
    assert!(catch_unwind(AssertUnwindSafe(|| hold.release())).is_err());
    assert_eq!((kept.lines(), kept.counts()), (vec!["1".to_owned()], (2, 0)));
    assert!(hold.push(DEBUG, &panics, b"4"));
    drop(ctx);
    assert_eq!(kept.counts(), (3, 0));
}
