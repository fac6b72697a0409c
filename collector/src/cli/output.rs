use std::{
    env,
    io::{self, IsTerminal, Write},
};

use clap::ValueEnum;

use super::Failure;
use crate::tail::Style;

/// Whether to use colours.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Colour {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    Always,
    Never,
}

impl Colour {
    /// The style for what goes to the standard output.
    pub(super) fn style(self) -> Style {
        let terminal = io::stdout().is_terminal();
        let unwanted = env::var_os("NO_COLOR").is_some_and(|set| !set.is_empty());
        let colour = match self {
            Self::Auto => terminal && !unwanted,
            Self::Always => true,
            Self::Never => false,
        };
        let columns = env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
        let width = columns.filter(|columns| *columns >= 40).unwrap_or(120);
        Style::new(colour, terminal.then_some(width))
    }
}

/// How printing ended.
#[derive(Debug)]
pub(super) enum Stop {
    /// Whoever read the output has gone: no failure, but no reason to go on.
    NobodyReads,
    Failed(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Writes `text` to the standard output, now.
pub(super) fn print(text: &str) -> Result<(), Stop> {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Stop::NobodyReads,
        _ => Stop::Failed(Failure::new(format_args!("cannot write the output: {error}"))),
    })
}
