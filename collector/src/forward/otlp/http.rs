use std::{
    io::{self, Write},
    time::Duration,
};

use ::http::{
    HeaderMap, HeaderValue, Method, Response, StatusCode, Uri,
    header::{CONTENT_ENCODING, CONTENT_TYPE, LOCATION, RETRY_AFTER},
};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http_body_util::{BodyExt, Full, Limited};
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceResponse,
};
use prost::Message;
use tonic::body::Body;

use super::{
    answer::{Answer, Fault, later, shown},
    endpoint::Endpoint,
    record::Signal,
    request::Request,
};

const PROTOBUF: &str = "application/x-protobuf";

/// What to look at where somebody else answers.
const PATH: &str = "is the path of the endpoint right? /v1/logs and /v1/traces are added to it";

/// What may be so where only traces are not taken.
const NO_TRACES: &str = "if it takes no traces, say --otlp-logs-only";

/// The longest answer, in bytes, that is read.
const MAX_ANSWER: usize = 1 << 20;

/// Posts a request.
pub(super) async fn send(
    to: &Endpoint<'_>,
    signal: Signal,
    request: Request,
) -> io::Result<Answer> {
    let mut body = request.encode_to_vec();
    let mut headers = to.headers.clone();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROTOBUF));
    if to.gzip() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&body)?;
        body = encoder.finish()?;
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    let mut call = ::http::Request::new(Body::new(Full::new(Bytes::from(body))));
    *call.method_mut() = Method::POST;
    *call.uri_mut() = address(&to.uri, signal)?;
    *call.headers_mut() = headers;
    let response = to.client.request(call).await.map_err(|error| to.out_of_reach(&error))?;
    let (head, body) = response.into_parts();
    let body = Limited::new(body, MAX_ANSWER).collect().await;
    let body = body.map_err(|error| to.out_of_reach(&*error))?.to_bytes();
    answer(signal, &Response::from_parts(head, body))
}

/// Where the records of a signal are posted to: behind the path that the endpoint has.
fn address(endpoint: &Uri, signal: Signal) -> io::Result<Uri> {
    let path = match signal {
        Signal::Logs => "v1/logs",
        Signal::Traces => "v1/traces",
    };
    let base = endpoint.to_string();
    format!("{}/{path}", base.trim_end_matches('/')).parse().map_err(io::Error::other)
}

/// What the statuses mean, as the specification of OTLP says.
fn answer(signal: Signal, response: &Response<Bytes>) -> io::Result<Answer> {
    let (status, body) = (response.status(), response.body());
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default();
    if status.is_success() {
        return match taken(body, kind) {
            Some(answer) => Ok(answer),
            None => {
                let message = format!("it answers with {kind:?}, not as OTLP does: {PATH}");
                Err(io::Error::other(message))
            }
        };
    }
    let reason = match kind {
        _ if is_protobuf(kind) => {
            tonic_types::Status::decode(&**body).map_or_else(|_| String::new(), |s| s.message)
        }
        // A page says in many words what its status says.
        _ if kind.starts_with("text/html") => String::new(),
        _ => String::from_utf8_lossy(body).into_owned(),
    };
    let message = match shown(&reason) {
        reason if reason.is_empty() => status.to_string(),
        reason => format!("{status}: {reason}"),
    };
    let fault = match status {
        StatusCode::REQUEST_TIMEOUT
        | StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => {
            return Err(later(retry_after(response.headers()), message));
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            let hint = "give it what it asks for with --otlp-headers-file";
            return Err(io::Error::other(format!("{message}: {hint}")));
        }
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => {
            let hint = match signal {
                Signal::Logs => PATH.to_owned(),
                // Whether it takes logs there is not known yet.
                Signal::Traces => format!("{PATH}; {NO_TRACES}"),
            };
            return Err(io::Error::other(format!("{message}: {hint}")));
        }
        StatusCode::PAYLOAD_TOO_LARGE => Fault::TooLarge,
        // Others say so, too: a proxy does to whoever speaks to it without TLS.
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY if is_protobuf(kind) => {
            Fault::Content
        }
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => Fault::Unclear,
        _ if status.is_server_error() => Fault::Unclear,
        // None is followed: the headers may say who this is.
        _ if status.is_redirection() => {
            let to = response.headers().get(LOCATION).and_then(|to| to.to_str().ok());
            let to = to.map_or_else(String::new, |to| format!(", to {}", shown(to)));
            return Err(io::Error::other(format!("{message}{to}: {PATH}")));
        }
        _ => return Err(io::Error::other(message)),
    };
    Ok(Answer::Refused { fault, message })
}

/// What the body of a success of this type says, if it is one of OTLP.
fn taken(body: &[u8], kind: &str) -> Option<Answer> {
    // The answers of both services have the same fields.
    let response = match kind {
        _ if body.is_empty() || is_protobuf(kind) => {
            ExportLogsServiceResponse::decode(body).ok()?
        }
        // It should answer as it was asked. But it has taken the records, and must not get them again.
        _ if kind.starts_with("application/json") => from_json(body)?,
        _ => return None,
    };
    let partial = response.partial_success.unwrap_or_default();
    let rejected = u64::try_from(partial.rejected_log_records).unwrap_or(0);
    Some(Answer::Taken { rejected, message: shown(&partial.error_message) })
}

fn is_protobuf(kind: &str) -> bool {
    kind.starts_with(PROTOBUF) || kind.starts_with("application/protobuf")
}

fn from_json(body: &[u8]) -> Option<ExportLogsServiceResponse> {
    let response: serde_json::Value = serde_json::from_slice(body).ok()?;
    let partial = response.as_object()?.get("partialSuccess");
    let partial_success = partial.map(|partial| {
        let rejected = partial.get("rejectedLogRecords").or(partial.get("rejectedSpans"));
        // JSON of protocol buffers has 64-bit integers as text; either is to be read.
        let count = |json: &serde_json::Value| {
            json.as_i64().or_else(|| json.as_str().and_then(|text| text.parse().ok()))
        };
        let message = partial.get("errorMessage").and_then(serde_json::Value::as_str);
        ExportLogsPartialSuccess {
            rejected_log_records: rejected.and_then(count).unwrap_or(0),
            error_message: message.unwrap_or_default().to_owned(),
        }
    });
    Some(ExportLogsServiceResponse { partial_success })
}

/// The seconds that a server asks to be left alone for. A date is not understood.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(status: u16, kind: &str, body: &[u8]) -> Result<(u64, String), String> {
        let mut response = Response::new(Bytes::copy_from_slice(body));
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        response.headers_mut().insert(CONTENT_TYPE, kind.parse().unwrap());
        match answer(Signal::Logs, &response) {
            Ok(Answer::Taken { rejected, message }) => Ok((rejected, message)),
            Ok(Answer::Refused { fault, message }) => Err(format!("{fault:?} {message}")),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn a_success_is_read_in_either_encoding() {
        let partial_success =
            Some(ExportLogsPartialSuccess { rejected_log_records: 3, error_message: "old".into() });
        let body = ExportLogsServiceResponse { partial_success }.encode_to_vec();
        let old = Ok((3, "old".to_owned()));
        assert_eq!(says(200, "application/x-protobuf", &body), old);
        for body in [
            r#"{"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"old"}}"#,
            r#"{"partialSuccess":{"rejectedSpans":3,"errorMessage":"old"}}"#,
        ] {
            assert_eq!(says(200, "application/json", body.as_bytes()), old);
        }
        for (kind, body) in
            [("application/json", "{}"), ("text/plain", ""), ("application/x-protobuf", "")]
        {
            assert_eq!(says(202, kind, body.as_bytes()), Ok((0, String::new())), "{kind}");
        }
    }

    #[test]
    fn what_is_no_answer_of_the_protocol_is_no_success() {
        for (kind, body) in [
            ("text/html", &b"<html>"[..]),
            ("application/json", b"[]"),
            ("application/json", b"{"),
            ("application/x-protobuf", b"\xff\xff"),
            ("\"", b"x"),
        ] {
            let said = says(200, kind, body).unwrap_err();
            assert!(said.contains("not as OTLP does"), "{said}");
        }
        let garbage = says(400, "application/x-protobuf", b"\xff").unwrap_err();
        assert_eq!(garbage, "Content 400 Bad Request");
        let long = says(500, "text/plain", &b"\x1b[2J".repeat(1000)).unwrap_err();
        assert!(long.len() < 400 && !long.contains('\u{1b}'), "{long}");
    }

    #[test]
    fn a_server_of_another_kind_is_told_with_a_hint() {
        for status in [301, 404, 405, 501] {
            let said = says(status, "text/html; charset=utf-8", b"<html>").unwrap_err();
            assert!(said.contains(PATH) && !said.contains("<html>"), "{status}: {said}");
        }
        let mut response = Response::new(Bytes::from_static(b"no such page"));
        *response.status_mut() = StatusCode::NOT_FOUND;
        let said = answer(Signal::Traces, &response).unwrap_err().to_string();
        assert_eq!(said, format!("404 Not Found: no such page: {PATH}; {NO_TRACES}"));
        *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
        response.headers_mut().insert(LOCATION, HeaderValue::from_static("https://one/v1/logs"));
        let said = answer(Signal::Logs, &response).unwrap_err().to_string();
        assert!(
            said.contains("307 Temporary Redirect: no such page, to https://one/v1/logs: is"),
            "{said}"
        );
    }
}
