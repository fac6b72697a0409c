use throughline_schema::Event;

/// A login attempt was refused.
#[derive(Event)]
struct LoginFailed;

fn main() {}
