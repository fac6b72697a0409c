use throughline_schema::Event;

const NAME: &str = "user.login";

/// A login attempt was refused.
#[derive(Event)]
#[event(name = NAME, version = "1", level = "info", level = "warn", message = "User logged in")]
struct Login;

fn main() {}
