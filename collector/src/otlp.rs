use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use http::{
    HeaderMap, HeaderName, HeaderValue, Uri,
    header::{CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING},
    uri::Scheme,
};
use percent_encoding::percent_decode_str;

/// An endpoint that takes OpenTelemetry's protocol (OTLP), and how to forward to it.
///
/// Each line becomes a log record, or a span if it is of the kind `span`. `spec/otlp.md` of the project says how.
#[derive(Clone)]
#[non_exhaustive]
pub struct Otlp {
    /// Where it listens, as in `http://localhost:4317`. With the scheme `https` it is to prove who it is. For
    /// [`OtlpProtocol::HttpProtobuf`] it may have a path, behind which `/v1/logs` and `/v1/traces` are.
    pub endpoint: String,
    /// How it is spoken to. By default HTTP where the port is 4318, and gRPC elsewhere.
    pub protocol: OtlpProtocol,
    /// Headers that go with each request, such as `authorization`. None by default.
    pub headers: Vec<(String, String)>,
    /// A file of further headers, `NAME: VALUE` on each line. It is read whenever a connection begins.
    pub headers_file: Option<PathBuf>,
    /// A file of certificates (PEM) of authorities to trust beyond those of the system.
    pub tls_ca: Option<PathBuf>,
    /// The files (PEM) of the collector's own certificate and its key.
    pub tls_identity: Option<(PathBuf, PathBuf)>,
    /// Whether requests are compressed. False by default.
    pub gzip: bool,
    /// How long a request may take. 10 seconds by default.
    pub timeout: Duration,
    /// Whether spans are sent as log records, too: for endpoints that take no traces. False by default.
    pub logs_only: bool,
}

/// How an endpoint is spoken to. Displays as in OpenTelemetry's `OTEL_EXPORTER_OTLP_PROTOCOL`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OtlpProtocol {
    /// `grpc`: gRPC over HTTP/2.
    Grpc,
    /// `http/protobuf`: messages in the bodies of HTTP/1.1.
    HttpProtobuf,
}

impl Otlp {
    /// The endpoint at this address; the rest as by default.
    pub fn new(endpoint: impl Into<String>) -> Self {
        let endpoint = endpoint.into();
        let port = endpoint.parse::<Uri>().ok().and_then(|uri| uri.port_u16());
        let protocol = match port {
            Some(4318) => OtlpProtocol::HttpProtobuf,
            _ => OtlpProtocol::Grpc,
        };
        Self {
            endpoint,
            protocol,
            headers: Vec::new(),
            headers_file: None,
            tls_ca: None,
            tls_identity: None,
            gzip: false,
            timeout: Duration::from_secs(10),
            logs_only: false,
        }
    }

    /// Whether the address and the headers can be used.
    pub(crate) fn check(&self) -> io::Result<()> {
        let has_tls = self.uri()?.scheme() == Some(&Scheme::HTTPS);
        if !has_tls && (self.tls_ca.is_some() || self.tls_identity.is_some()) {
            return Err(wrong("without TLS no certificate is looked at: write https://"));
        }
        self.given_headers().map(drop)
    }

    /// The address, without a slash at its end.
    pub(crate) fn uri(&self) -> io::Result<Uri> {
        let uri: Uri = self.endpoint.trim_end_matches('/').parse().map_err(|_| {
            wrong("it is no address: write it as otlp:http://HOST:PORT, or with https")
        })?;
        if !uri.scheme().is_some_and(|scheme| [Scheme::HTTP, Scheme::HTTPS].contains(scheme)) {
            return Err(wrong("write its scheme, as in otlp:http://HOST:PORT, or https"));
        }
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(wrong("credentials belong into a header: see --otlp-headers"));
        }
        if uri.query().is_some() {
            return Err(wrong("an endpoint has no query"));
        }
        if self.protocol == OtlpProtocol::Grpc && uri.path() != "/" {
            return Err(wrong(
                "with gRPC an endpoint has no path: leave it out, or say --otlp-protocol http/protobuf",
            ));
        }
        Ok(uri)
    }

    /// All headers, those of the file as it is now included.
    pub(crate) fn all_headers(&self) -> io::Result<HeaderMap> {
        let mut headers = self.given_headers()?;
        if let Some(path) = &self.headers_file {
            let text = fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
            for (at, line) in text.lines().enumerate() {
                if line.trim().is_empty() || line.starts_with('#') {
                    continue;
                }
                let header = line.split_once(':').and_then(|(name, value)| header(name, value));
                let (name, value) = header.ok_or_else(|| {
                    let line = at + 1;
                    wrong(format!("line {line} of {} is no header NAME: VALUE", path.display()))
                })?;
                headers.append(name, value);
            }
        }
        Ok(headers)
    }

    fn given_headers(&self) -> io::Result<HeaderMap> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            // Its value is not shown: it may be a secret.
            let (name, value) = header(name, value)
                .ok_or_else(|| wrong(format!("there can be no header {name:?} with this value")))?;
            headers.append(name, value);
        }
        Ok(headers)
    }
}

/// Headers as `OTEL_EXPORTER_OTLP_HEADERS` has them: `NAME=VALUE` with commas between them, percent-encoded. `None` if one
/// lacks its name.
pub(crate) fn parse_headers(text: &str) -> Option<Vec<(String, String)>> {
    let members = text.split(',').map(str::trim).filter(|member| !member.is_empty());
    let decode = |part: &str| percent_decode_str(part.trim()).decode_utf8_lossy().into_owned();
    let pair = |member: &str| {
        let (name, value) = member.split_once('=')?;
        (!name.trim().is_empty()).then(|| (decode(name), decode(value)))
    };
    members.map(pair).collect()
}

/// What a request is and how long it is says the request. An endpoint that is told otherwise may take a part of it for all.
const RESERVED: [HeaderName; 5] =
    [CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING];

fn header(name: &str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    let mut value = HeaderValue::from_str(value.trim()).ok()?;
    value.set_sensitive(true);
    let name: HeaderName = name.trim().parse().ok()?;
    (!RESERVED.contains(&name)).then_some((name, value))
}

fn wrong(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what.into())
}

pub(crate) fn unreadable(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot read {}: {error}", path.display()))
}

/// Shows everything but the values of headers.
impl fmt::Debug for Otlp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Otlp")
            .field("endpoint", &format_args!("{self}"))
            .field("protocol", &self.protocol)
            .field("headers", &names)
            .field("headers_file", &self.headers_file)
            .field("tls_ca", &self.tls_ca)
            .field("tls_identity", &self.tls_identity)
            .field("gzip", &self.gzip)
            .field("timeout", &self.timeout)
            .field("logs_only", &self.logs_only)
            .finish()
    }
}

/// The address, without what it may say of users and passwords, and without a query, which may have a key.
impl fmt::Display for Otlp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.endpoint.split_once("://").unwrap_or(("", &self.endpoint));
        let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
        let rest = rest.split_once('?').map_or(rest, |(address, _)| address);
        let colon = if scheme.is_empty() { "" } else { "://" };
        write!(f, "otlp:{scheme}{colon}{rest}")
    }
}

impl fmt::Display for OtlpProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Grpc => "grpc",
            Self::HttpProtobuf => "http/protobuf",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_shown() {
        let mut otlp = Otlp::new("http://me:hidden@one:4317/");
        otlp.headers = vec![("authorization".into(), "hidden".into())];
        assert_eq!(otlp.to_string(), "otlp:http://one:4317/");
        assert!(!format!("{otlp:?}").contains("hidden"), "{otlp:?}");
        assert!(!format!("{:?}", otlp.given_headers()).contains("hidden"));
        assert!(!otlp.check().unwrap_err().to_string().contains("hidden"));
        otlp.endpoint = "http://one:4318/v2?key=hidden".into();
        assert_eq!(otlp.to_string(), "otlp:http://one:4318/v2");
        assert!(!otlp.check().unwrap_err().to_string().contains("hidden"));
        otlp.headers = vec![("no name".into(), "hidden".into())];
        assert!(!otlp.given_headers().unwrap_err().to_string().contains("hidden"));
    }

    #[test]
    fn the_port_of_http_is_known() {
        let protocol = |endpoint: &str| Otlp::new(endpoint).protocol;
        assert_eq!(protocol("http://localhost:4317"), OtlpProtocol::Grpc);
        assert_eq!(protocol("https://one:443"), OtlpProtocol::Grpc);
        assert_eq!(protocol("http://one:4318/path"), OtlpProtocol::HttpProtobuf);
    }

    #[test]
    fn what_cannot_be_an_endpoint_is_refused() {
        for endpoint in ["http://one:4317", "https://one", "http://[::1]:4317/", "http://h:4318/a"]
        {
            assert!(Otlp::new(endpoint).check().is_ok(), "{endpoint}");
        }
        for endpoint in
            ["", "one", "one:4317", "ftp://one", "http://", "http://one:4317/a", "http://h:4318/?a"]
        {
            assert!(Otlp::new(endpoint).check().is_err(), "{endpoint}");
        }
    }

    #[test]
    fn certificates_are_for_tls() {
        for (endpoint, fits) in [("https://one", true), ("http://one", false)] {
            let mut otlp = Otlp::new(endpoint);
            otlp.tls_ca = Some("ca.pem".into());
            assert_eq!(otlp.check().is_ok(), fits);
            otlp.tls_ca = None;
            otlp.tls_identity = Some(("cert.pem".into(), "key.pem".into()));
            assert_eq!(otlp.check().is_ok(), fits);
        }
    }

    #[test]
    fn no_header_says_another_length_than_the_request_has() {
        for (name, fits) in [("Content-Length", false), ("transfer-encoding", false), ("x", true)] {
            let mut otlp = Otlp::new("http://one");
            otlp.headers = vec![(name.into(), "5".into())];
            assert_eq!(otlp.check().is_ok(), fits, "{name}");
        }
    }

    #[test]
    fn headers_are_written_as_opentelemetry_writes_them() {
        let headers = parse_headers("authorization=Bearer%20a=b, x-scope = 1,,").unwrap();
        let expected = [("authorization", "Bearer a=b"), ("x-scope", "1")];
        assert_eq!(headers, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(parse_headers(""), Some(Vec::new()));
        assert!(parse_headers("authorization").is_none() && parse_headers("=x").is_none());
    }

    #[test]
    fn a_file_of_headers_is_read_as_it_is_now() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("headers");
        let mut otlp = Otlp::new("http://one");
        otlp.headers_file = Some(path.clone());
        assert!(otlp.all_headers().is_err());
        fs::write(&path, "# a comment\n\nAuthorization: Basic x:y\r\n").unwrap();
        assert_eq!(otlp.all_headers().unwrap()["authorization"], "Basic x:y");
        fs::write(&path, "x: 1\nhidden").unwrap();
        let error = otlp.all_headers().unwrap_err().to_string();
        assert!(error.contains("line 2") && !error.contains("hidden"), "{error}");
    }
}
