use throughline_schema::Event;

/// A login attempt was refused.
#[derive(Event)]
#[event(name = "user.login", version = 1, level = "info", message = "User logged in")]
struct Login {
    /// How large.
    #[event(max_len = 3)]
    size: u64,
    /// Who.
    #[event(range = 0..=100)]
    user: String,
    /// How often.
    #[event(range = 0..=256)]
    attempts: u8,
    /// How much.
    #[event(range = 0.5..)]
    count: u32,
    /// How long.
    #[event(range = 2..2)]
    lasted: i32,
    /// How likely.
    #[event(range = ..=1e39)]
    share: f32,
}

fn main() {}
