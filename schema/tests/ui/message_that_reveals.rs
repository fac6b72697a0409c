use throughline_schema::Event;

/// A login attempt was refused.
#[derive(Event)]
#[event(name = "user.login", version = 1, level = "info", message = "{user} logged in from {email} with {password}")]
struct Login {
    /// Who.
    user: String,
    /// Address on record.
    #[event(class = "personal")]
    email: String,
    /// What they typed.
    #[event(class = "secret")]
    password: String,
}

fn main() {}
