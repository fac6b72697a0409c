//! Detail after the fact: requests hold back what the logger leaves out, and one that goes wrong tells all of it. And detail beforehand, of one request.
//!
//! `cargo run --example detail`. A server does it by `ServerLayer::hold_detail`.

use throughline::ctx::{Hold, Verbosity};
use throughline::{Context, Event, Level, Logger, debug, info};

/// A payment was refused.
#[derive(Event)]
#[event(name = "payment.refused", version = 1, level = "error", message = "Payment refused")]
struct PaymentRefused {
    /// What was to be paid, in cents.
    cents: u32,
}

fn pay(log: &Logger, ctx: &Context, cents: u32) {
    debug!(logger: log, ctx, "asking the bank", cents);
    debug!(logger: log, ctx, "the bank answered", limit = 5000);
    if cents > 5000 {
        log.emit(ctx, &PaymentRefused { cents });
    } else {
        info!(logger: log, ctx, "paid");
    }
}

fn main() {
    let log = Logger::builder("payments").filter(Level::Info).stdout().build();
    let held = || Context::root().with_hold(Hold::new(64 * 1024)); // bytes of lines, at the most

    eprintln!("A request that goes well says what the logger writes:");
    pay(&log, &held(), 1200);
    eprintln!("One that goes wrong tells its detail, too, with the times at which it happened:");
    pay(&log, &held(), 9900);
    eprintln!("One of which more was asked beforehand, on every hop:");
    pay(&log, &Context::root().with_verbosity(Verbosity::Debug), 1300);

    eprintln!(
        "Nobody will see {} events of the first. They were counted.",
        log.withheld().vanished
    );
    eprintln!("Next: `.layer(ServerLayer::edge(&log).hold_detail(64 * 1024))`.");
}
