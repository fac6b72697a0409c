//! How a process ends, and what its children do. Each test starts this program again, in the part of a service that logs to a collector of the test.

#[path = "../integration/collector.rs"]
mod collector;
mod end;
mod fork;
mod panic;
#[cfg(feature = "signals")]
mod signal;

use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};

/// A part that this program can play: a function that gets the path of the collector's socket.
type Part = (&'static str, fn(&Path) -> ExitCode);

fn main() -> ExitCode {
    if let (Ok(part), Some(path)) = (std::env::var("PART"), std::env::var_os("SOCKET")) {
        let (_, play) = parts().into_iter().find(|(name, _)| *name == part).unwrap();
        return play(path.as_ref());
    }
    libtest_mimic::run(&Arguments::from_args(), tests()).exit_code()
}

fn parts() -> Vec<Part> {
    let parts = [end::PARTS, fork::PARTS, panic::PARTS].concat();
    #[cfg(feature = "signals")]
    let parts = [&parts, signal::PARTS].concat();
    parts
}

fn tests() -> Vec<Trial> {
    let mut tests = end::tests();
    tests.extend(fork::tests());
    tests.extend(panic::tests());
    #[cfg(feature = "signals")]
    tests.extend(signal::tests());
    tests
}

/// Starts this program in a part.
fn start(part: &str, socket: &Path) -> Child {
    command(part, socket).stderr(Stdio::piped()).spawn().unwrap()
}

fn command(part: &str, socket: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env("PART", part).env("SOCKET", socket);
    command
}

/// A test, which fails when it panics.
fn test(name: &'static str, run: fn()) -> Trial {
    Trial::test(name, move || -> Result<(), Failed> {
        run();
        Ok(())
    })
}
