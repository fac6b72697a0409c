use std::fmt;
use std::io::{self, Write};

/// Says something on standard error, where there is one: `eprintln!` panics if there is none any more.
pub(crate) fn say(what: fmt::Arguments<'_>) {
    let _ = io::stderr().write_all(format!("throughline: {what}\n").as_bytes());
}
