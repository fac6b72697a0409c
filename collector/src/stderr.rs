use std::{
    fmt,
    io::{self, Write},
};

/// Says something to whoever runs the collector. Unlike `eprintln!`, goes on where nobody listens.
pub(crate) fn say(what: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "throughline: {what}");
}
