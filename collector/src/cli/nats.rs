#[cfg(feature = "nats")]
use std::path::PathBuf;

use clap::Args;
use serde::Deserialize;

use super::Failure;
#[cfg(feature = "nats")]
use super::spelled::{Span, quoted};
use crate::Forward;
#[cfg(feature = "nats")]
use crate::{Nats, NatsAuth};

/// How to reach NATS.
#[cfg(feature = "nats")]
#[derive(Debug, Default, Clone, Args, Deserialize)]
#[serde(default)]
pub(super) struct NatsSettings {
    /// What the subjects of forwarded events begin with: PREFIX.SERVICE.EVENT [default: events]
    #[arg(long, value_name = "PREFIX")]
    nats_prefix: Option<String>,

    /// Create this JetStream stream for them, if it does not exist
    #[arg(long, value_name = "NAME")]
    nats_create_stream: Option<String>,

    /// How many servers keep a stream that is created [default: 1]
    #[arg(long, value_name = "NUMBER")]
    nats_replicas: Option<usize>,

    /// For how long a stream that is created recognizes duplicates [default: 2m]
    #[arg(long, value_name = "TIME")]
    #[serde(deserialize_with = "quoted")]
    nats_duplicate_window: Option<Span>,

    /// How many messages may be sent and not acknowledged [default: 1024]
    #[arg(long, value_name = "NUMBER")]
    nats_window: Option<usize>,

    #[command(flatten)]
    #[serde(flatten)]
    login: NatsLogin,
}

/// How to prove to NATS who this is, and how to know that it is NATS.
#[cfg(feature = "nats")]
#[derive(Debug, Default, Clone, Args, Deserialize)]
#[serde(default)]
pub(super) struct NatsLogin {
    /// A file of credentials, as nsc makes it
    #[arg(long, value_name = "FILE")]
    nats_creds: Option<PathBuf>,

    /// A file with the seed of an NKey
    #[arg(long, value_name = "FILE", conflicts_with = "nats_creds")]
    nats_nkey: Option<PathBuf>,

    /// The user
    #[arg(long, value_name = "USER", conflicts_with_all = ["nats_creds", "nats_nkey"])]
    nats_user: Option<String>,

    /// The user's password: better in the environment or in a file than on the command line
    #[arg(
        long,
        value_name = "PASSWORD",
        env = "THROUGHLINE_NATS_PASSWORD",
        hide_env_values = true
    )]
    nats_password: Option<String>,

    /// A token, instead of a user
    #[arg(long, value_name = "TOKEN", env = "THROUGHLINE_NATS_TOKEN", hide_env_values = true)]
    nats_token: Option<String>,

    /// Certificates (PEM) of authorities to trust beyond those of the system
    #[arg(long, value_name = "FILE")]
    nats_tls_ca: Option<PathBuf>,

    /// A certificate (PEM) to show to the server
    #[arg(long, value_name = "FILE")]
    nats_tls_cert: Option<PathBuf>,

    /// The key (PEM) of that certificate
    #[arg(long, value_name = "FILE")]
    nats_tls_key: Option<PathBuf>,
}

#[cfg(feature = "nats")]
impl NatsSettings {
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            nats_prefix: self.nats_prefix.or(other.nats_prefix),
            nats_create_stream: self.nats_create_stream.or(other.nats_create_stream),
            nats_replicas: self.nats_replicas.or(other.nats_replicas),
            nats_duplicate_window: self.nats_duplicate_window.or(other.nats_duplicate_window),
            nats_window: self.nats_window.or(other.nats_window),
            login: self.login.or(other.login),
        }
    }

    pub(super) fn forward(&self, servers: &str) -> Result<Forward, Failure> {
        let mut nats = self.login.server(servers)?;
        if let Some(prefix) = &self.nats_prefix {
            nats.prefix.clone_from(prefix);
        }
        nats.create_stream.clone_from(&self.nats_create_stream);
        if let Some(replicas) = self.nats_replicas {
            nats.replicas = replicas;
        }
        if let Some(Span(window)) = self.nats_duplicate_window {
            nats.duplicate_window = window;
        }
        if let Some(window) = self.nats_window {
            nats.window = window;
        }
        Ok(Forward::Nats(nats))
    }
}

#[cfg(feature = "nats")]
impl NatsLogin {
    fn or(self, other: Self) -> Self {
        Self {
            nats_creds: self.nats_creds.or(other.nats_creds),
            nats_nkey: self.nats_nkey.or(other.nats_nkey),
            nats_user: self.nats_user.or(other.nats_user),
            nats_password: self.nats_password.or(other.nats_password),
            nats_token: self.nats_token.or(other.nats_token),
            nats_tls_ca: self.nats_tls_ca.or(other.nats_tls_ca),
            nats_tls_cert: self.nats_tls_cert.or(other.nats_tls_cert),
            nats_tls_key: self.nats_tls_key.or(other.nats_tls_key),
        }
    }

    /// The servers at these addresses.
    pub(super) fn server(&self, servers: &str) -> Result<Nats, Failure> {
        let mut nats = Nats::new(servers);
        nats.auth = match (&self.nats_creds, &self.nats_nkey, &self.nats_user, &self.nats_token) {
            (None, None, None, None) => NatsAuth::None,
            (Some(path), None, None, None) => NatsAuth::Credentials(path.clone()),
            (None, Some(path), None, None) => NatsAuth::Nkey(path.clone()),
            (None, None, Some(user), None) => {
                NatsAuth::User(user.clone(), self.nats_password.clone().unwrap_or_default())
            }
            (None, None, None, Some(token)) => NatsAuth::Token(token.clone()),
            _ => {
                return Err(Failure::usage(
                    "prove to NATS in one way who this is: with credentials, an NKey, a user or a token",
                ));
            }
        };
        nats.tls_ca.clone_from(&self.nats_tls_ca);
        nats.tls_identity = match (&self.nats_tls_cert, &self.nats_tls_key) {
            (Some(certificate), Some(key)) => Some((certificate.clone(), key.clone())),
            (None, None) => None,
            _ => {
                return Err(Failure::usage(
                    "a certificate needs its key, and a key its certificate",
                ));
            }
        };
        Ok(nats)
    }
}

/// This build does not speak to NATS.
#[cfg(not(feature = "nats"))]
#[derive(Debug, Default, Clone, Args, Deserialize)]
#[serde(default)]
pub(super) struct NatsSettings {}

#[cfg(not(feature = "nats"))]
impl NatsSettings {
    pub(super) fn or(self, _: Self) -> Self {
        self
    }

    pub(super) fn forward(&self, servers: &str) -> Result<Forward, Failure> {
        Err(Failure::usage(format_args!(
            "cannot forward to {servers}: this throughline was built without its feature `nats`"
        )))
    }
}
