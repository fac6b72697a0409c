//! Lists the public API of a library, one item to a line, from rustdoc's JSON, whose path is the only argument.

use std::error::Error;

use public_api::Builder;

/// Automatic traits that are not stable.
const UNSTABLE: [&str; 2] = ["core::marker::Freeze", "core::marker::UnsafeUnpin"];

fn main() -> Result<(), Box<dyn Error>> {
    let json = std::env::args_os().nth(1).ok_or("usage: list-api RUSTDOC.json")?;
    let api = Builder::from_rustdoc_json(json).omit_blanket_impls(true).build()?;
    for item in api.items().map(ToString::to_string) {
        if !UNSTABLE.iter().any(|unstable| item.contains(unstable)) {
            println!("{item}");
        }
    }
    Ok(())
}
