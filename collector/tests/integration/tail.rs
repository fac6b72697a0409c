use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read, Write},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::{atomic::AtomicU64, mpsc},
    thread,
};

use throughline_collector::Collector;

use crate::support::{
    BIN, Client, OTHER, PATIENCE, Place, STREAM, deliver, event, events, field, wait_until,
};

const LINES: [&str; 5] = [
    r#"{"timestamp":"2026-11-21T09:28:31.000000Z","level":"INFO","event":"service.started","version":1,"message":"Service started","service":{"name":"accounts"}}"#,
    r#"{"timestamp":"2026-11-21T09:28:31.123456Z","level":"ERROR","event":"user.login_failed","version":1,"message":"User login failed","service":{"name":"accounts","version":"1.4.2"},"context":{"id":"r1","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7"},"user":"tylertreat","attempts":3,"reason":"Invalid username or password"}"#,
    r#"{"timestamp":"2026-11-21T09:28:31.130000Z","level":"WARN","event":"server.request","version":1,"kind":"span","message":"","service":{"name":"accounts"},"context":{"id":"r1","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7","http.request.method":"POST","url.path":"/login"},"duration_us":12000,"outcome":"ok","http.response.status_code":401}"#,
    "not an event \u{1b}[31m",
    r#"{"timestamp":"2026-11-21T09:28:32.000000Z","level":"DEBUG","event":"log","version":1,"message":"clear \u001b[2J\u0007 and \u202e turn","service":{"name":"edge"},"target":"a::b","note":"line\nbreak","\u001bkey":"\u009b1m","list":["\u001b"]}"#,
];

const SHOWN: &str = r#"09:28:31.000  INFO  accounts  service.started    Service started
09:28:31.123  ERROR accounts  user.login_failed  User login failed  user=tylertreat attempts=3 reason="Invalid username or password"
09:28:31.130  WARN  accounts  server.request     POST /login 401  duration=12.0ms outcome=ok
not an event \u001b[31m
09:28:32.000  DEBUG edge      log                clear \u001b[2J\u0007 and \u202e turn  note="line\nbreak" \u001bkey="\u009b1m" list=["\u001b"]
"#;

/// A spool whose lines stand in two files.
fn spool() -> Place {
    let place = Place::new();
    fs::create_dir(place.dir()).unwrap();
    for (sequence, lines) in [(1, &LINES[..2]), (7, &LINES[2..])] {
        let path = place.dir().join(format!("events-{sequence:020}.ndjson"));
        fs::write(path, lines.join("\n") + "\n").unwrap();
    }
    place
}

fn tail(place: &Place, arguments: &[&str]) -> Output {
    let mut command = Command::new(BIN);
    command.arg("tail").arg("--dir").arg(place.dir());
    command.args(arguments).output().unwrap()
}

fn shown(place: &Place, arguments: &[&str]) -> String {
    let output = tail(place, &[&["--no-follow"], arguments].concat());
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn stored_events_are_lines_in_columns() {
    assert_eq!(shown(&spool(), &[]), SHOWN);
}

#[test]
fn nothing_stored_reaches_the_terminal_as_a_control_character() {
    for arguments in [&[][..], &["--color=never", "--ids"], &["--tree"]] {
        let out = shown(&spool(), arguments);
        assert!(!out.chars().any(|c| c.is_control() && c != '\n'), "{out:?}");
    }
}

#[test]
fn colours_are_for_terminals_unless_asked_for() {
    assert!(!shown(&spool(), &[]).contains('\x1b'));
    assert!(shown(&spool(), &["--color", "always"]).contains("\x1b["));
}

#[test]
fn the_last_lines_are_found_over_files() {
    let last = |n: &str| shown(&spool(), &["-n", n, "--json"]);
    assert_eq!(last("0"), "");
    for n in 1..=5 {
        assert_eq!(last(&n.to_string()), LINES[5 - n..].join("\n") + "\n");
    }
    assert_eq!(last("100"), LINES.join("\n") + "\n");
}

#[test]
fn filters_leave_only_what_matches() {
    let place = spool();
    let matching = |arguments: &[&str]| {
        let out = shown(&place, &[&["--json"], arguments].concat());
        let lines = out.lines();
        let found = lines.map(|line| LINES.iter().position(|l| *l == line).unwrap());
        found.collect::<Vec<_>>()
    };
    assert_eq!(matching(&["--event", "user"]), [1]);
    assert_eq!(matching(&["--event", "server", "--event", "log"]), [2, 4]);
    assert!(matching(&["--event", "user.login"]).is_empty());
    assert_eq!(matching(&["--level", "warn"]), [1, 2]);
    assert_eq!(matching(&["--service", "edge"]), [4]);
    assert_eq!(matching(&["--where", "attempts=3", "--where", "user=tylertreat"]), [1]);
    assert_eq!(matching(&["--where", "url.path=/login"]), [2]);
    assert_eq!(matching(&["--request", "r1"]), [1, 2]);
    assert_eq!(matching(&["-n", "1", "--service", "accounts"]), [2]);
}

#[test]
fn a_request_that_is_not_there_says_so() {
    let output = tail(&spool(), &["--request", "r2"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(output.stdout.is_empty() && said.contains("r2"), "{said}");
}

#[test]
fn a_folder_that_is_not_there_says_so() {
    let output = tail(&Place::new(), &[]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("throughline collect"), "{said}");
}

/// `throughline tail` while it follows. Dropping it kills it.
struct Following {
    child: Child,
    lines: mpsc::Receiver<String>,
    said: mpsc::Receiver<String>,
}

impl Following {
    fn start(place: &Place) -> Self {
        let mut child = Command::new(BIN)
            .args(["tail", "-n", "1", "--json", "--dir"])
            .arg(place.dir())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = each_line(child.stdout.take().unwrap());
        let said = each_line(child.stderr.take().unwrap());
        Self { child, lines, said }
    }

    /// The next line that it shows.
    fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).unwrap()
    }

    /// The next line that it says on standard error.
    fn said(&self) -> String {
        self.said.recv_timeout(PATIENCE).unwrap()
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The lines that come out of `pipe`, as they come.
fn each_line(pipe: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (send, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines() {
            let _ = send.send(line.unwrap());
        }
    });
    lines
}

#[test]
fn new_events_are_followed() {
    let place = spool();
    let tail = Following::start(&place);
    assert_eq!(tail.line(), LINES[4]);
    let append = |sequence: usize, text: &str| {
        let path = place.dir().join(format!("events-{sequence:020}.ndjson"));
        let mut file = File::options().create(true).append(true).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    };
    let one = event(1);
    append(7, &one[..50]);
    append(7, &format!("{}\n", &one[50..]));
    assert_eq!(tail.line(), one);
    append(8, &(event(2) + "\n" + &event(3) + "\n"));
    assert_eq!(tail.line(), event(2));
    assert_eq!(tail.line(), event(3));
}

#[test]
fn it_goes_on_after_all_files_were_deleted() {
    let place = Place::new();
    // Each collector begins a file.
    let deliver = |stream, numbers| {
        let collector = place.spawn();
        deliver(collector.socket(), stream, &events(numbers), &AtomicU64::new(0));
        collector.stop().unwrap();
    };
    for until in 1..=3 {
        deliver(STREAM, 0..until);
    }
    let tail = Following::start(&place);
    assert_eq!(tail.line(), event(2));
    place.delete_events();
    deliver(OTHER, 3..5);
    assert_eq!(tail.line(), event(3));
    assert_eq!(tail.line(), event(4));

    // The file that counts them, too.
    place.delete_events();
    fs::remove_file(place.dir().join("collector.lock")).unwrap();
    deliver(STREAM, 5..6);
    assert_eq!(tail.line(), event(5));
    deliver(OTHER, 6..7);
    assert_eq!(tail.line(), event(6));
}

#[test]
fn files_that_were_deleted_before_they_were_read_are_told() {
    let place = Place::new();
    let config = place.config().segment_bytes(2_000).retain_bytes(20_000);
    let collector = Collector::spawn(config).unwrap();
    let (mut client, _) = Client::hello(collector.socket(), STREAM, 0);
    client.send_singly(0..1);
    let tail = Following::start(&place);
    assert_eq!(tail.line(), event(0));
    // Once it shows another one it has the first file open.
    client.send_singly(1..2);
    assert_eq!(tail.line(), event(1));
    tail.signal("STOP");
    client.send_singly(2..500);
    let files = || place.files(".ndjson");
    let bytes = |path: &PathBuf| fs::metadata(path).map_or(0, |data| data.len());
    wait_until("the old ones are gone", || files().iter().map(bytes).sum::<u64>() <= 20_000);
    tail.signal("CONT");
    let mut shown = vec![1];
    while shown.last() != Some(&499) {
        shown.push(field(&tail.line(), "n"));
    }
    let gaps = shown.windows(2).filter(|pair| pair[1] != pair[0] + 1);
    assert_eq!(gaps.count(), 1, "{shown:?}");
    let files = files();
    let oldest = files[0].file_stem().unwrap().to_str().unwrap();
    let oldest: u64 = oldest.strip_prefix("events-").unwrap().parse().unwrap();
    assert_eq!(
        tail.said(),
        format!("throughline: up to {} files of events deleted before they were read", oldest - 2)
    );
}

#[test]
fn it_ends_quietly_when_nobody_reads() {
    let place = spool();
    let path = place.dir().join("events-00000000000000000008.ndjson");
    fs::write(path, (event(1) + "\n").repeat(20_000)).unwrap();
    let mut child = Command::new(BIN)
        .args(["tail", "-n", "20000", "--dir"])
        .arg(place.dir())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}
