//! A library that emits without choosing a logger: what its users see of it with a logger of ours, with `tracing` alone, and with neither.
//!
//! `cargo run --features to-tracing --example library`. It runs itself three times, as three programs that use the library.

use std::env;
use std::error::Error;
use std::process::Command;

use throughline::Context;

/// The library: a crate of its own, that depends on `throughline` with the feature `to-tracing`. It calls neither `init` nor `install`, which is for its users to do.
mod cache {
    use throughline::{Context, Event, debug, logger};

    /// An entry was evicted before its time.
    #[derive(Event)]
    #[event(name = "cache.evicted", version = 1, level = "warn", message = "Entry evicted")]
    struct Evicted<'a> {
        /// Which entry.
        #[event(rename = "cache.key")]
        key: &'a str,
        /// How much room it took.
        #[event(unit = "By")]
        size: u64,
    }

    /// Makes room for an entry. The context is that of whoever asks for it.
    pub(crate) fn insert(ctx: &Context, key: &str, size: u64) {
        debug!(ctx, "looking for room", size);
        logger().emit(ctx, &Evicted { key, size });
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    match env::args().nth(1).as_deref() {
        None => run_all(),
        Some("throughline") => {
            let _guard = throughline::init("shop")?; // from THROUGHLINE_LOG and THROUGHLINE_SOCKET
            use_the_library();
            Ok(())
        }
        Some("tracing") => {
            tracing_subscriber::fmt().with_writer(std::io::stdout).with_ansi(false).init();
            use_the_library();
            Ok(())
        }
        Some("neither") => {
            use_the_library();
            Ok(())
        }
        Some(other) => Err(format!("{other} is none of throughline, tracing and neither").into()),
    }
}

fn use_the_library() {
    cache::insert(&Context::root(), "user:7", 512);
}

fn run_all() -> Result<(), Box<dyn Error>> {
    for (who, says) in [
        ("throughline", "A program with a logger of ours, which gets a line:"),
        (
            "tracing",
            "One with a subscriber of `tracing` and no logger of ours, which gets an event:",
        ),
        ("neither", "One with neither, which gets nothing, at the cost of a check:"),
    ] {
        eprintln!("{says}");
        let program = Command::new(env::current_exe()?).arg(who).status()?;
        if !program.success() {
            return Err(format!("{who}: {program}").into());
        }
    }
    eprintln!("Next: with THROUGHLINE_LOG=debug the first shows the library's detail as well.");
    Ok(())
}
