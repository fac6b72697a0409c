//! Who does the work.

mod by_hand;
mod by_serde;
mod emit;
mod floor;
mod json_subscriber;
mod slog;
mod spdlog;
pub(crate) mod stamp;
mod throughline;
mod tracing;

use crate::{Target, Work};

/// Someone who writes events.
pub trait Contestant: Send + Sync {
    /// Its name, in the table and as an argument.
    fn name(&self) -> &'static str;

    /// How its line differs from the others, beyond names of members.
    fn remark(&self) -> &'static str;

    /// Whether it knows this sort of work.
    fn can(&self, _: Work) -> bool {
        true
    }

    /// Does the work a number of times.
    fn run(&self, work: Work, times: u64);
}

/// The yardstick: the others are measured against it.
pub const YARDSTICK: &str = "by hand";

/// All of them, writing to this target.
pub fn all(target: &Target) -> Vec<Box<dyn Contestant>> {
    vec![
        Box::new(floor::Floor::new(target)),
        Box::new(by_hand::ByHand::new(target)),
        Box::new(throughline::Typed::new(target)),
        Box::new(throughline::Macro::new(target)),
        Box::new(by_serde::BySerde::new(target)),
        Box::new(emit::Emit::new(target)),
        Box::new(slog::Slog::new(target)),
        Box::new(spdlog::Spdlog::new(target)),
        Box::new(json_subscriber::JsonSubscriber::new(target)),
        Box::new(tracing::Tracing::new(target, false)),
        Box::new(tracing::Tracing::new(target, true)),
    ]
}
