use throughline_schema::Event;

/// A login attempt was refused.
#[derive(Event)]
#[event(name = "user.login", version = 1, level = "info", message = "User logged in", kind = "span")]
struct Login {
    /// How long it took.
    duration_us: u64,
}

fn main() {}
