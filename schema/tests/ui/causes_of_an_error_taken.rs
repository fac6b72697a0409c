use throughline_schema::Event;

/// A login attempt was refused.
#[derive(Event)]
#[event(name = "user.login_failed", version = 1, level = "error", message = "User login failed")]
struct LoginFailed {
    /// Why it was refused.
    #[event(error)]
    reason: std::io::Error,
    /// Why it was refused, in other words.
    #[event(rename = "reason.causes")]
    causes: String,
}

fn main() {}
