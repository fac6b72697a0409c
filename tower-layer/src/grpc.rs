use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use crate::propagators::Kind;

static GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// A gRPC status code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Code(pub(crate) u8);

impl Code {
    pub(crate) const OK: Code = Code(0);
    pub(crate) const UNKNOWN: Code = Code(2);
    pub(crate) const DEADLINE_EXCEEDED: Code = Code(4);

    /// What `grpc-status` says, in headers or trailers. A value that is no code is `UNKNOWN`, as gRPC says.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Option<Code> {
        let value = headers.get(&GRPC_STATUS)?;
        let code = value.to_str().ok().and_then(|text| text.parse().ok());
        Some(code.filter(|code| usize::from(*code) < NAMES.len()).map_or(Code::UNKNOWN, Code))
    }

    pub(crate) fn name(self) -> &'static str {
        NAMES[usize::from(self.0)]
    }

    /// Whether a server that answers so has failed (OpenTelemetry, "Semantic conventions for gRPC").
    pub(crate) fn is_fault_of_server(self) -> bool {
        matches!(
            self.name(),
            "UNKNOWN"
                | "DEADLINE_EXCEEDED"
                | "UNIMPLEMENTED"
                | "INTERNAL"
                | "UNAVAILABLE"
                | "DATA_LOSS"
        )
    }
}

const NAMES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// Whether a request is a gRPC call.
pub(crate) fn is_grpc(headers: &HeaderMap) -> bool {
    let rest = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.as_bytes().strip_prefix(b"application/grpc"));
    matches!(rest, Some([] | [b'+' | b';', ..]))
}

/// The answer to a call whose deadline passed before it was handled.
pub(crate) fn deadline_exceeded(kind: Kind) -> Response<()> {
    let mut response = Response::new(());
    match kind {
        Kind::Http => *response.status_mut() = StatusCode::GATEWAY_TIMEOUT,
        Kind::Grpc => {
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
            headers.insert(&GRPC_STATUS, HeaderValue::from(u16::from(Code::DEADLINE_EXCEEDED.0)));
            headers.insert(
                "grpc-message",
                HeaderValue::from_static("The deadline passed before the call was handled"),
            );
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_and_nonsense_is_unknown() {
        let code = |value: &'static [u8]| {
            let value = http::HeaderValue::from_bytes(value).unwrap();
            Code::from_headers(&HeaderMap::from_iter([("grpc-status".parse().unwrap(), value)]))
        };
        assert_eq!(code(b"0"), Some(Code::OK));
        assert_eq!(code(b"16").unwrap().name(), "UNAUTHENTICATED");
        for nonsense in [&b"17"[..], b"-1", b"x", b"\xff", b"256"] {
            assert_eq!(code(nonsense).unwrap().name(), "UNKNOWN");
        }
        assert_eq!(Code::from_headers(&HeaderMap::new()), None);
    }

    #[test]
    fn grpc_is_known_by_its_content_type() {
        let with = |value: &'static str| {
            is_grpc(&HeaderMap::from_iter([(CONTENT_TYPE, http::HeaderValue::from_static(value))]))
        };
        assert!(
            with("application/grpc")
                && with("application/grpc+proto")
                && with("application/grpc; x")
        );
        assert!(!with("application/grpc-web") && !with("application/json"));
        assert!(!is_grpc(&HeaderMap::new()));
    }
}
