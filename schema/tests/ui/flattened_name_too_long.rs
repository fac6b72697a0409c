use throughline_schema::{Event, Fields};

/// Where.
#[derive(Fields)]
struct Place {
    /// Which host.
    hoooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooost: String,
}

/// A login attempt was refused.
#[derive(Event)]
#[event(name = "user.login", version = 1, level = "info", message = "User logged in")]
struct Login {
    #[event(flatten = "a_place_far_away")]
    place: Place,
}

fn main() {}
