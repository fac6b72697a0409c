//! The events that a logger writes of its own (`spec/event.md`, "Events of this project").

use throughline_schema::Event;

/// A place in the code wrote more events than it may, and it is over.
#[derive(Event)]
#[event(
    name = "throughline.suppressed",
    version = 1,
    level = "warn",
    message = "Events were suppressed"
)]
pub(crate) struct Suppressed {
    /// How many events were not written.
    pub(crate) events: u64,
    /// The name of the events.
    pub(crate) of: &'static str,
    /// Their message.
    pub(crate) saying: &'static str,
}

/// A request that held back its detail went wrong, and had more than there was room for.
#[derive(Event)]
#[event(
    name = "throughline.detail_dropped",
    version = 1,
    level = "warn",
    message = "Detail of a request is missing"
)]
pub(crate) struct DetailDropped {
    /// How many events are missing, the oldest.
    pub(crate) events: u64,
}
