use throughline_schema::Event;

/// A user logged in.
#[derive(Event)]
#[event(name = "user.login", version = 1, level = "info", message = "User logged in")]
struct Login {
    /// How likely.
    #[event(range = 0.0..=1e999)]
    share: f64,
    /// How often.
    #[event(range = 0..=170141183460469231731687303715884105728)]
    count: u128,
}

fn main() {}
