use throughline_schema::{Event, Value};

#[derive(Value)]
struct Account(u64);

/// A login attempt was refused.
#[derive(Event)]
#[event(name = "user.login", version = 1, level = "info", message = "User logged in")]
struct Login {
    /// Whose.
    account: Account,
}

fn main() {}
