use throughline_schema::Event;

struct Account;

/// A login attempt was refused.
#[derive(Event)]
#[event(name = "user.login_failed", version = 1, level = "error", message = "User login failed")]
struct LoginFailed {
    /// Whose.
    account: Account,
    /// Whose before.
    accounts: Vec<Option<u8>>,
}

fn main() {}
