use throughline_schema::{Event, Fields};

/// Where.
#[derive(Fields)]
struct Place {
    /// Which host.
    host: String,
}

/// A login attempt was refused.
#[derive(Event)]
#[event(name = "user.login", version = 1, level = "info", message = "{usr} logged in from {place.host}")]
struct Login {
    /// Who.
    user: String,
    #[event(flatten)]
    place: Place,
}

fn main() {}
