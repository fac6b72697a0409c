use opentelemetry_proto::tonic::logs::v1::{LogRecord, SeverityNumber};

use super::{
    line::Line,
    value::{any, attribute, string},
};

/// The log record of a line that is not a span, or cannot be one.
pub(super) fn log(line: Line<'_>, uid: String, observed: u64) -> LogRecord {
    let mut attributes = line.own_attributes();
    attributes.own("log.record.uid", string(uid));
    for (key, json) in [
        ("throughline.kind", line.kind),
        ("throughline.duration_us", line.duration_us),
        ("throughline.parent_span_id", line.parent_span_id),
    ] {
        if let Some(json) = json {
            attributes.own(key, any(json));
        }
    }
    for (name, json) in line.fields {
        attributes.field(name, json);
    }
    for (name, json) in line.entries {
        attributes.entry(name, json);
    }
    LogRecord {
        time_unix_nano: line.time.unwrap_or(0),
        observed_time_unix_nano: observed,
        severity_number: severity(&line.level).into(),
        severity_text: line.level.into_owned(),
        body: line.message.filter(|json| !matches!(json.get(), "\"\"" | "null")).map(any),
        attributes: attributes.into_list(),
        trace_id: line.ids.map_or_else(Vec::new, |ids| ids.trace.to_vec()),
        span_id: line.ids.map_or_else(Vec::new, |ids| ids.span.to_vec()),
        event_name: line.event.into_owned(),
        ..LogRecord::default()
    }
}

/// The log record of a line that is no JSON object. No collector stores such a line.
pub(super) fn unreadable(line: &str, uid: String, observed: u64) -> LogRecord {
    LogRecord {
        observed_time_unix_nano: observed,
        body: Some(string(line)),
        attributes: vec![attribute("log.record.uid", string(uid))],
        ..LogRecord::default()
    }
}

/// The number of a level, as `spec/event.md` has it.
fn severity(level: &str) -> SeverityNumber {
    match level {
        "TRACE" => SeverityNumber::Trace,
        "DEBUG" => SeverityNumber::Debug,
        "INFO" => SeverityNumber::Info,
        "WARN" => SeverityNumber::Warn,
        "ERROR" => SeverityNumber::Error,
        _ => SeverityNumber::Unspecified,
    }
}
