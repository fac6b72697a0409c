//! The environment of a real process as a carrier.

use std::process::Command;

use throughline_ctx::propagation::{Environment, Incoming, Propagator};
use throughline_ctx::{Context, Key};

const USER: Key<str> = Key::propagated("user.name", "Who is asking");

/// The variable that tells the test below that it is the program that was started.
const CHILD: &str = "THROUGHLINE_TEST_CHILD";

#[test]
fn a_program_that_is_started_finds_the_context_of_the_one_that_started_it() {
    if std::env::var_os(CHILD).is_some() {
        let incoming = Propagator::new().key(&USER).extract(&Environment::read());
        let ctx = Context::continue_from(&incoming);
        println!(
            "found {} {} {} {} {}",
            ctx.request_id(),
            ctx.trace_id(),
            ctx.parent_span_id().unwrap(),
            ctx.trace_state().unwrap().as_str(),
            ctx.get(&USER).unwrap()
        );
        return;
    }
    let mut incoming = Incoming::default();
    incoming.trace_parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse().ok();
    incoming.trace_state = throughline_ctx::TraceState::parse([&b"other=1"[..]]);
    let ctx = Context::continue_from(&incoming).with(&USER, "Ada Lovelace, née Byron");

    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["environment::", "--nocapture"]).env(CHILD, "1");
    let call = ctx.inject(&mut command);
    let output = command.output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let expected = format!(
        "found {} {} {} other=1 Ada Lovelace, née Byron",
        ctx.request_id(),
        ctx.trace_id(),
        call.span_id()
    );
    assert!(printed.contains(&expected), "{expected} is not in {printed}");
}

#[test]
fn a_stale_variable_is_not_handed_on() {
    let mut command = Command::new("env");
    command.env("TRACESTATE", "stale=1").env("BAGGAGE", "stale=1");
    Context::root().inject(&mut command);
    let printed = String::from_utf8(command.output().unwrap().stdout).unwrap();
    assert!(printed.contains("TRACEPARENT=00-") && printed.contains("X_REQUEST_ID="), "{printed}");
    assert!(!printed.contains("stale"), "{printed}");
}
