//! Answers two questions over HTTP: how much of what (`/metrics`), and whether it works (`/healthz`).
use std::{
    fmt::{Display, Write},
    io,
    net::TcpListener as StdTcpListener,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task,
    time::{sleep, timeout},
};

use crate::{
    forward::{Backlog, Progress},
    metrics::Metrics,
    spool::Reason,
};

/// The longest request, in bytes, that is read.
const MAX_REQUEST: usize = 8 << 10;

/// How many are answered at once; others wait.
const AT_ONCE: usize = 16;

/// How long one question may take from its first byte to its answer's last.
const PATIENCE: Duration = Duration::from_secs(5);

/// Serves until it cannot listen, and returns why.
pub(crate) async fn serve(
    listener: StdTcpListener,
    metrics: &Arc<Metrics>,
    forwards: &[Arc<Progress>],
) -> io::Error {
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return error,
    };
    let slots = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        let Ok(slot) = slots.clone().acquire_owned().await else {
            return io::Error::other("closed");
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                let (metrics, forwards) = (metrics.clone(), forwards.to_vec());
                tokio::spawn(async move {
                    let _ = timeout(PATIENCE, answer(stream, &metrics, &forwards)).await;
                    drop(slot);
                });
            }
            // Out of file descriptors, most likely.
            Err(_) => sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn answer(
    mut stream: TcpStream,
    metrics: &Metrics,
    forwards: &[Arc<Progress>],
) -> io::Result<()> {
    let mut request = Vec::with_capacity(1024);
    let is_whole = |request: &[u8]| {
        request.windows(4).any(|end| end == b"\r\n\r\n")
            || request.windows(2).any(|end| end == b"\n\n")
    };
    while !is_whole(&request) && request.len() < MAX_REQUEST {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let line = request.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    let mut words = line.split(|byte| *byte == b' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path = target.split(|byte| *byte == b'?').next().unwrap_or_default();
    let (status, body) = match (method, path) {
        _ if !is_whole(&request) => ("431 Request Header Fields Too Large", String::new()),
        (b"GET" | b"HEAD", b"/metrics") => {
            ("200 OK", render(metrics, forwards, &backlogs(forwards).await))
        }
        (b"GET" | b"HEAD", b"/healthz") if metrics.failing.load(Relaxed) => {
            ("503 Service Unavailable", "cannot write\n".into())
        }
        (b"GET" | b"HEAD", b"/healthz") => ("200 OK", "ok\n".into()),
        (b"GET" | b"HEAD", _) => ("404 Not Found", "ask for /metrics or /healthz\n".into()),
        _ => ("405 Method Not Allowed", String::new()),
    };
    let mut response = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {}\r\nAllow: GET, HEAD\r\nConnection: close\r\n\r\n",
        body.len()
    );
    if method != b"HEAD" {
        response.push_str(&body);
    }
    stream.write_all(response.as_bytes()).await?;
    stream.shutdown().await?;
    // Whoever still writes when the connection closes may never read the answer.
    let mut rest = [0; 1024];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}

/// What each forwarder has yet to do, where that can be read.
async fn backlogs(forwards: &[Arc<Progress>]) -> Vec<Option<Backlog>> {
    let forwards = forwards.to_vec();
    let read = move || forwards.iter().map(|progress| progress.backlog().ok()).collect();
    task::spawn_blocking(read).await.unwrap_or_default()
}

/// The text format of Prometheus, version 0.0.4.
fn render(metrics: &Metrics, forwards: &[Arc<Progress>], backlogs: &[Option<Backlog>]) -> String {
    let mut text = Text(String::new());
    let mut single = |kind, name, help, value: &AtomicU64| {
        text.family(kind, name, help);
        text.sample(name, "", value.load(Relaxed));
    };
    single(COUNTER, "connections_total", "Connections accepted.", &metrics.connections);
    single(GAUGE, "open_connections", "Connections open now.", &metrics.open_connections);
    single(
        COUNTER,
        "turned_away_total",
        "Connections closed at once, since their user may not send events.",
        &metrics.turned_away,
    );
    single(COUNTER, "lines_total", "Lines stored for clients.", &metrics.lines);
    single(COUNTER, "bytes_total", "Bytes of lines stored for clients.", &metrics.bytes);
    single(
        COUNTER,
        "duplicate_bytes_total",
        "Bytes received that were stored already.",
        &metrics.duplicate_bytes,
    );
    single(
        COUNTER,
        "failed_writes_total",
        "Writes to the spool that failed.",
        &metrics.failed_writes,
    );
    single(GAUGE, "spool_bytes", "Bytes of events stored now.", &metrics.spool_bytes);
    single(GAUGE, "spool_files", "Files of events stored now.", &metrics.spool_files);
    single(COUNTER, "deleted_files_total", "Files of events deleted.", &metrics.deleted_files);
    single(GAUGE, "streams", "Streams whose offset is known.", &metrics.streams);

    text.family(COUNTER, "refused_lines_total", "Lines refused, since they are no events.");
    for (reason, count) in Reason::ALL.into_iter().zip(&metrics.refused) {
        let labels = format!(r#"{{reason="{}"}}"#, reason.name());
        text.sample("refused_lines_total", &labels, count.load(Relaxed));
    }
    let to = |progress: &Progress| format!(r#"{{to="{}"}}"#, progress.kind());
    type Read = fn(&Progress) -> u64;
    let of_forwards: [(&str, &str, &str, Read); 5] = [
        (COUNTER, "forwarded_lines_total", "Lines that arrived.", Progress::lines),
        (COUNTER, "forwarded_bytes_total", "Bytes of lines that arrived.", Progress::bytes),
        (COUNTER, "dropped_lines_total", "Lines that will not be forwarded.", Progress::dropped),
        (COUNTER, "forward_failures_total", "Attempts that failed.", Progress::failures),
        (GAUGE, "forward_failing", "1 if nothing arrived since a failure.", |progress| {
            progress.is_failing().into()
        }),
    ];
    for (kind, name, help, read) in of_forwards {
        text.family(kind, name, help);
        for progress in forwards {
            text.sample(name, &to(progress), read(progress));
        }
    }
    let backlogs = || forwards.iter().zip(backlogs).filter_map(|(p, b)| Some((to(p), (*b)?)));
    let (bytes, age) = ("forward_backlog_bytes", "forward_backlog_age_seconds");
    text.family(GAUGE, bytes, "Bytes of lines that are stored and have not arrived.");
    for (to, backlog) in backlogs() {
        text.sample(bytes, &to, backlog.bytes);
    }
    text.family(GAUGE, age, "Time since the first event that has not arrived; 0 if all have.");
    for (to, backlog) in backlogs() {
        if let Some(since) = backlog.age() {
            text.sample(age, &to, since.as_secs_f64());
        }
    }
    text.0
}

const COUNTER: &str = "counter";
const GAUGE: &str = "gauge";

struct Text(String);

impl Text {
    fn family(&mut self, kind: &str, name: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP throughline_collector_{name} {help}");
        let _ = writeln!(self.0, "# TYPE throughline_collector_{name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &str, value: impl Display) {
        let _ = writeln!(self.0, "throughline_collector_{name}{labels} {value}");
    }
}
