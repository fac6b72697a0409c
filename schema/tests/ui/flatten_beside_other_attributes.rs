use throughline_schema::{Event, Fields};

/// Where.
#[derive(Fields)]
struct Place {
    /// Which host.
    host: String,
}

/// A login attempt was refused.
#[derive(Event)]
#[event(name = "user.login", version = 1, level = "info", message = "User logged in")]
struct Login {
    #[event(flatten, rename = "place", class = "personal", unit = "1")]
    place: Place,
    #[event(flatten = "The Other")]
    other: Place,
    /// Why.
    #[event(error, unit = "1", with = String::len)]
    why: std::io::Error,
}

fn main() {}
