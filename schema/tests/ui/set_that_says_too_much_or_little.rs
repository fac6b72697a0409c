use throughline_schema::Value;

/// Why it was refused.
#[derive(Value)]
enum Reason {
    WrongPassword,
    /// Too many attempts.
    RateLimited(u32),
    /// Too many attempts, again.
    #[event(rename = "wrong_password")]
    Other,
    /// Nothing.
    #[event(rename = "", class = "secret")]
    Nothing,
}

/// Nothing at all.
#[derive(Value)]
enum Never {}

fn main() {}
