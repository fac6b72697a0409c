use std::collections::HashMap;

use bytes::Bytes;
use opentelemetry_proto::tonic::{common::v1::InstrumentationScope, resource::v1::Resource};
use prost::Message;

use super::{
    attributes::Attributes,
    json::Members,
    line::Line,
    log::{log, unreadable},
    span::{Frame, span},
    value::string,
};

/// How many services are remembered, and the longest JSON of one, in bytes.
const MAX_SERVICES: (usize, usize) = (1024, 1024);

/// The scope of what does not say its place in the code.
const SCOPE: &str = "throughline";

/// Which of the two services of an endpoint takes a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    Logs,
    Traces,
}

/// A line as OpenTelemetry has it: a log record or a span, with what it belongs to. All are messages, encoded.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) signal: Signal,
    pub(super) resource: Bytes,
    pub(super) scope: Bytes,
    pub(super) bytes: Bytes,
}

/// Makes records of lines, as `spec/otlp.md` says.
#[derive(Debug, Default)]
pub(super) struct Mapper {
    logs_only: bool,
    /// The resources of services, by their JSON: most lines come from a service that was seen before.
    resources: HashMap<Box<str>, Bytes>,
}

impl Mapper {
    /// With `logs_only`, every line becomes a log record.
    pub(super) fn new(logs_only: bool) -> Self {
        Self { logs_only, ..Self::default() }
    }

    /// The record of `line`. `uid` names the line for good, and `observed` is now, in nanoseconds since 1970.
    pub(super) fn record(&mut self, line: &[u8], uid: String, observed: u64) -> Record {
        // What is stored is UTF-8, and to see that takes less than to look for what is not.
        let text = str::from_utf8(line).map_or_else(|_| String::from_utf8_lossy(line), Into::into);
        let Some(line) = Line::parse(&text) else {
            let (resource, scope) = (self.resource("{}"), scope(""));
            let bytes = unreadable(&text, uid, observed).encode_to_vec().into();
            return Record { signal: Signal::Logs, resource, scope, bytes };
        };
        let resource = self.resource(line.service.map_or("{}", |json| json.get()));
        let scope = scope(&line.target);
        let frame = if self.logs_only { None } else { Frame::of(&line) };
        let (signal, bytes) = match frame {
            Some(frame) => (Signal::Traces, span(line, frame).encode_to_vec()),
            None => (Signal::Logs, log(line, uid, observed).encode_to_vec()),
        };
        Record { signal, resource, scope, bytes: bytes.into() }
    }

    fn resource(&mut self, service: &str) -> Bytes {
        if let Some(known) = self.resources.get(service) {
            return known.clone();
        }
        let bytes: Bytes = resource(service).encode_to_vec().into();
        let (most, longest) = MAX_SERVICES;
        if self.resources.len() >= most {
            self.resources.clear();
        }
        if service.len() <= longest {
            self.resources.insert(service.into(), bytes.clone());
        }
        bytes
    }
}

/// Who wrote a line, by the names of the semantic conventions.
fn resource(service: &str) -> Resource {
    let mut attributes = Attributes::default();
    let Members(members) = Members::of(service).unwrap_or_else(|| {
        attributes.own("throughline.service", string(service));
        Members::default()
    });
    if !members.iter().any(|(name, _)| name == "name") {
        attributes.own("service.name", string("unknown_service"));
    }
    for (name, json) in members {
        let key = match &*name {
            "instance" => "service.instance.id".into(),
            _ => format!("service.{name}"),
        };
        attributes.field(key.into(), json);
    }
    Resource { attributes: attributes.into_list(), ..Resource::default() }
}

fn scope(target: &str) -> Bytes {
    let name = if target.is_empty() { SCOPE } else { target };
    InstrumentationScope { name: name.into(), ..InstrumentationScope::default() }
        .encode_to_vec()
        .into()
}
