use throughline_schema::{Event, Outcome};

/// A user logged in.
#[derive(Event)]
#[event(name = "user.login", version = 1, level = "info", message = "User logged in", kind = "span")]
struct Login {
    /// How long it took.
    #[event(class = "personal", unit = "ms", range = ..=1000)]
    duration_us: u64,
    /// How it ended.
    #[event(class = "secret", unit = "1", with = Clone::clone)]
    outcome: Outcome,
}

fn main() {}
