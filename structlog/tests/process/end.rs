use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use libtest_mimic::Trial;
use throughline_structlog::{info, init, logger};

use crate::collector::{Listener, PATIENCE};
use crate::{Part, command, test};

pub(crate) const PARTS: &[Part] = &[("returns", returns), ("unwinds", unwinds), ("exits", exits)];

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        test("a_main_that_returns_delivers_everything", || delivers_everything("returns", 0)),
        test("a_main_that_unwinds_delivers_everything", || delivers_everything("unwinds", 101)),
        test("an_exit_after_a_flush_delivers_everything", || delivers_everything("exits", 7)),
        test("a_main_without_a_collector_returns_and_says_so", returns_and_says_so),
    ]
}

const LINES: u64 = 5000;

fn write() {
    for number in 0..LINES {
        info!("written", number);
    }
}

fn returns(_: &Path) -> ExitCode {
    let _guard = init("ends").unwrap();
    write();
    ExitCode::SUCCESS
}

fn unwinds(_: &Path) -> ExitCode {
    let _guard = init("ends").unwrap();
    write();
    panic!("in main");
}

fn exits(_: &Path) -> ExitCode {
    let _guard = init("ends").unwrap();
    write();
    logger().flush(PATIENCE).unwrap();
    std::process::exit(7)
}

fn delivers_everything(part: &str, code: i32) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = Listener::bind(&path);
    let mut process = command(part, &path).env("THROUGHLINE_SOCKET", &path).spawn().unwrap();
    let mut client = listener.accept();
    client.hello(true);
    for number in 0..LINES {
        assert_eq!(client.json()["number"], number);
    }
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(process.try_wait().unwrap(), None, "it waits for the acknowledgement");
    client.ack();
    assert_eq!(client.try_line(), None);
    assert_eq!(process.wait().unwrap().code(), Some(code));
}

fn returns_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let output = command("returns", &path)
        .env("THROUGHLINE_SOCKET", &path)
        .stderr(std::process::Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("some events are not delivered") && said.contains("no socket"), "{said}");
}
