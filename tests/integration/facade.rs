//! A service that depends on the facade alone.

use throughline::structlog::testing;
use throughline::{Context, Event, InContextExt, Key, Level, Outcome, info};

const TENANT: Key<str> = Key::local("tenant.id", "Whose data the request is about");

/// A job was done.
#[derive(Event)]
#[event(name = "job.done", version = 2, level = "info", message = "Job done", kind = "span")]
struct JobDone<'a> {
    /// How long it took.
    duration_us: u64,
    /// How it ended.
    outcome: Outcome,
    /// Which job.
    #[event(rename = "job.name")]
    name: &'a str,
    /// What went wrong.
    #[event(error)]
    error: Option<std::fmt::Error>,
}

#[tokio::test]
async fn everything_that_a_service_needs_is_in_the_facade() {
    let (log, captured) = testing::capture();
    let ctx = Context::root().with(&TENANT, "acme");
    let work = async { info!(logger: log, "working", step = 1) };
    work.in_context(ctx.clone()).await;
    let error = Some(std::fmt::Error);
    let done = JobDone { duration_us: 7, outcome: Outcome::Error, name: "tidy", error };
    log.emit_at(Level::Error, &ctx, &done);

    let lines = captured.lines();
    let id = format!(r#""context":{{"id":"{}""#, ctx.request_id());
    assert!(lines.iter().all(|line| line.contains(&id) && line.contains(r#""tenant.id":"acme"}"#)));
    assert!(lines[0].contains(r#""message":"working""#), "{}", lines[0]);
    assert!(lines[1].contains(r#""level":"ERROR","event":"job.done","version":2,"kind":"span""#));
    assert!(lines[1].contains(r#""job.name":"tidy","error":"an error occurred when formatting"#));
}
