use throughline_schema::Event;

/// A login attempt was refused.
#[derive(Event)]
#[event(name = "user.login", version = 1, level = "info", message = "User {user logged in")]
struct Login {
    /// Who.
    user: String,
}

fn main() {}
