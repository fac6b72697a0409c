//! A client that keeps the rules of the socket, and what else several tests need.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, ErrorKind, Write},
    ops::Range,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use throughline_collector::{Collector, Config, Running, spool::Reader};

pub(crate) const BIN: &str = env!("CARGO_BIN_EXE_throughline");

/// The longest that anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const STREAM: &str = "0193f6c2-7d3e-7bb4-9c1e-2f0d3a1b5c6d";
pub(crate) const OTHER: &str = "0193f6c2-7d3e-7bb4-9c1e-000000000001";

/// Whether there is such a program. A test that needs it is left out loudly where there is none, or, where `CI` is set, fails.
pub(crate) fn is_available(program: &str) -> bool {
    let mut command = Command::new(program);
    let found = command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let missing = found.is_err_and(|error| error.kind() == ErrorKind::NotFound);
    if missing {
        assert!(std::env::var_os("CI").is_none(), "{program} is not on the PATH");
        let test = thread::current();
        let test = test.name().unwrap_or_default();
        // Not by `eprintln!`, which is not shown for a test that passes.
        let _ = writeln!(io::stderr(), "\nSKIPPED {test}: {program} is not on the PATH\n");
    }
    !missing
}

/// Polls until `done`.
pub(crate) fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// An event with the number `n`, without its line feed.
pub(crate) fn event(n: usize) -> String {
    format!(
        r#"{{"timestamp":"2026-11-21T09:28:31.123456Z","level":"INFO","event":"test.numbered","version":1,"message":"","service":{{"name":"tests"}},"n":{n}}}"#
    )
}

/// The lines of a stream, and where each of them ends.
pub(crate) fn events(numbers: Range<usize>) -> String {
    numbers.map(|n| event(n) + "\n").collect()
}

pub(crate) fn hello(stream: &str, offset: u64) -> String {
    format!(
        r#"{{"timestamp":"2026-11-21T09:28:31.123456Z","level":"INFO","event":"throughline.hello","version":1,"message":"Stream opened","service":{{"name":"tests"}},"stream":"{stream}","offset":{offset}}}"#
    ) + "\n"
}

/// A temporary folder with the places for a spool and its socket.
pub(crate) struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.folder.path().join("spool")
    }

    pub(crate) fn config(&self) -> Config {
        Config::new(self.socket(), self.dir())
    }

    pub(crate) fn spawn(&self) -> Running {
        Collector::spawn(self.config()).unwrap()
    }

    /// A path beside the spool.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// All stored lines.
    pub(crate) fn stored(&self) -> Vec<String> {
        Reader::open(self.dir()).unwrap().map(Result::unwrap).collect()
    }

    /// The numbers of the stored events that have one.
    pub(crate) fn numbers(&self) -> Vec<usize> {
        let lines = self.stored();
        let numbered = lines.iter().filter(|line| line.contains("test.numbered"));
        numbered.map(|line| field(line, "n") as usize).collect()
    }

    /// Deletes all that is stored.
    pub(crate) fn delete_events(&self) {
        for path in [".ndjson", ".idx"].into_iter().flat_map(|ending| self.files(ending)) {
            fs::remove_file(path).unwrap();
        }
    }

    /// The files of the spool that end so, in order.
    pub(crate) fn files(&self, ending: &str) -> Vec<PathBuf> {
        let all = fs::read_dir(self.dir()).unwrap();
        let mut paths: Vec<_> = all.map(|entry| entry.unwrap().path()).collect();
        paths.retain(|path| path.to_str().unwrap().ends_with(ending));
        paths.sort();
        paths
    }
}

/// The integer member `name` of a line.
pub(crate) fn field(line: &str, name: &str) -> u64 {
    let value: serde_json::Value = serde_json::from_str(line).unwrap();
    value[name].as_u64().unwrap()
}

/// One connection.
pub(crate) struct Client {
    pub(crate) stream: UnixStream,
    acks: BufReader<UnixStream>,
}

impl Client {
    pub(crate) fn connect(socket: &Path) -> Self {
        let stream = UnixStream::connect(socket).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        let acks = BufReader::new(stream.try_clone().unwrap());
        Self { stream, acks }
    }

    /// Connects, says hello, and returns the collector's answer.
    pub(crate) fn hello(socket: &Path, stream: &str, offset: u64) -> (Self, u64) {
        let mut client = Self::connect(socket);
        client.send(hello(stream, offset));
        let answer = client.ack().expect("no answer");
        (client, answer)
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).unwrap();
    }

    /// The next acknowledgement; `None` at the end of the connection.
    pub(crate) fn ack(&mut self) -> Option<u64> {
        let mut line = String::new();
        if self.acks.read_line(&mut line).unwrap() == 0 {
            return None;
        }
        let offset = line.strip_prefix("{\"ack\":")?.strip_suffix("}\n")?;
        Some(offset.parse().unwrap())
    }

    /// Sends the events with these numbers of a stream that begins with 0, one by one, so that they come to stand in many files.
    pub(crate) fn send_singly(&mut self, numbers: Range<usize>) {
        let mut offset = events(0..numbers.start).len() as u64;
        for n in numbers {
            let line = events(n..n + 1);
            offset += line.len() as u64;
            self.send(line);
            self.wait_for_ack(offset);
        }
    }

    pub(crate) fn wait_for_ack(&mut self, offset: u64) {
        loop {
            let ack = self.ack().expect("the connection ended");
            assert!(ack <= offset, "{ack} was never sent");
            if ack == offset {
                return;
            }
        }
    }
}

/// Delivers `lines` as one stream, over as many connections as it takes. `progress` is what is acknowledged.
pub(crate) fn deliver(socket: &Path, stream: &str, lines: &str, progress: &AtomicU64) {
    let total = lines.len() as u64;
    let start = Instant::now();
    while progress.load(Ordering::SeqCst) < total {
        assert!(start.elapsed() < PATIENCE, "not delivered in time");
        let Ok(mut connection) = UnixStream::connect(socket) else {
            thread::sleep(Duration::from_millis(1));
            continue;
        };
        let from = progress.load(Ordering::SeqCst);
        let acks = BufReader::new(connection.try_clone().unwrap());
        thread::scope(|scope| {
            scope.spawn(|| {
                for ack in acks.lines() {
                    let Ok(ack) = ack else { break };
                    let Some(ack) = ack.strip_prefix("{\"ack\":").and_then(|a| a.strip_suffix('}'))
                    else {
                        break;
                    };
                    let ack: u64 = ack.parse().unwrap();
                    assert!(ack <= total);
                    let at_line_end = ack == 0 || lines.as_bytes()[ack as usize - 1] == b'\n';
                    assert!(at_line_end, "{ack} is within a line");
                    let before = progress.fetch_max(ack, Ordering::SeqCst);
                    assert!(before <= ack, "{ack} after {before}");
                    if ack == total {
                        break;
                    }
                }
            });
            let _ = connection.write_all(hello(stream, from).as_bytes());
            for part in lines.as_bytes()[from as usize..].chunks(1013) {
                if connection.write_all(part).is_err() {
                    break;
                }
            }
        });
    }
}

/// The collector as a process. Dropping it kills it.
pub(crate) struct Process {
    pub(crate) child: Child,
    stderr: PathBuf,
}

impl Process {
    /// Starts `throughline collect` and waits until it listens.
    pub(crate) fn collect(place: &Place) -> Self {
        Self::start(place, Command::new(BIN))
    }

    /// As [`collect`](Self::collect), with these further arguments.
    pub(crate) fn collect_with(place: &Place, arguments: &[&str]) -> Self {
        Self::start_with(place, Command::new(BIN), arguments)
    }

    /// Starts `command` with the arguments that make the collector use `place`.
    pub(crate) fn start(place: &Place, command: Command) -> Self {
        Self::start_with(place, command, &[])
    }

    pub(crate) fn start_with(place: &Place, mut command: Command, arguments: &[&str]) -> Self {
        let stderr = place.folder.path().join("stderr");
        let mut process = Self {
            child: command
                .arg("collect")
                .arg("--socket")
                .arg(place.socket())
                .arg("--dir")
                .arg(place.dir())
                .args(arguments)
                .stderr(File::create(&stderr).unwrap())
                .stdin(Stdio::null())
                .spawn()
                .unwrap(),
            stderr,
        };
        wait_until("the collector listens", || {
            let ended = process.child.try_wait().unwrap();
            assert!(ended.is_none(), "{}", process.stderr());
            process.stderr().contains("to watch:")
        });
        process
    }

    pub(crate) fn stderr(&self) -> String {
        fs::read_to_string(&self.stderr).unwrap()
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Makes it stand still.
    pub(crate) fn pause(&mut self) {
        self.send("STOP");
    }

    /// Lets it go on.
    pub(crate) fn resume(&mut self) {
        self.send("CONT");
    }

    pub(crate) fn signal(&mut self, name: &str) -> ExitStatus {
        self.send(name);
        self.wait()
    }

    fn send(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(sent.unwrap().success());
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        let mut status = None;
        wait_until("the process ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
