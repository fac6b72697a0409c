//! This test binary, run again as a program of its own: for what is one process's alone, such as its standard streams and its limits.

use std::process::{Command, Output};

/// The variable that tells a test that it is the program that was started.
const CHILD: &str = "THROUGHLINE_TEST_CHILD";

/// Whether this is the program that was started.
pub(crate) fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// Has a shell run `script`, in which `"$@"` is the program that runs the test of this name.
pub(crate) fn shell(script: &str, test: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh"]).arg(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture", "--quiet"]).env(CHILD, "1");
    command
}

/// Runs it to its end, which must be a good one.
pub(crate) fn run(mut command: Command) -> Output {
    let output = command.output().unwrap();
    check(&output);
    output
}

/// Checks that the test ran, and passed.
pub(crate) fn check(output: &Output) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{}\n{stdout}\n{stderr}", output.status);
    assert!(stdout.contains("1 passed"), "the test did not run:\n{stdout}");
}
