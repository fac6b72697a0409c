use throughline_schema::Event;

#[derive(Event)]
#[event(name = "User.LoginFailed", version = 0, level = "fatal", colour = "red")]
struct LoginFailed {
    user: String,
    /// The time.
    timestamp: u64,
    /// How often.
    #[event(class = "private")]
    attempts: u32,
    /// How often, again.
    #[event(rename = "attempts")]
    tries: u32,
}

fn main() {
    // The mistakes above are no reason to complain here.
    fn emit(_: &impl Event) {}
    emit(&LoginFailed { user: String::new(), timestamp: 0, attempts: 0, tries: 0 });
}
