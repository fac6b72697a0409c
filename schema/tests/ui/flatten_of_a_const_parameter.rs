use throughline_schema::{Event, Fields};

/// Numbers.
#[derive(Fields)]
struct Numbers<const N: usize> {
    /// The numbers.
    numbers: [u8; N],
}

/// A user logged in.
#[derive(Event)]
#[event(name = "user.login", version = 1, level = "info", message = "User logged in")]
struct Login<const N: usize> {
    #[event(flatten)]
    place: Numbers<N>,
}

fn main() {}
