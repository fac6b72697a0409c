use throughline_schema::Event;

/// A user logged in.
#[derive(Event)]
#[event(name = "user.login", version = 1, level = "info", message = "User logged in", kind = "span")]
struct Login<'a, T> {
    /// How long it took.
    duration_us: Option<&'a str>,
    /// How it ended.
    outcome: bool,
    /// Who.
    user: T,
}

/// A user logged out.
#[derive(Event)]
#[event(name = "user.logout", version = 1, level = "info", message = "User logged out", kind = "span")]
struct Logout<'a> {
    /// How long it took.
    #[event(rename = "duration_us")]
    took: u32,
    /// How it ended.
    outcome: &'a str,
}

fn main() {}
