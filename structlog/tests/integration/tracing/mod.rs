//! What `tracing` says, as lines. Each captured line is checked against the contract when it is looked at: names, order, and that no name stands twice.

mod beside;
mod context;
mod events;
mod filter;
mod spans;
mod tree;

use ::tracing::Dispatch;
use ::tracing::dispatcher::with_default;
use throughline_structlog::testing::{Captured, Record, capture};
use throughline_structlog::tracing::layer;
use throughline_structlog::{Builder, Logger, testing};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry;

/// What is written while `work` runs.
fn written(work: impl FnOnce()) -> Vec<Record> {
    let (log, captured) = capture();
    under(&log, work);
    captured.events()
}

/// The one line that is written while `work` runs.
#[track_caller]
fn line(work: impl FnOnce()) -> Record {
    let [line] = <[Record; 1]>::try_from(written(work)).expect("one line");
    line
}

fn under<R>(log: &Logger, work: impl FnOnce() -> R) -> R {
    with_default(&dispatch(log), work)
}

fn dispatch(log: &Logger) -> Dispatch {
    Dispatch::new(registry().with(layer(log)))
}

fn capture_with(configure: impl FnOnce(Builder) -> Builder) -> (Logger, Captured) {
    testing::capture_with(configure)
}
