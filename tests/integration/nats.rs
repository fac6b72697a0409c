//! A context over a real NATS server.
//!
//! Without `nats-server` on the `PATH` (Debian package `nats-server`) these tests say that they are skipped, or, where `CI` is set, fail.

#[allow(dead_code, reason = "its `main` runs as a process")]
#[path = "../../examples/nats.rs"]
mod example;

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::time::Duration;

use example::NatsHeaders;
use futures_util::StreamExt;
use throughline::ctx::propagation::Propagator;
use throughline::{Context, Key};

use crate::examples::binary;
use crate::strict;

const TENANT: Key<str> = Key::propagated("tenant.id", "Whose data the request is about");
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03";

/// A server on a free port of the loopback interface. It ends with this value.
struct Server {
    process: Child,
    url: String,
    _log: BufReader<ChildStderr>,
    _folder: tempfile::TempDir,
}

impl Server {
    /// Starts one, or says that there is none to start.
    fn start() -> Option<Server> {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("nats-server");
        command.args(["--addr", "127.0.0.1", "--port", "-1"]).current_dir(&folder);
        let mut process = match command.stderr(Stdio::piped()).spawn() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                assert!(std::env::var_os("CI").is_none(), "nats-server is not on the PATH");
                let test = std::thread::current();
                let test = test.name().unwrap_or_default();
                // Not by `eprintln!`, which is not shown for a test that passes.
                let _ = writeln!(
                    std::io::stderr(),
                    "\nSKIPPED {test}: nats-server is not on the PATH (apt-get install nats-server)\n"
                );
                return None;
            }
            spawned => spawned.unwrap(),
        };
        let mut log = BufReader::new(process.stderr.take().unwrap());
        let mut url = None;
        let mut line = String::new();
        while !line.contains("Server is ready") {
            line.clear();
            log.read_line(&mut line).unwrap();
            assert!(!line.is_empty(), "nats-server ended before it was ready");
            if let Some((_, address)) = line.split_once("Listening for client connections on ") {
                url = Some(format!("nats://{}", address.trim()));
            }
        }
        let url = url.expect("it says where it listens");
        Some(Server { process, url, _log: log, _folder: folder })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs the example as a process.
fn run_example(url: &str) -> Output {
    Command::new(binary("nats")).env("NATS_URL", url).output().unwrap()
}

/// Sends a message with these headers to a subscriber, and returns those that arrive.
async fn over(server: &Server, headers: NatsHeaders) -> NatsHeaders {
    let client = async_nats::connect(&server.url).await.unwrap();
    let subject = client.new_inbox();
    let mut subscriber = client.subscribe(subject.clone()).await.unwrap();
    client.publish_with_headers(subject, headers.0, "".into()).await.unwrap();
    NatsHeaders(subscriber.next().await.unwrap().headers.unwrap())
}

#[tokio::test]
async fn a_context_arrives_whole() {
    let Some(server) = Server::start() else { return };
    let mut before = NatsHeaders::default();
    before.0.append("traceparent", PARENT);
    before.0.append("tracestate", "rojo=1");
    before.0.append("tracestate", "congo=2");
    before.0.append("baggage", "a = x%20y== ;p;q=1");
    before.0.append("Baggage", "b=%C3%A9");
    let ctx = Context::extract(&before)
        .with(&TENANT, "a=b, \"ü\"+\r\nx: y")
        .with_timeout(Duration::from_secs(600));

    let mut headers = NatsHeaders::default();
    headers.0.append("Other", "kept");
    let sent = ctx.inject(&mut headers);
    let arrived = over(&server, headers).await;
    assert_eq!(arrived.0.get("Other").map(|value| value.as_str()), Some("kept"));
    let received = Context::continue_from(&Propagator::new().key(&TENANT).extract(&arrived));
    assert_eq!(received.request_id(), ctx.request_id());
    assert_eq!(received.trace_id().to_string(), &PARENT[3..35]);
    assert_eq!(received.parent_span_id(), Some(sent.span_id()));
    assert_eq!(received.flags(), ctx.flags());
    assert_eq!(received.trace_state(), ctx.trace_state());
    assert_eq!(received.trace_state().map(|state| state.as_str()), Some("rojo=1,congo=2"));
    assert_eq!(received.baggage(), ctx.baggage());
    assert_eq!(received.baggage().get("b").as_deref(), Some("é"));
    assert_eq!(received.get(&TENANT), Some("a=b, \"ü\"+\r\nx: y"));
    assert!(received.remaining().is_some_and(|left| left <= Duration::from_secs(600)));
}

#[tokio::test]
async fn a_message_that_is_sent_on_has_one_context() {
    let Some(server) = Server::start() else { return };
    let mut headers = NatsHeaders::default();
    headers.0.append("Traceparent", PARENT); // as clients in Go write it
    headers.0.append("Baggage", "stale=1");
    assert_eq!(Context::extract(&headers).trace_id().to_string(), &PARENT[3..35]);

    let onward = Context::root().inject(&mut headers);
    let arrived = Context::extract(&over(&server, headers).await);
    assert_eq!(arrived.trace_id(), onward.trace_id());
    assert_eq!(arrived.parent_span_id(), Some(onward.span_id()));
    assert_eq!(arrived.baggage().as_str(), "");
}

#[test]
fn the_example_prints_the_events_of_both_sides_under_one_request_id() {
    let Some(server) = Server::start() else { return };
    let output = run_example(&server.url);
    assert!(output.status.success(), "{output:?}");
    let stdout = String::from_utf8(output.stdout).unwrap();
    let events: Vec<_> = stdout.lines().map(|line| strict::parse(line).unwrap()).collect();
    let services: Vec<_> = events.iter().map(|event| &event["service"]["name"]).collect();
    assert_eq!(services, ["publisher", "subscriber"]);
    let (published, received) = (&events[0]["context"], &events[1]["context"]);
    assert_eq!(received["id"], published["id"]);
    assert_eq!(received["trace_id"], published["trace_id"]);
    assert_eq!(received["parent_span_id"], published["span_id"]);
}

#[test]
fn the_example_says_what_to_do_when_there_is_no_server() {
    let url = "nats://127.0.0.1:1"; // a port that is never handed out
    let output = run_example(url);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains(url) && stderr.contains("apt-get install nats-server"), "{stderr}");
}
