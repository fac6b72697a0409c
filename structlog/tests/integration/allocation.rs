//! What the steady state allocates: nothing.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use throughline_ctx::{Context, Hold, Key, Verbosity};
use throughline_schema::{Class, Event, Level};
use throughline_structlog::{
    FileSink, Filter, HashKey, Logger, NullSink, Output, Sampling, Service, SocketSink, info,
    trace, warn,
};

struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator as it came; counting touches a thread-local without a destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often this thread allocates in 100 rounds of `work`, after one to warm up.
fn allocations(work: impl Fn()) -> usize {
    work();
    let before = COUNT.get();
    for _ in 0..100 {
        work();
    }
    COUNT.get() - before
}

/// An order was placed.
#[derive(Event)]
#[event(name = "order.placed", version = 1, level = "info", message = "Order placed")]
struct OrderPlaced<'a> {
    /// Whose.
    #[event(class = "personal")]
    customer: &'a str,
    /// How many items.
    items: u32,
    /// The price.
    total: f64,
    /// What was said.
    note: Option<&'a str>,
    /// What went wrong on the way.
    #[event(error)]
    warning: Option<&'a std::io::Error>,
}

fn emit_all(log: &Logger) -> impl Fn() + use<'_> {
    const TENANT: Key<str> = Key::local("tenant", "Whose data");
    let ctx = Context::root().with(&TENANT, "acme");
    let error = std::io::Error::other("late");
    move || {
        let note = Some("a \"quoted\"\nnote");
        let warning = Some(&error);
        log.emit(&ctx, &OrderPlaced { customer: "tyler", items: 3, total: 9.99, note, warning });
        info!(logger: log, &ctx, "cache miss", key = "user:7", hits = 3, path = %"x", list = [1, 2]);
        ctx.scope(|| info!(logger: log, "in the current context"));
    }
}

#[test]
fn nothing_is_allocated_for_an_event() {
    let log = Logger::builder("shop").sink(NullSink).build();
    let emit = emit_all(&log);
    assert_eq!(allocations(&emit), 0);
}

#[test]
fn nothing_is_allocated_where_rules_decide_and_several_outputs_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = FileSink::open(folder.path().join("log")).unwrap();
    let log = Logger::builder("shop")
        .filter("info,order=debug,integration=trace".parse::<Filter>().unwrap())
        .sampling(Sampling::none().one_in(2, "order"))
        .rate_limit(50)
        .nanoseconds()
        .hashed_with(HashKey::new([7; 16]))
        .sink(NullSink)
        .also(Output::to(file).threshold(Level::Warn).cleared_for(Class::Personal))
        .also(Output::to(NullSink).cleared_for(Class::Personal))
        .build();
    let emit = emit_all(&log);
    let loud = Context::root().with_verbosity(Verbosity::Trace);
    let emit = || {
        emit();
        info!(logger: log, &loud, "it asks for it");
        warn!(logger: log, &loud, "to the file as well");
    };
    assert_eq!(allocations(emit), 0);
    assert!(log.withheld().suppressed > 0);
}

#[test]
fn nothing_is_allocated_for_detail_once_a_request_holds_some() {
    let log = Logger::builder("shop").sink(NullSink).build();
    let ctx = Context::root().with_hold(Hold::new(4096));
    let hold = || trace!(logger: log, &ctx, "held back", key = "user:7");
    (0..100).for_each(|_| hold()); // until it is full
    assert_eq!(allocations(hold), 0);
    // And nothing for a context that holds nothing yet, but for the hold itself.
    let plain = allocations(|| drop(Context::root()));
    assert_eq!(allocations(|| drop(Context::root().with_hold(Hold::new(4096)))), plain + 200);
}

#[test]
fn nothing_is_allocated_for_violations_and_messages_with_placeholders() {
    /// A file was stored.
    #[derive(Event)]
    #[event(name = "file.stored", version = 1, level = "info", message = "stored {name} of {size}")]
    struct Stored<'a> {
        /// Its name.
        #[event(max_len = 3)]
        name: &'a str,
        /// Its size.
        #[event(unit = "By", range = 1..)]
        size: u64,
    }
    let log = Logger::builder("shop").sink(NullSink).build();
    assert_eq!(allocations(|| log.emit(None, &Stored { name: "report", size: 0 })), 0);
}

#[test]
fn nothing_is_allocated_on_the_way_into_the_buffer_of_the_socket() {
    let folder = tempfile::tempdir().unwrap();
    let sink = SocketSink::new(folder.path().join("nobody-listens"), &Service::new("shop"));
    let log = Logger::builder("shop").sink(sink).build();
    let emit = emit_all(&log);
    assert_eq!(allocations(&emit), 0);
    drop(emit);
    std::mem::forget(log); // it would wait for a collector
}

#[test]
fn an_event_that_is_switched_off_is_not_even_evaluated() {
    let log = Logger::disabled();
    let touched = Cell::new(false);
    info!(logger: log, "off", value = { touched.set(true); 1 });
    assert!(!touched.get());
}

#[cfg(feature = "tracing")]
#[test]
fn nothing_is_allocated_for_an_event_of_tracing_in_three_spans() {
    use throughline_structlog::tracing::layer;
    use tracing_subscriber::layer::SubscriberExt;

    let log = Logger::builder("shop").sink(NullSink).build();
    let subscriber = tracing_subscriber::registry().with(layer(&log));
    tracing::subscriber::with_default(subscriber, || {
        let _a = tracing::info_span!("request", method = "POST", path = "/orders").entered();
        let _b = tracing::info_span!("handler", user = "tyler").entered();
        let c = tracing::info_span!("query", rows = 3);
        let say = || {
            tracing::info!(key = "user:7", hits = 3, ratio = 0.5, path = %"x", "cache miss {}", 1);
        };
        let _c = c.enter();
        assert_eq!(allocations(say), 0);
        let elsewhere = Context::root();
        assert_eq!(allocations(|| elsewhere.scope(say)), 0, "within another context");
        assert_eq!(allocations(|| tracing::info!(parent: &c, "explicit")), 0);
        assert_eq!(allocations(|| c.in_scope(say)), 0, "entered each time");
    });
}
