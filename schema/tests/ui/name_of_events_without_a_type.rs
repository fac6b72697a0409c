use throughline_schema::Event;

/// A user logged in.
#[derive(Event)]
#[event(name = "log", version = 1, level = "info", message = "User logged in")]
struct Login;

fn main() {}
