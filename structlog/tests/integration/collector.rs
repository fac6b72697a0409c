//! A collector that does what a test wants, on a real socket.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Listener {
    pub(crate) listener: UnixListener,
    path: PathBuf,
}

impl Listener {
    pub(crate) fn bind(path: &Path) -> Listener {
        Listener { listener: UnixListener::bind(path).unwrap(), path: path.into() }
    }

    pub(crate) fn accept(&self) -> Client {
        self.listener.set_nonblocking(true).unwrap();
        let accepted = eventually("a connection", || self.listener.accept().ok());
        accepted.0.set_nonblocking(false).unwrap();
        accepted.0.set_read_timeout(Some(PATIENCE)).unwrap();
        Client { lines: BufReader::new(accepted.0), offset: 0, started: 0 }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        std::fs::remove_file(&self.path).unwrap();
    }
}

pub(crate) struct Client {
    pub(crate) lines: BufReader<UnixStream>,
    pub(crate) offset: u64,
    started: u64,
}

impl Client {
    pub(crate) fn line(&mut self) -> String {
        self.try_line().expect("the connection ended")
    }

    /// The next line; `None` at the end of the connection.
    pub(crate) fn try_line(&mut self) -> Option<String> {
        let mut line = String::new();
        if self.lines.read_line(&mut line).unwrap() == 0 {
            return None;
        }
        assert!(line.ends_with('\n'), "a line is cut: {line:?}");
        self.offset += line.len() as u64;
        Some(line)
    }

    pub(crate) fn json(&mut self) -> Json {
        serde_json::from_str(&self.line()).unwrap()
    }

    /// Reads the hello, and answers it if this collector acknowledges.
    pub(crate) fn hello(&mut self, answers: bool) -> Json {
        let hello = self.json();
        assert_eq!(hello["event"], "throughline.hello");
        self.offset = hello["offset"].as_u64().unwrap();
        self.started = self.offset;
        if answers {
            self.ack();
        }
        hello
    }

    /// Acknowledges all that was read.
    pub(crate) fn ack(&mut self) {
        self.say(&format!("{{\"ack\":{}}}\n", self.offset));
    }

    pub(crate) fn say(&mut self, text: &str) {
        self.lines.get_mut().write_all(text.as_bytes()).unwrap();
    }
}

/// Asks until there is an answer.
pub(crate) fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
