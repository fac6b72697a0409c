//! The `throughline` command: `throughline --help` says what it does.
use std::process::ExitCode;

fn main() -> ExitCode {
    throughline_collector::cli::main()
}
