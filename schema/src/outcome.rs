use crate::Value;

/// How a unit of work ended (`spec/event.md`, "Outcomes").
#[derive(Value, Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[event(crate = "crate")]
pub enum Outcome {
    /// The work was done, or was refused through no fault of the service.
    Ok,
    /// The work failed.
    Error,
    /// The work failed because its deadline passed.
    Timeout,
    /// Whoever asked for the work went away before it was finished.
    Cancelled,
}

impl Outcome {
    /// The outcome as it stands in a line: `ok`, `error`, `timeout` or `cancelled`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Error => "error",
            Outcome::Timeout => "timeout",
            Outcome::Cancelled => "cancelled",
        }
    }
}
