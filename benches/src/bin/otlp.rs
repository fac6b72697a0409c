//! How many events a collector forwards over OTLP, beside OpenTelemetry's SDK that exports the same: prints the table of the README.
//!
//! Whoever sends is a process of its own, kept to one core; the receiver, one of gRPC, is kept to another one. Needs `taskset`.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use opentelemetry::logs::{LogRecord as _, Logger, LoggerProvider, Severity};
use opentelemetry::{KeyValue, SpanId, TraceId};
use opentelemetry_otlp::{LogExporter, WithExportConfig};
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::{
    LogsService, LogsServiceServer,
};
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::{BatchConfigBuilder, BatchLogProcessor, SdkLoggerProvider};
use throughline_benches::table::{header, median, row};
use throughline_collector::{Collector, Config, Forward, Otlp};
use tonic::transport::{Server, server::TcpIncoming};
use tonic::{Request, Response, Status};

const EVENTS: usize = 300_000;
const ROUNDS: usize = 3;

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["--as-collector", dir, endpoint] => collect(Path::new(dir), endpoint),
        ["--as-sdk", endpoint, batch] => export(endpoint, batch.parse().unwrap()),
        _ => compare(),
    }
}

fn compare() {
    let own = std::process::id().to_string();
    let kept = Command::new("taskset").args(["-p", "-c", "1", &own]).output();
    assert!(kept.expect("taskset").status.success());
    let folder = tempfile::tempdir().unwrap();
    store(folder.path());
    let spool = folder.path().to_str().unwrap();
    type Run<'a> = (&'static str, Vec<&'a str>);
    let runs: [Run<'_>; 3] = [
        ("OpenTelemetry's SDK, batches of 512 (its default)", vec!["--as-sdk", "ENDPOINT", "512"]),
        ("OpenTelemetry's SDK, batches of 2048", vec!["--as-sdk", "ENDPOINT", "2048"]),
        ("the collector", vec!["--as-collector", spool, "ENDPOINT"]),
    ];
    let mut rates = [const { Vec::new() }; 3];
    let mut works = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        for ((rates, works), (_, arguments)) in rates.iter_mut().zip(&mut works).zip(&runs) {
            let _ = std::fs::remove_file(folder.path().join("spool/forwarded-otlp"));
            let receiver = Receiver::start();
            let start = Instant::now();
            let mut sender = sender(arguments, &receiver.endpoint());
            while receiver.received.load(Relaxed) < EVENTS {
                thread::sleep(Duration::from_millis(1));
            }
            rates.push(EVENTS as f64 / start.elapsed().as_secs_f64());
            works.push(EVENTS as f64 / seconds(&sender));
            sender.kill().unwrap();
            sender.wait().unwrap();
        }
    }
    println!("Forwarding over OTLP (gRPC): {EVENTS} events, median of {ROUNDS} rounds\n");
    header(["events/s", "ratio", "events/s of processor time", "ratio"]);
    let medians = rates.map(|mut rates| median(&mut rates));
    let works = works.map(|mut works| median(&mut works));
    for (((name, _), rate), work) in runs.iter().zip(medians).zip(works) {
        let ratios = [rate / medians[0], work / works[0]].map(|ratio| format!("{ratio:.2}"));
        let [of_rate, of_work] = ratios;
        row(name, [format!("{rate:.0}"), of_rate, format!("{work:.0}"), of_work]);
    }
}

/// The seconds of processor time that a process took.
fn seconds(process: &Child) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.id())).unwrap();
    let after_name = stat.rsplit_once(')').unwrap().1;
    let fields: Vec<_> = after_name.split_whitespace().collect();
    let ticks = |at: usize| fields[at].parse::<f64>().unwrap();
    (ticks(11) + ticks(12)) / 100.0
}

fn sender(arguments: &[&str], endpoint: &str) -> Child {
    Command::new("taskset")
        .args(["-c", "0"])
        .arg(std::env::current_exe().unwrap())
        .args(arguments.iter().map(|argument| argument.replace("ENDPOINT", endpoint)))
        .spawn()
        .expect("taskset")
}

/// Counts the records that it takes.
struct Receiver {
    received: Arc<AtomicUsize>,
    address: SocketAddr,
    _runtime: tokio::runtime::Runtime,
}

struct Service(Arc<AtomicUsize>);

#[tonic::async_trait]
impl LogsService for Service {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        let groups = &request.get_ref().resource_logs;
        let scopes = groups.iter().flat_map(|group| &group.scope_logs);
        self.0.fetch_add(scopes.map(|scope| scope.log_records.len()).sum(), Relaxed);
        Ok(Response::new(ExportLogsServiceResponse::default()))
    }
}

impl Receiver {
    fn start() -> Self {
        let received = Arc::new(AtomicUsize::new(0));
        let service = Service(received.clone());
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(
            Server::builder()
                .add_service(LogsServiceServer::new(service))
                .serve_with_incoming(TcpIncoming::from(listener)),
        );
        Self { received, address, _runtime: runtime }
    }

    fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }
}

const NOTE: &str = "left at the door, as it was asked for by the one who ordered it";

/// Stores what is forwarded later.
fn store(dir: &Path) {
    let collector = Collector::spawn(Config::new(dir.join("socket"), dir.join("spool"))).unwrap();
    let mut client = UnixStream::connect(collector.socket()).unwrap();
    let mut acks = BufReader::new(client.try_clone().unwrap()).lines();
    let hello = r#"{"timestamp":"2026-11-21T09:28:31.123456Z","level":"INFO","event":"throughline.hello","version":1,"message":"","service":{"name":"orders"},"stream":"0193f6c2-7d3e-7bb4-9c1e-2f0d3a1b5c6d","offset":0}"#;
    client.write_all(format!("{hello}\n").as_bytes()).unwrap();
    let line = |number: usize| {
        format!(
            r#"{{"timestamp":"2026-11-21T09:28:31.123456Z","level":"INFO","event":"order.placed","version":1,"message":"Order placed","service":{{"name":"orders","instance":"0193f6c2-7d3e-7bb4-9c1e-2f0d3a1b5c6d"}},"context":{{"id":"0193f6c2-7d3e-7bb4-9c1e-2f0d3a1b5c6e","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7"}},"order":1{number:09},"note":"{NOTE}"}}"#
        ) + "\n"
    };
    let lines: String = (0..EVENTS).map(line).collect();
    thread::scope(|scope| {
        scope.spawn(|| client.write_all(lines.as_bytes()).unwrap());
        let last = format!("{{\"ack\":{}}}", lines.len());
        assert!(acks.any(|ack| ack.unwrap() == last));
    });
    collector.stop().unwrap();
}

/// Forwards what is stored, until it is killed.
fn collect(dir: &Path, endpoint: &str) {
    let config = Config::new(dir.join("socket"), dir.join("spool"));
    let collector = Collector::bind(config.forward(Forward::Otlp(Otlp::new(endpoint)))).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(collector.run(std::future::pending())).unwrap();
}

/// Has OpenTelemetry's SDK export the same events, with the same attributes. Its queue has room for all: it drops what has none.
fn export(endpoint: &str, batch: usize) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let inside = runtime.enter();
    let exporter = LogExporter::builder().with_tonic().with_endpoint(endpoint).build().unwrap();
    drop(inside);
    let config = BatchConfigBuilder::default()
        .with_max_queue_size(EVENTS)
        .with_max_export_batch_size(batch)
        .build();
    let resource = Resource::builder_empty().with_attributes([
        KeyValue::new("service.name", "orders"),
        KeyValue::new("service.instance.id", "0193f6c2-7d3e-7bb4-9c1e-2f0d3a1b5c6d"),
    ]);
    let provider = SdkLoggerProvider::builder()
        .with_resource(resource.build())
        .with_log_processor(BatchLogProcessor::builder(exporter).with_batch_config(config).build())
        .build();
    let logger = provider.logger("throughline");
    let trace = TraceId::from(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736_u128);
    for number in 0..EVENTS {
        let mut record = logger.create_log_record();
        record.set_timestamp(SystemTime::now());
        record.set_event_name("order.placed");
        record.set_severity_number(Severity::Info);
        record.set_severity_text("INFO");
        record.set_body("Order placed".into());
        record.set_trace_context(trace, SpanId::from(0x00f0_67aa_0ba9_02b7), None);
        let offset = number * 400;
        let uid = format!("0193f6c2-7d3e-7bb4-9c1e-2f0d3a1b5c6d:{offset}");
        record.add_attribute("log.record.uid", uid);
        record.add_attribute("throughline.version", 1);
        record.add_attribute("throughline.request.id", "0193f6c2-7d3e-7bb4-9c1e-2f0d3a1b5c6e");
        record.add_attribute("order", 1_000_000_000 + number as i64);
        record.add_attribute("note", NOTE);
        logger.emit(record);
    }
    // It gives up after 5 seconds, and the records do not.
    while provider.force_flush().is_err() {}
    thread::park();
}
