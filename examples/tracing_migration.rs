//! A program that was written for `tracing`, on the writer that it had and on this one: only the first line of `main` differs.
//!
//! `cargo run --features tracing --example tracing_migration -- before`, and the same with `after`.

use std::error::Error;

use throughline::{Context, Key};
use tracing::{Instrument, field::Empty, info, info_span, instrument, warn};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Result {
    if std::env::args().any(|arg| arg == "before") {
        tracing_subscriber::fmt().json().init();
        serve("POST", "tylertreat").await;
    } else {
        let _guard = throughline::tracing::init("accounts")?;
        serve("POST", "tylertreat").await;
        step_by_step().await;
    }
    Ok(())
}

/// What the program had: nothing of it changes.
async fn serve(method: &str, user: &str) {
    let request = info_span!("request", method, status = Empty);
    async {
        login(user, 3).await;
        tracing::Span::current().record("status", 401);
        info!("answered");
    }
    .instrument(request)
    .await;
}

#[instrument]
async fn login(user: &str, attempts: u32) {
    let query = info_span!("db.query", rows = 1, cached = false);
    async { info!(elapsed_ms = 0.25, "account read") }.instrument(query).await;
    warn!(reason = "wrong password", left = 5 - attempts, "login failed");
    log::info!(cost:? = std::time::Duration::from_millis(80); "a crate that uses `log`");
}

/// What it gets, one place at a time: a context that crosses hops, and macros that check names when they are compiled.
async fn step_by_step() {
    const TENANT: Key<str> = Key::propagated("tenant.id", "Whose data this is about");
    let request = Context::root().with(&TENANT, "acme");
    let span = request.scope(|| info_span!("request", method = "GET"));
    async {
        info!("in the span, and in the trace of the request");
        throughline::info!("with the fields of the span as well", entries = 1024);
    }
    .instrument(span)
    .await;
}
