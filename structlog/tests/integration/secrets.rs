//! Values that a logger is not cleared for reach no sink.

use std::error::Error;
use std::fmt;
use std::fs;
use std::io::Read;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::thread;

use throughline_ctx::{Context, Hold, Key, RequestId};
use throughline_schema::{Class, Event, Level};
use throughline_structlog::testing::Captured;
use throughline_structlog::{
    Builder, FileSink, HashKey, Logger, NullSink, Output, Rotation, StreamSink, info,
};

use crate::child;
use crate::collector::PATIENCE;

/// A sink: its name, whether it keeps what it gets, and the bytes that it gets if the secrets are emitted.
type Row = (&'static str, bool, fn(&Plant) -> Vec<u8>);

/// All sinks. A new one is a new row.
const SINKS: [Row; 10] = [
    ("standard output", true, |plant| of_a_process("stdout", plant)),
    ("standard error", true, |plant| of_a_process("stderr", plant)),
    ("a file", true, |plant| in_folder(plant, |path| FileSink::open(path).unwrap())),
    ("files that are rotated", true, |plant| {
        in_folder(plant, |path| FileSink::rotating(path, Rotation::keep(99).at_bytes(1)).unwrap())
    }),
    ("the socket", true, through_socket),
    ("what tests capture", true, |plant| captured(plant, |log| log)),
    ("a sink beside one that is cleared", true, |plant| {
        let cleared = Output::to(NullSink).cleared_for(Class::Personal).cleared_for(Class::Secret);
        captured(plant, |log| log.also(cleared))
    }),
    ("a sink with hashes", true, |plant| {
        captured(plant, |log| log.hashed_with(HashKey::new(*b"of sixteen bytes")))
    }),
    ("what is held back until a request goes wrong", true, held_back),
    ("nowhere", false, |plant| {
        plant.emit(|log| log.sink(NullSink));
        Vec::new()
    }),
];

#[test]
fn no_sink_gets_what_the_logger_is_not_cleared_for() {
    if child::is_child() {
        return be_a_process();
    }
    for (name, keeps, bytes_of) in SINKS {
        let plant = Plant::new(false);
        let bytes = bytes_of(&plant);
        for (place, secret) in PLACES.iter().zip(&plant.secrets) {
            assert!(!contains(&bytes, secret), "{name} got {place}");
        }
        assert_eq!(contains(&bytes, "Confided"), keeps, "{name}");

        // What would be found is found, if it is there.
        let plant = Plant::new(true);
        let bytes = bytes_of(&plant);
        for (place, secret) in PLACES.iter().zip(&plant.secrets) {
            assert_eq!(contains(&bytes, secret), keeps, "{name}: {place}");
        }
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// Where there is a secret.
const PLACES: [&str; 13] = [
    "personal text",
    "secret text",
    "secret text that may be absent",
    "an item of a secret list",
    "an item of a personal list",
    "a secret integer",
    "a secret that is formatted",
    "a secret path",
    "a secret error",
    "the cause of a secret error",
    "a personal entry of the context",
    "a secret entry of the context",
    "an entry of the context's parent",
];

/// Secrets, one for each place.
struct Plant {
    cleared: bool,
    secrets: Vec<String>,
}

impl Plant {
    fn new(cleared: bool) -> Plant {
        let random = || u128::from_str_radix(&RequestId::mint().as_str().replace('-', ""), 16);
        Plant { cleared, secrets: PLACES.map(|_| random().unwrap().to_string()).into() }
    }

    /// Emits events with all of them through a logger that is built in this way, flushes it, and drops it.
    fn emit(&self, sink: impl FnOnce(Builder) -> Builder) {
        self.emit_in(&Context::root(), sink);
    }

    /// Does so within a context, and hands over the logger.
    fn emit_in(&self, ctx: &Context, sink: impl FnOnce(Builder) -> Builder) -> Logger {
        let mut log = Logger::builder("shop");
        if self.cleared {
            log = log.cleared_for(Class::Personal).cleared_for(Class::Secret);
        }
        let log = sink(log).build();
        emit(&log, ctx, &self.secrets);
        log.flush(PATIENCE).unwrap();
        log
    }
}

/// Everything that can be secret.
#[derive(Event)]
#[event(name = "confided", version = 1, level = "info", message = "Confided")]
struct Confided<'a> {
    /// Personal text.
    #[event(class = "personal")]
    personal: &'a str,
    /// Secret text.
    #[event(class = "secret")]
    secret: String,
    /// Text that may be absent.
    #[event(class = "secret")]
    maybe: Option<&'a str>,
    /// A list.
    #[event(class = "secret")]
    secrets: Vec<&'a str>,
    /// A list about a person.
    #[event(class = "personal")]
    persons: [&'a str; 2],
    /// An integer.
    #[event(class = "secret")]
    number: u128,
    /// What is formatted when it is written.
    #[event(class = "secret")]
    formatted: fmt::Arguments<'a>,
    /// A path.
    #[event(class = "secret")]
    path: &'a Path,
    /// An error, and its causes.
    #[event(error, class = "secret")]
    error: Failure<'a>,
}

#[derive(Debug, Clone, Copy)]
struct Failure<'a>(&'a str, Option<&'a Failure<'static>>);

impl fmt::Display for Failure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused {}", self.0)
    }
}

impl Error for Failure<'_> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.1.map(|cause| cause as _)
    }
}

fn emit(log: &Logger, ctx: &Context, secrets: &[String]) {
    const PERSONAL: Key<str> = Key::local("personal", "About a person").personal();
    const SECRET: Key<str> = Key::local("secret", "A secret").secret();
    const INHERITED: Key<str> = Key::propagated("inherited", "The parent's").secret();
    let [
        personal,
        secret,
        maybe,
        item,
        person,
        number,
        formatted,
        path,
        error,
        cause,
        entry,
        hidden,
        inherited,
    ] = secrets
    else {
        panic!("{} secrets", secrets.len())
    };
    let parent = ctx.with(&INHERITED, &**inherited);
    let ctx = parent.child().with(&PERSONAL, &**entry).with(&SECRET, &**hidden);
    let cause: &'static str = cause.clone().leak();
    let cause: &'static Failure<'static> = Box::leak(Box::new(Failure(cause, None)));
    log.emit(
        &ctx,
        &Confided {
            personal,
            secret: secret.clone(),
            maybe: Some(maybe),
            secrets: vec!["first", item],
            persons: [person, "second"],
            number: number.parse().unwrap(),
            formatted: format_args!("{formatted:>60}"),
            path: Path::new(path),
            error: Failure(error, Some(cause)),
        },
    );
    // The context again, which is rendered by now, and alone.
    info!(logger: log, &ctx, "with the context");
    ctx.scope(|| info!(logger: log, "with the current context"));
}

fn captured(plant: &Plant, configure: impl FnOnce(Builder) -> Builder) -> Vec<u8> {
    let captured = Captured::default();
    plant.emit(|log| configure(log.sink(captured.clone())));
    captured.lines().concat().into_bytes()
}

fn held_back(plant: &Plant) -> Vec<u8> {
    let captured = Captured::default();
    let ctx = Context::root().with_hold(Hold::new(1 << 16));
    let _log = plant.emit_in(&ctx, |log| log.filter(Level::Error).sink(captured.clone()));
    assert_eq!(captured.lines(), [""; 0]);
    ctx.hold().unwrap().release();
    captured.lines().concat().into_bytes()
}

fn in_folder(plant: &Plant, sink: impl FnOnce(PathBuf) -> FileSink) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    plant.emit(|log| log.sink(sink(folder.path().join("shop.log"))));
    let files = fs::read_dir(folder.path()).unwrap();
    files.flat_map(|file| fs::read(file.unwrap().path()).unwrap()).collect()
}

/// All that is written to a socket until it is closed, beginning with the stream's own first line.
fn through_socket(plant: &Plant) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let reader = thread::spawn(move || {
        let mut bytes = Vec::new();
        listener.accept().unwrap().0.read_to_end(&mut bytes).map(|_| bytes)
    });
    plant.emit(|log| log.socket(&path));
    reader.join().unwrap().unwrap()
}

/// What a process writes to one of its standard streams.
fn of_a_process(stream: &str, plant: &Plant) -> Vec<u8> {
    let test = "secrets::no_sink_gets_what_the_logger_is_not_cleared_for";
    let mut process = child::shell(r#""$@""#, test);
    process.env("STREAM", stream).env("SECRETS", plant.secrets.join(" "));
    process.env("CLEARED", plant.cleared.to_string());
    let output = child::run(process);
    if stream == "stdout" { output.stdout } else { output.stderr }
}

fn be_a_process() {
    let variable = |name: &str| std::env::var(name).unwrap();
    let cleared = variable("CLEARED") == "true";
    let secrets = variable("SECRETS").split(' ').map(str::to_owned).collect();
    let to_stdout = variable("STREAM") == "stdout";
    let sink = if to_stdout { StreamSink::stdout() } else { StreamSink::stderr() };
    Plant { cleared, secrets }.emit(|log| log.sink(sink));
}
