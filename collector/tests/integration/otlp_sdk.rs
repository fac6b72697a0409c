//! What OpenTelemetry's SDK sends for an event, and what is sent for the line that says the same.

use std::{
    sync::atomic::AtomicU64,
    time::{Duration, SystemTime},
};

use opentelemetry::{
    Array, Context, KeyValue, SpanId, StringValue, TraceFlags, TraceId, Value,
    logs::{AnyValue, LogRecord as _, Logger, LoggerProvider, Severity},
    trace::{Span as _, SpanContext, SpanKind, Status, TraceContextExt, Tracer, TracerProvider},
};
use opentelemetry_otlp::{LogExporter, SpanExporter, WithExportConfig};
use opentelemetry_proto::tonic::{common::v1 as proto, logs::v1::LogRecord, trace::v1::Span};
use opentelemetry_sdk::{
    Resource,
    logs::SdkLoggerProvider,
    trace::{IdGenerator, SdkTracerProvider},
};
use throughline_collector::{Collector, Forward, Otlp};

use crate::{
    otlp_receiver::{Receiver, find},
    support::{Place, STREAM, deliver, wait_until},
};

const TRACE: u128 = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736;
const SPAN: u64 = 0x00f0_67aa_0ba9_02b7;
const PARENT: u64 = 0xb7ad_6b71_6920_3331;

/// 2026-11-21T09:28:31.123456789Z
const TIME: Duration = Duration::new(1_795_253_311, 123_456_789);

const SERVICE: &str = r#""service":{"name":"accounts","version":"1.4.2","instance":"0193"}"#;
const CONTEXT: &str = r#""context":{"id":"r","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7","parent_span_id":"b7ad6b7169203331"}"#;

fn resource() -> Resource {
    Resource::builder_empty()
        .with_attributes([
            KeyValue::new("service.name", "accounts"),
            KeyValue::new("service.version", "1.4.2"),
            KeyValue::new("service.instance.id", "0193"),
        ])
        .build()
}

/// Sends `line` as the collector does.
fn forward(line: &str, receiver: &Receiver) {
    let place = Place::new();
    let otlp = Forward::Otlp(Otlp::new(receiver.endpoint()));
    let collector = Collector::spawn(place.config().forward(otlp)).unwrap();
    deliver(collector.socket(), STREAM, &format!("{line}\n"), &AtomicU64::new(0));
    wait_until("it has arrived", || !receiver.got().requests.is_empty());
    assert_eq!(collector.stop().unwrap().forwarded, 1);
}

fn sorted(mut attributes: Vec<proto::KeyValue>) -> Vec<proto::KeyValue> {
    attributes.sort_by(|a, b| a.key.cmp(&b.key));
    attributes
}

/// Without what the mapping adds.
fn plain(mut attributes: Vec<proto::KeyValue>) -> Vec<proto::KeyValue> {
    let added = |key: &str| key.starts_with("throughline.") || key == "log.record.uid";
    attributes.retain(|attribute| !added(&attribute.key));
    sorted(attributes)
}

#[test]
fn a_log_record_is_that_of_the_sdk() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for (level, severity) in [
        ("TRACE", Severity::Trace),
        ("DEBUG", Severity::Debug),
        ("INFO", Severity::Info),
        ("WARN", Severity::Warn),
        ("ERROR", Severity::Error),
    ] {
        let (theirs, ours) = (Receiver::grpc(), Receiver::grpc());
        let inside = runtime.enter();
        let exporter = LogExporter::builder().with_tonic().with_endpoint(theirs.endpoint());
        let provider = SdkLoggerProvider::builder()
            .with_resource(resource())
            .with_batch_exporter(exporter.build().unwrap())
            .build();
        drop(inside);
        let logger = provider.logger("accounts::login");
        let mut record = logger.create_log_record();
        record.set_event_name("user.login_failed");
        record.set_timestamp(SystemTime::UNIX_EPOCH + TIME);
        record.set_severity_number(severity);
        record.set_severity_text(level);
        record.set_body("User login failed".into());
        record.set_trace_context(
            TraceId::from(TRACE),
            SpanId::from(SPAN),
            Some(TraceFlags::default()),
        );
        record.add_attribute("user", "tylertreat");
        record.add_attribute("attempts", 3);
        record.add_attribute("share", 0.25);
        record.add_attribute("known", true);
        let list = ["a", "b"].map(|item| AnyValue::String(item.into()));
        record.add_attribute("list", AnyValue::ListAny(Box::new(list.to_vec())));
        logger.emit(record);
        provider.force_flush().unwrap();

        let line = format!(
            r#"{{"timestamp":"2026-11-21T09:28:31.123456789Z","level":"{level}","event":"user.login_failed","version":1,"message":"User login failed",{SERVICE},{CONTEXT},"target":"accounts::login","user":"tylertreat","attempts":3,"share":0.25,"known":true,"list":["a","b"]}}"#
        );
        forward(&line, &ours);

        let (theirs, ours) = (theirs.got(), ours.got());
        let ((resource, scope, log), (our_resource, our_scope, our_log)) =
            (&theirs.logs[0], &ours.logs[0]);
        assert_eq!(sorted(our_resource.attributes.clone()), sorted(resource.attributes.clone()));
        assert_eq!(our_scope, scope);
        assert!(find(&our_log.attributes, "log.record.uid").is_some());
        let comparable = |log: &LogRecord| LogRecord {
            attributes: plain(log.attributes.clone()),
            observed_time_unix_nano: 0,
            ..log.clone()
        };
        assert_eq!(comparable(our_log), comparable(log));
    }
}

#[derive(Debug)]
struct Ids;

impl IdGenerator for Ids {
    fn new_trace_id(&self) -> TraceId {
        TraceId::from(TRACE)
    }

    fn new_span_id(&self) -> SpanId {
        SpanId::from(SPAN)
    }
}

#[test]
fn a_span_is_that_of_the_sdk() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for (kind, name, status, members) in [
        (
            SpanKind::Server,
            "POST /login",
            Status::error("no route"),
            r#""event":"server.request","outcome":"error","error":"no route","http.request.method":"POST","http.route":"/login""#,
        ),
        (
            SpanKind::Client,
            "accounts.v1.Accounts/Login",
            Status::Unset,
            r#""event":"client.request","outcome":"ok","rpc.method":"accounts.v1.Accounts/Login""#,
        ),
        (
            SpanKind::Internal,
            "job.done",
            Status::error(""),
            r#""event":"job.done","outcome":"timeout""#,
        ),
    ] {
        let (theirs, ours) = (Receiver::grpc(), Receiver::grpc());
        let inside = runtime.enter();
        let exporter = SpanExporter::builder().with_tonic().with_endpoint(theirs.endpoint());
        let provider = SdkTracerProvider::builder()
            .with_resource(resource())
            .with_id_generator(Ids)
            .with_batch_exporter(exporter.build().unwrap())
            .build();
        drop(inside);
        let parent = SpanContext::new(
            TraceId::from(TRACE),
            SpanId::from(PARENT),
            TraceFlags::SAMPLED,
            true,
            Default::default(),
        );
        let tracer = provider.tracer("throughline");
        let end = SystemTime::UNIX_EPOCH + TIME;
        let list = ["a", "b"].map(StringValue::from).to_vec();
        let mut attributes = vec![
            KeyValue::new("attempts", 3),
            KeyValue::new("list", Value::Array(Array::String(list))),
        ];
        let said: serde_json::Value = serde_json::from_str(&format!("{{{members}}}")).unwrap();
        for (name, value) in said.as_object().unwrap() {
            if !["event", "outcome"].contains(&name.as_str()) {
                let value = value.as_str().unwrap().to_owned();
                attributes.push(KeyValue::new(name.clone(), value));
            }
        }
        let mut span = tracer
            .span_builder(name)
            .with_kind(kind.clone())
            .with_start_time(end - Duration::from_micros(1500))
            .with_attributes(attributes)
            .start_with_context(&tracer, &Context::new().with_remote_span_context(parent));
        span.set_status(status);
        span.end_with_timestamp(end);
        provider.force_flush().unwrap();

        let line = format!(
            r#"{{"timestamp":"2026-11-21T09:28:31.123456789Z","level":"INFO","version":1,"kind":"span","message":"",{SERVICE},{CONTEXT},"duration_us":1500,{members},"attempts":3,"list":["a","b"]}}"#
        );
        forward(&line, &ours);

        let (theirs, ours) = (theirs.got(), ours.got());
        let ((resource, scope, span), (our_resource, our_scope, our_span)) =
            (&theirs.spans[0], &ours.spans[0]);
        assert_eq!(sorted(our_resource.attributes.clone()), sorted(resource.attributes.clone()));
        assert_eq!(our_scope, scope);
        // A line does not say the flags; and that there is no status, the SDK says at length.
        let comparable = |span: &Span| Span {
            attributes: plain(span.attributes.clone()),
            flags: 0,
            status: Some(span.status.clone().unwrap_or_default()),
            ..span.clone()
        };
        assert_eq!(comparable(our_span), comparable(span));
    }
}
