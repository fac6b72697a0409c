use throughline_schema::{Event, Fields};

/// Where.
#[derive(Fields)]
struct Place {
    /// Which host.
    level: String,
}

/// A login attempt was refused.
#[derive(Event)]
#[event(name = "user.login", version = 1, level = "info", message = "User logged in")]
struct Login {
    #[event(flatten)]
    place: Place,
    #[event(flatten = "")]
    level: Place,
}

fn main() {}
