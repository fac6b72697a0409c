use throughline_schema::Fields;

/// Where.
#[derive(Fields)]
struct Place {
    /// Which host.
    host: String,
}

/// From where to where.
#[derive(Fields)]
struct Way {
    #[event(flatten = "")]
    from: Place,
    #[event(flatten = "")]
    to: Place,
}

fn main() {}
