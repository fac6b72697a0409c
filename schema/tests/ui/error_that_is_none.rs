use throughline_schema::Event;

/// A login attempt was refused.
#[derive(Event)]
#[event(name = "user.login_failed", version = 1, level = "error", message = "User login failed")]
struct LoginFailed {
    /// Why it was refused.
    #[event(error)]
    reason: String,
}

fn main() {}
