//! Collectors of others take the lines of our client, set up as `examples/deploy/` says.
//!
//! Without `syslog-ng` or `socat` on the `PATH` (Debian packages `syslog-ng-core` and `socat`) these tests say that they are
//! skipped, or, where `CI` is set, fail.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use throughline_structlog::{Logger, info};

use crate::support::{PATIENCE, Place, field, is_available, wait_until};

fn deploy(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/deploy").join(name)
}

/// Starts `command`, or says that there is no `program` to start.
fn start(command: &mut Command, program: &str) -> Option<Running> {
    let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
    is_available(program).then(|| Running(quiet.spawn().unwrap()))
}

/// A process that ends with this value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Emits events to whoever listens on the socket, and checks that each line arrives in the file, once, in order.
fn check(place: &Place, out: &Path) {
    wait_until("it listens", || place.socket().exists());
    let log = Logger::builder("tests").socket(place.socket()).build();
    for n in 0..2_000 {
        info!(logger: log, "numbered", n, text = "quotes \" and \n line feeds, ü");
        if n % 200 == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    log.flush(PATIENCE).unwrap();
    assert_eq!(log.lost().total(), 0);
    let numbered = || -> Vec<u64> {
        let text = fs::read_to_string(out).unwrap_or_default();
        let lines = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        let events = lines.filter(|line| line.contains("\"message\":\"numbered\""));
        events.map(|line| field(line, "n")).collect()
    };
    wait_until("all are written", || numbered().len() >= 2_000);
    assert_eq!(numbered(), (0..2_000).collect::<Vec<_>>());
}

#[test]
fn syslog_ng_takes_the_lines_as_they_are() {
    let place = Place::new();
    let out = place.path("out");
    let mut command = Command::new("syslog-ng");
    command
        .args(["--foreground", "--no-caps", "--cfgfile"])
        .arg(deploy("syslog-ng.conf"))
        .arg("--persist-file")
        .arg(place.path("persist"))
        .arg("--pidfile")
        .arg(place.path("pid"))
        .arg("--control")
        .arg(place.path("control"))
        .env("SOCKET", place.socket())
        .env("OUTPUT", &out);
    let Some(_running) = start(&mut command, "syslog-ng") else { return };
    check(&place, &out);
}

#[test]
fn socat_takes_the_lines_as_they_are() {
    let place = Place::new();
    let out = place.path("out");
    let mut command = Command::new(deploy("socat.sh"));
    command.arg(place.socket()).arg(&out);
    let Some(_running) = start(&mut command, "socat") else { return };
    check(&place, &out);
}

#[test]
fn the_settings_of_the_example_can_be_used() {
    let output = Command::new(crate::support::BIN)
        .args(["collect", "--check", "--config"])
        .arg(deploy("collector.toml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}
