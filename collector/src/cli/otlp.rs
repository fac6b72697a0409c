#[cfg(feature = "otlp")]
use std::path::PathBuf;

use clap::Args;
use serde::Deserialize;

use super::Failure;
#[cfg(feature = "otlp")]
use super::spelled::{Protocol, Span, quoted};
use crate::Forward;
#[cfg(feature = "otlp")]
use crate::{Otlp, otlp::parse_headers};

/// How to reach an endpoint of OpenTelemetry's protocol.
#[cfg(feature = "otlp")]
#[derive(Debug, Default, Args, Deserialize)]
#[serde(default)]
pub(super) struct OtlpSettings {
    /// How to speak to the endpoint [default: http/protobuf where its port is 4318, else grpc]
    #[arg(long, value_name = "grpc|http/protobuf")]
    #[serde(deserialize_with = "quoted")]
    otlp_protocol: Option<Protocol>,

    /// Headers for the endpoint, NAME=VALUE[,…], percent-encoded: better in the environment or in a file than on the
    /// command line
    #[arg(long, value_name = "HEADERS", env = "THROUGHLINE_OTLP_HEADERS", hide_env_values = true)]
    otlp_headers: Option<Secret>,

    /// A file of further headers for the endpoint, NAME: VALUE on each line; read at each connection
    #[arg(long, value_name = "FILE")]
    otlp_headers_file: Option<PathBuf>,

    /// Certificates (PEM) of authorities to trust beyond those of the system
    #[arg(long, value_name = "FILE")]
    otlp_ca: Option<PathBuf>,

    /// A certificate (PEM) to show to the endpoint
    #[arg(long, value_name = "FILE")]
    otlp_cert: Option<PathBuf>,

    /// The key (PEM) of that certificate
    #[arg(long, value_name = "FILE")]
    otlp_key: Option<PathBuf>,

    /// Compress what is sent
    #[arg(long, num_args = 0..=1, default_missing_value = "true")]
    otlp_gzip: Option<bool>,

    /// How long the endpoint may take to answer [default: 10s]
    #[arg(long, value_name = "TIME")]
    #[serde(deserialize_with = "quoted")]
    otlp_timeout: Option<Span>,

    /// Send finished units of work as log records, too, and no traces
    #[arg(long, num_args = 0..=1, default_missing_value = "true")]
    otlp_logs_only: Option<bool>,
}

/// Headers, which nobody is to see. They are parsed later: the parser of flags shows what it cannot parse.
#[cfg(feature = "otlp")]
#[derive(Clone, Deserialize)]
struct Secret(String);

#[cfg(feature = "otlp")]
impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(feature = "otlp")]
impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

#[cfg(feature = "otlp")]
impl OtlpSettings {
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            otlp_protocol: self.otlp_protocol.or(other.otlp_protocol),
            otlp_headers: self.otlp_headers.or(other.otlp_headers),
            otlp_headers_file: self.otlp_headers_file.or(other.otlp_headers_file),
            otlp_ca: self.otlp_ca.or(other.otlp_ca),
            otlp_cert: self.otlp_cert.or(other.otlp_cert),
            otlp_key: self.otlp_key.or(other.otlp_key),
            otlp_gzip: self.otlp_gzip.or(other.otlp_gzip),
            otlp_timeout: self.otlp_timeout.or(other.otlp_timeout),
            otlp_logs_only: self.otlp_logs_only.or(other.otlp_logs_only),
        }
    }

    pub(super) fn forward(&self, endpoint: &str) -> Result<Forward, Failure> {
        let mut otlp = Otlp::new(endpoint);
        if let Some(Protocol(protocol)) = self.otlp_protocol {
            otlp.protocol = protocol;
        }
        if let Some(Secret(headers)) = &self.otlp_headers {
            let wrong = || Failure::usage("write --otlp-headers like NAME=VALUE,NAME=VALUE");
            otlp.headers = parse_headers(headers).ok_or_else(wrong)?;
        }
        otlp.headers_file.clone_from(&self.otlp_headers_file);
        otlp.tls_ca.clone_from(&self.otlp_ca);
        otlp.tls_identity = match (&self.otlp_cert, &self.otlp_key) {
            (Some(certificate), Some(key)) => Some((certificate.clone(), key.clone())),
            (None, None) => None,
            _ => {
                return Err(Failure::usage(
                    "a certificate needs its key, and a key its certificate",
                ));
            }
        };
        otlp.gzip = self.otlp_gzip.unwrap_or(false);
        if let Some(Span(timeout)) = self.otlp_timeout {
            otlp.timeout = timeout;
        }
        otlp.logs_only = self.otlp_logs_only.unwrap_or(false);
        Ok(Forward::Otlp(otlp))
    }
}

/// This build does not speak OpenTelemetry's protocol.
#[cfg(not(feature = "otlp"))]
#[derive(Debug, Default, Clone, Args, Deserialize)]
#[serde(default)]
pub(super) struct OtlpSettings {}

#[cfg(not(feature = "otlp"))]
impl OtlpSettings {
    pub(super) fn or(self, _: Self) -> Self {
        self
    }

    pub(super) fn forward(&self, _: &str) -> Result<Forward, Failure> {
        Err(Failure::usage(
            "cannot forward over OTLP: this throughline was built without its feature `otlp`",
        ))
    }
}
