//! Middleware around a service in memory: what a request costs on top of the service itself.

mod by_hand;
mod opentelemetry;
mod service;
mod throughline;
mod tower_http;

use http::response::Parts;

pub use service::{PARENT_ID, PATH, REQUEST_ID, Seen, TRACE_ID};

use crate::Target;

/// A service with layers around it, and around the calls that it makes.
pub struct Stack {
    /// Its name in the table.
    pub name: &'static str,
    /// What it does, and how that differs from the others.
    pub remark: &'static str,
    /// How many lines it writes for each request, or spans.
    pub lines: usize,
    /// Whether its line, and the headers of the call, have the request id.
    pub has_request_id: bool,
    run: Box<dyn FnMut(usize) -> Option<Parts>>,
}

impl Stack {
    /// Makes and handles so many requests, one after the other. Returns the head of the last response.
    pub fn run(&mut self, times: usize) -> Option<Parts> {
        (self.run)(times)
    }
}

/// What the others stand on top of.
pub const BARE: &str = "bare service";
/// What the others are compared with.
pub const YARDSTICK: &str = "throughline, server layer";

/// All of them, writing to this target, the headers of whose calls are seen there.
pub fn stacks(target: &Target, seen: &Seen) -> Vec<Stack> {
    vec![
        service::bare(seen),
        by_hand::stack(target, seen),
        throughline::no_layer(target, seen),
        throughline::server(target, seen),
        throughline::both(target, seen),
        opentelemetry::stack(target, seen),
        tower_http::one_line(target, seen),
        tower_http::two_lines(target, seen),
    ]
}
