use throughline_schema::Event;

/// A login attempt was refused.
#[derive(Event)]
#[event(name = "user.login", version = 1, level = "info", message = "User logged in")]
struct Login {
    /// How large.
    #[event(unit = "bytes")]
    size: u64,
    /// How fast.
    #[event(unit = "bytes per second")]
    rate: u64,
    /// How many.
    #[event(unit = 1)]
    count: u64,
}

fn main() {}
