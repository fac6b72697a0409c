use std::collections::HashMap;

use throughline_ctx::propagation::Propagator;
use throughline_ctx::{Context, Key, Verbosity};

const TENANT: Key<str> = Key::propagated("tenant.id", "Whose data the request is about");

type Headers = HashMap<String, String>;

fn sent(ctx: &Context) -> Headers {
    let mut headers = Headers::new();
    ctx.inject(&mut headers);
    headers
}

fn with_baggage(value: &str) -> Headers {
    HashMap::from([("baggage".to_owned(), value.to_owned())])
}

#[test]
fn it_reaches_every_service_below_and_none_beside() {
    let quiet = Context::root().with(&TENANT, "acme");
    let loud = quiet.with_verbosity(Verbosity::Debug);
    let second = Context::extract(&sent(&loud.child()));
    let third = Context::extract(&sent(&second.with(&TENANT, "other")));
    assert_eq!((quiet.verbosity(), loud.verbosity()), (None, Some(Verbosity::Debug)));
    assert_eq!((second.verbosity(), third.verbosity()), (loud.verbosity(), loud.verbosity()));
    assert_eq!(third.baggage().as_str(), "throughline.verbosity=debug,tenant.id=other");
    assert_eq!(Context::extract(&sent(&quiet)).verbosity(), None);
}

#[test]
fn it_is_no_entry() {
    let ctx = Context::extract(&with_baggage("throughline.verbosity=trace"));
    assert_eq!(ctx.verbosity(), Some(Verbosity::Trace));
    assert_eq!(ctx.entries().count(), 0);
}

#[test]
fn it_can_be_changed_and_taken_back_below() {
    let ctx = Context::root().with_verbosity(Verbosity::Trace);
    let info = ctx.edit().with_verbosity(Verbosity::Info).finish();
    assert_eq!(info.baggage().as_str(), "throughline.verbosity=info");
    let none = info.with_verbosity(None);
    assert_eq!((none.verbosity(), none.baggage().as_str()), (None, ""));
    assert_eq!(ctx.verbosity(), Some(Verbosity::Trace));
}

#[test]
fn what_is_malformed_is_neither_believed_nor_passed_on() {
    for value in ["", "loud", "DEBUG", "debug trace", "1", "%64ebu", "info%2C"] {
        let ctx = Context::extract(&with_baggage(&format!("a=1,throughline.verbosity={value}")));
        assert_eq!(ctx.verbosity(), None, "{value:?}");
        assert_eq!((ctx.baggage().as_str(), ctx.baggage().dropped()), ("a=1", 1), "{value:?}");
    }
}

#[test]
fn who_does_not_believe_a_caller_does_not_pass_it_on_either() {
    let mut incoming = Propagator::new().extract(&with_baggage("throughline.verbosity=trace,a=1"));
    assert_eq!(incoming.verbosity, Some(Verbosity::Trace));
    incoming.verbosity = None;
    let ctx = Context::continue_from(&incoming);
    assert_eq!((ctx.verbosity(), ctx.baggage().as_str()), (None, "a=1"));

    incoming.verbosity = Some(Verbosity::Info);
    let ctx = Context::continue_from(&incoming);
    assert_eq!(ctx.verbosity(), Some(Verbosity::Info));
    assert_eq!(ctx.baggage().as_str(), "a=1,throughline.verbosity=info");
}

#[test]
fn others_are_not_told() {
    let ctx = Context::root().with_verbosity(Verbosity::Trace);
    for tell_the_trace in [true, false] {
        let (propagator, mut headers) = (Propagator::new(), with_baggage("k=v"));
        let call = match tell_the_trace {
            true => propagator.inject_external(&ctx, &mut headers),
            false => propagator.withhold(&ctx, &mut headers),
        };
        assert_eq!(call.verbosity(), Some(Verbosity::Trace), "here it goes on");
        assert!(!headers.contains_key("baggage"), "{headers:?}");
        assert!(headers.values().all(|value| !value.contains("trace")), "{headers:?}");
    }
}

#[test]
fn without_room_in_the_baggage_it_ends_here_and_is_counted() {
    let many = (0..64).map(|n| format!("k{n}=v")).collect::<Vec<_>>().join(",");
    let ctx = Context::extract(&with_baggage(&many)).with_verbosity(Verbosity::Debug);
    assert_eq!(ctx.verbosity(), Some(Verbosity::Debug));
    assert_eq!((ctx.baggage().as_str(), ctx.baggage().dropped()), (many.as_str(), 1));
    assert_eq!(Context::extract(&sent(&ctx)).verbosity(), None);
}
