use ::tracing::field::Empty;
use ::tracing::{Span, error, info, info_span};
use throughline_ctx::{Context, Key, keys};
use throughline_structlog::testing::{Record, capture};
use throughline_structlog::tracing::Bridge;
use tracing_subscriber::layer::SubscriberExt;

use super::{line, under, written};

fn context(line: &Record) -> &throughline_structlog::testing::Json {
    line.context().expect("the line has a context")
}

#[test]
fn the_fields_of_all_spans_stand_in_the_context_and_the_inner_value_counts() {
    let line = line(|| {
        let _a = info_span!("request", method = "POST", attempt = 1, user = "tyler").entered();
        let _b = info_span!("db", attempt = 2, rows = 10_u64).entered();
        let _c = info_span!("query", cached = false, ratio = 0.5).entered();
        info!(hit = true, "done");
    });
    let context = context(&line);
    assert_eq!(context["method"], "POST");
    assert_eq!(context["attempt"], 2);
    assert_eq!(context["user"], "tyler");
    assert_eq!(context["rows"], 10);
    assert_eq!(context["cached"], false);
    assert_eq!(context["ratio"], 0.5);
    assert_eq!(context["span.name"], "query");
    assert_eq!(line.fields().count(), 1);
}

#[test]
fn the_span_in_which_an_event_happens_is_told_once() {
    let line = line(|| info_span!("only", unusual = "value").in_scope(|| info!("in it")));
    assert_eq!(line.line().matches("unusual").count(), 1, "{}", line.line());
    assert_eq!(line.line().matches("only").count(), 1, "{}", line.line());
}

#[test]
fn every_line_within_a_span_has_the_ids_of_its_unit_of_work() {
    let lines = written(|| {
        let outer = info_span!("outer").entered();
        info!("in outer");
        info_span!("inner").in_scope(|| info!("in inner"));
        info!("in outer again");
        drop(outer);
        info_span!("another").in_scope(|| info!("in another"));
        info!("in none");
    });
    let of = |at: usize, name: &str| context(&lines[at])[name].as_str().unwrap().to_owned();
    assert_eq!(of(0, "span_id"), of(2, "span_id"));
    assert!(context(&lines[0]).get("parent_span_id").is_none());
    assert_eq!(of(1, "parent_span_id"), of(0, "span_id"));
    assert_eq!((of(1, "id"), of(1, "trace_id")), (of(0, "id"), of(0, "trace_id")));
    assert_ne!(of(3, "trace_id"), of(0, "trace_id"));
    assert!(lines[4].context().is_none());
}

#[test]
fn the_names_of_the_ids_cannot_be_taken() {
    let line = line(|| {
        let span = info_span!("s", id = 1, trace_id = "x", span_id = 2, parent_span_id = 3);
        let _inner = info_span!(parent: &span, "t", throughline.x = 4).entered();
        info!("m");
    });
    let context = context(&line);
    assert_eq!(context["trace_id"].as_str().unwrap().len(), 32);
    assert_eq!(context["id_"], 1);
    assert_eq!(context["trace_id_"], "x");
    assert_eq!(context["span_id_"], 2);
    assert_eq!(context["parent_span_id_"], 3);
    assert_eq!(context["throughline_x"], 4);
}

#[test]
fn a_value_that_is_recorded_late_is_there_from_then_on_in_the_spans_within_too() {
    let lines = written(|| {
        let outer = info_span!("outer", status = Empty, user = "old");
        let _outer = outer.clone().entered();
        info!("before");
        outer.record("status", 200).record("user", "new");
        info!("after");
        let inner = info_span!("inner", user = "inner").entered();
        outer.record("status", 500).record("user", "newest");
        info!("within");
        drop(inner);
        info!("at the end");
    });
    assert!(context(&lines[0]).get("status").is_none());
    assert_eq!(context(&lines[1])["status"], 200);
    assert_eq!(context(&lines[1])["user"], "new");
    assert_eq!(context(&lines[2])["status"], 500);
    assert_eq!(context(&lines[2])["user"], "inner");
    assert_eq!(context(&lines[2])["span.name"], "inner");
    assert_eq!(context(&lines[3])["user"], "newest");
    assert_eq!(context(&lines[1])["span_id"], context(&lines[3])["span_id"]);
}

#[test]
fn a_value_that_another_thread_records_arrives() {
    let (log, captured) = capture();
    let dispatch = super::dispatch(&log);
    ::tracing::dispatcher::with_default(&dispatch, || {
        let outer = info_span!("outer", status = Empty);
        let _outer = outer.clone().entered();
        let _inner = info_span!("inner").entered();
        let recorder = outer.clone();
        std::thread::scope(|scope| scope.spawn(move || recorder.record("status", 404).id()).join())
            .unwrap();
        info!("after");
    });
    assert_eq!(context(&captured.events()[0])["status"], 404);
}

#[test]
fn parents_are_the_current_span_or_the_one_that_is_named_or_none() {
    let lines = written(|| {
        let a = info_span!("a", a = 1);
        let b = info_span!("b", b = 2);
        let _b = b.clone().entered();
        info!("in b");
        info!(parent: &a, "in a");
        info!(parent: None, "in none");
        let of_a = info_span!(parent: &a, "of_a");
        of_a.in_scope(|| info!("of a"));
        info_span!(parent: None, "root").in_scope(|| info!("of none"));
        info!("in b again");
    });
    let has = |at: usize| {
        let context = lines[at].context();
        let has = |name| context.is_some_and(|context| context.get(name).is_some());
        (has("a"), has("b"))
    };
    assert_eq!(
        [0, 1, 2, 3, 4, 5].map(has),
        [
            (false, true),
            (true, false),
            (false, false),
            (true, false),
            (false, false),
            (false, true),
        ]
    );
    assert!(lines[2].context().is_none());
    assert_ne!(context(&lines[4])["trace_id"], context(&lines[0])["trace_id"]);
    assert_eq!(context(&lines[3])["parent_span_id"], context(&lines[1])["span_id"]);
}

#[test]
fn spans_can_be_left_in_any_order() {
    let before = Context::current();
    let lines = written(|| {
        let (a, b) = (info_span!("a", a = 1), info_span!("b", b = 1));
        let (a, b) = (a.enter(), b.enter());
        info!("in both");
        drop(a);
        info!("in b");
        drop(b);
        info!("in none");
    });
    assert_eq!(context(&lines[1])["span.name"], "b");
    assert!(lines[2].context().is_none() && before.is_none() && Context::current().is_none());
}

#[test]
fn a_field_with_the_name_of_a_key_has_the_class_of_the_key() {
    keys! {
        /// For the test.
        const EMAIL: Key<str> = Key::local("bridge.email", "Address").personal();
    }
    let line = line(|| {
        let _span = info_span!("s", bridge.email = "a@b.c").entered();
        assert_eq!(Context::current().unwrap().get(&EMAIL), Some("a@b.c"));
        info!("m");
    });
    assert_eq!(context(&line)["bridge.email"], "[redacted]");
}

#[test]
fn an_integer_of_a_span_beyond_64_bits_is_text_and_a_long_text_is_clipped() {
    let line = line(|| {
        let long = "é".repeat(1 << 20);
        let _s = info_span!("s", wide = u128::MAX, low = i128::MIN, fits = 7_i128, text = %long)
            .entered();
        info!("m");
    });
    let context = context(&line);
    assert_eq!(context["wide"], &*u128::MAX.to_string());
    assert_eq!(context["low"], &*i128::MIN.to_string());
    assert_eq!(context["fits"], 7);
    assert_eq!(context["text"].as_str().unwrap().len(), 8192);
}

#[test]
fn a_closed_span_is_reported_if_that_is_asked_for() {
    let (log, captured) = capture();
    let subscriber = tracing_subscriber::registry().with(Bridge::new(&log).report_spans().layer());
    ::tracing::subscriber::with_default(subscriber, || {
        let outer = info_span!("HTTP request", code = Empty).entered();
        info_span!("db.query").in_scope(|| error!("lost"));
        outer.record("code", 200);
        drop(outer);
        info_span!("log", otel.status_code = "ERROR").in_scope(|| ());
    });
    let lines = captured.events();
    let seen: Vec<_> = lines.iter().map(|line| (line.event(), line.message())).collect();
    let expected = [
        ("log", "lost"),
        ("db.query", "db.query"),
        ("http_request", "HTTP request"),
        ("log_", "log"),
    ];
    assert_eq!(seen, expected);
    let outcomes = [1, 2, 3].map(|at| lines[at]["outcome"].as_str().unwrap().to_owned());
    assert_eq!(outcomes, ["error", "ok", "error"]);
    assert_eq!(context(&lines[1])["span_id"], context(&lines[0])["span_id"]);
    assert_eq!(context(&lines[2])["code"], 200);
}

#[test]
fn two_layers_of_one_subscriber_tell_the_same_ids() {
    use throughline_structlog::tracing::layer;
    let ((first, of_first), (second, of_second)) = (capture(), capture());
    let subscriber = tracing_subscriber::registry().with(layer(&first)).with(layer(&second));
    ::tracing::subscriber::with_default(subscriber, || {
        let _span = info_span!("s", a = 1).entered();
        info!("m");
        Span::current().record("a", 2);
        info!("n");
    });
    let (first, second) = (of_first.events(), of_second.events());
    for at in [0, 1] {
        assert_eq!(context(&first[at]), context(&second[at]));
        assert_eq!(context(&first[at])["a"], at as u64 + 1);
    }
    assert!(Context::current().is_none());
}

#[test]
fn a_span_that_is_filtered_out_is_as_if_it_was_not_there() {
    let (log, captured) = super::capture_with(|log| log.filter(throughline_schema::Level::Info));
    under(&log, || {
        let _a = info_span!("a", a = 1).entered();
        let _b = ::tracing::debug_span!("b", b = 1).entered();
        let _c = info_span!("c").entered();
        info!("m");
    });
    let line = &captured.events()[0];
    assert_eq!(context(line)["a"], 1);
    assert!(context(line).get("b").is_none());
    assert_eq!(context(line)["span.name"], "c");
}
