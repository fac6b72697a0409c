//! The `throughline` command. Not an interface for programs: its words and flags may grow.

mod collect;
mod destination;
mod folder;
#[cfg(feature = "nats")]
mod jetstream;
mod nats;
mod otlp;
mod output;
mod report;
mod schema;
mod settings;
mod spec;
mod spelled;
mod tail;

use std::{error::Error as _, fmt, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::stderr::say;

/// Takes events from services, keeps them, and shows them.
#[derive(Debug, Parser)]
#[command(name = "throughline", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Collect(Box<collect::Arguments>),
    Tail(Box<tail::Arguments>),
    #[command(subcommand)]
    Schema(schema::Command),
    #[command(subcommand)]
    Spec(spec::Command),
}

/// Runs the command that the process's arguments state.
pub fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Collect(arguments) => collect::run(*arguments),
        Command::Tail(arguments) => tail::run(&arguments),
        Command::Schema(command) => schema::run(command),
        Command::Spec(command) => spec::run(&command),
    };
    done.unwrap_or_else(|failure| {
        say(format_args!("{}", failure.message));
        ExitCode::from(failure.code)
    })
}

/// Why the command ends early.
#[derive(Debug)]
struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    /// Something could not be done.
    fn new(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), code: 1 }
    }

    /// What was asked for makes no sense.
    fn usage(message: impl fmt::Display) -> Self {
        Self { code: 2, ..Self::new(message) }
    }

    /// What was asked for is not there.
    fn nothing_found(message: impl fmt::Display) -> Self {
        Self { code: 3, ..Self::new(message) }
    }
}

impl From<crate::Error> for Failure {
    fn from(error: crate::Error) -> Self {
        let failure = match error.source() {
            Some(source) => Self::new(format_args!("{error}: {source}")),
            None => Self::new(&error),
        };
        if error.is_configuration() { Self { code: 2, ..failure } } else { failure }
    }
}
