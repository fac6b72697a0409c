use throughline_schema::Event;

/// A login attempt was refused.
#[derive(Event)]
#[event(name = "user.login", version = 1, level = "info", message = "User logged in")]
struct Login {
    /// How large.
    #[event(range = MAX..)]
    size: u64,
    /// Which share.
    #[event(range = "0.0..1.0")]
    share: f64,
    /// How many.
    #[event(range = ..)]
    count: u64,
    /// How often.
    #[event(range = 5, class = "personal")]
    attempts: u64,
    /// Who.
    #[event(max_len = -1)]
    user: String,
    /// Whose.
    #[event(max_len = 5000000000)]
    owner: String,
    /// How.
    #[event(with = |how| how)]
    how: u32,
}

fn main() {}
