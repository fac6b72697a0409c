//! The example as a process: it ends by itself, and whatever happens to it leaves nothing in the way of the next run.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::examples::binary;

const PATIENCE: Duration = Duration::from_secs(60);

fn login(temporary: &Path) -> Command {
    let mut command = Command::new(binary("login"));
    command.env("TMPDIR", temporary).stdout(Stdio::piped());
    command
}

fn run_to_the_end(temporary: &Path) -> String {
    let output = login(temporary).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Starts it with `--keep`, and returns it with what it has said when it was ready.
fn keep(temporary: &Path) -> (Child, BufReader<impl Read>) {
    let mut child = login(temporary).arg("--keep").spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let (ready, wait) = mpsc::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        while !line.contains("ctrl-c") {
            line.clear();
            lines.read_line(&mut line).unwrap();
            assert!(!line.is_empty(), "it ended before it was ready");
        }
        ready.send(lines).unwrap();
    });
    (child, wait.recv_timeout(PATIENCE).unwrap())
}

#[test]
fn it_prints_a_tree_for_each_request_and_leaves_nothing_behind() {
    let temporary = tempfile::tempdir().unwrap();
    let printed = run_to_the_end(temporary.path());
    let headers = printed.lines().filter(|line| line.starts_with("request "));
    assert_eq!(headers.count(), 5, "{printed}");
    for expected in [
        "POST /login 200",
        "user.login_failed  User login failed  user=eve attempts=1 reason=\"No such user\"",
        "✗ POST /login cancelled",
        "✗ POST /login 504 timeout",
    ] {
        assert!(printed.contains(expected), "{expected:?} is missing: {printed}");
    }
    assert!(!printed.contains('\u{1b}'), "colours are for terminals: {printed}");
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
}

#[test]
fn killed_at_any_moment_it_is_not_in_the_way_of_the_next_run() {
    let temporary = tempfile::tempdir().unwrap();
    let (mut child, _) = keep(temporary.path());
    child.kill().unwrap();
    child.wait().unwrap();
    for millis in [0, 5, 20, 80, 150, 300] {
        let mut child = login(temporary.path()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(millis));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    run_to_the_end(temporary.path());
}

#[test]
fn asked_to_stop_it_prints_what_was_stored_and_cleans_up() {
    let temporary = tempfile::tempdir().unwrap();
    let (mut child, mut lines) = keep(temporary.path());
    let interrupt = Command::new("sh").args(["-c", &format!("kill -INT {}", child.id())]).status();
    assert!(interrupt.unwrap().success());
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(rest.contains("POST /login 200"), "{rest}");
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
}
