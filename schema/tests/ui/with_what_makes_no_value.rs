use throughline_schema::Event;

struct Account;

fn account(_: &u64) -> Account {
    Account
}

fn length(text: &String) -> usize {
    text.len()
}

/// A login attempt was refused.
#[derive(Event)]
#[event(name = "user.login", version = 1, level = "info", message = "User logged in")]
struct Login {
    /// Whose.
    #[event(with = account)]
    account: u64,
    /// How long.
    #[event(with = length)]
    length: u32,
    /// Who.
    #[event(with = nobody)]
    user: u32,
}

fn main() {}
