use std::{fmt, io, path::PathBuf, time::Duration};

use async_nats::{ConnectOptions, ServerAddr};

/// A NATS server, or a cluster of them, and how to forward to its JetStream.
///
/// Each line becomes a message with the subject `PREFIX.SERVICE.EVENT` and the id `STREAM:OFFSET`. `spec/forwarding.md` of the
/// project says how.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Nats {
    /// Addresses of servers with commas between them, as in `nats://one:4222,nats://two:4222`. The scheme `tls` demands TLS.
    pub servers: String,
    /// How the collector proves who it is.
    pub auth: NatsAuth,
    /// A file of certificates (PEM) of authorities to trust beyond those of the system.
    pub tls_ca: Option<PathBuf>,
    /// The files (PEM) of the collector's own certificate and its key.
    pub tls_identity: Option<(PathBuf, PathBuf)>,
    /// What every subject begins with. `events` by default.
    pub prefix: String,
    /// The JetStream stream to create, if it does not exist, for all subjects that begin so. None by default.
    pub create_stream: Option<String>,
    /// How many servers keep a stream that is created. 1 by default.
    pub replicas: usize,
    /// For how long a stream that is created recognizes duplicates. 2 minutes by default.
    pub duplicate_window: Duration,
    /// How many messages may be sent and not acknowledged. 1024 by default.
    pub window: usize,
}

/// How the collector proves to a NATS server who it is.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum NatsAuth {
    /// Not at all, or with what the address says.
    #[default]
    None,
    /// With a file of credentials, as `nsc` makes it: a JWT and the seed of its key.
    Credentials(PathBuf),
    /// With a file that has the seed of an NKey.
    Nkey(PathBuf),
    /// With a user and a password.
    User(String, String),
    /// With a token.
    Token(String),
}

/// Says which way it is, and no secret.
impl fmt::Debug for NatsAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Credentials(path) => f.debug_tuple("Credentials").field(path).finish(),
            Self::Nkey(path) => f.debug_tuple("Nkey").field(path).finish(),
            Self::User(user, _) => f.debug_tuple("User").field(user).finish_non_exhaustive(),
            Self::Token(_) => f.debug_tuple("Token").finish_non_exhaustive(),
        }
    }
}

impl Nats {
    /// The servers at these addresses; the rest as by default.
    pub fn new(servers: impl Into<String>) -> Self {
        Self {
            servers: servers.into(),
            auth: NatsAuth::None,
            tls_ca: None,
            tls_identity: None,
            prefix: "events".into(),
            create_stream: None,
            replicas: 1,
            duplicate_window: Duration::from_secs(120),
            window: 1024,
        }
    }

    /// Whether the addresses and the prefix can be used.
    pub(crate) fn check(&self) -> io::Result<()> {
        let wrong = |what| Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        self.addresses()?;
        let token = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_graphic() && !b"*>".contains(&b))
        };
        if !self.prefix.split('.').all(token) || self.prefix.len() > 512 {
            return wrong("the prefix of subjects is no subject");
        }
        if self.window == 0 {
            return wrong("nothing can be sent in a window of 0");
        }
        Ok(())
    }

    pub(crate) fn addresses(&self) -> io::Result<Vec<ServerAddr>> {
        self.servers.split(',').map(|server| server.trim().parse()).collect()
    }

    /// What the client library is to know.
    pub(crate) async fn options(&self) -> io::Result<ConnectOptions> {
        let mut options = ConnectOptions::new().name("throughline").skip_subject_validation(true);
        options = match &self.auth {
            NatsAuth::None => options,
            NatsAuth::Credentials(path) => {
                options.credentials_file(path).await.map_err(|error| unreadable(path, &error))?
            }
            NatsAuth::Nkey(path) => {
                let seed =
                    std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
                options.nkey(seed.trim().to_owned())
            }
            NatsAuth::User(user, password) => {
                options.user_and_password(user.clone(), password.clone())
            }
            NatsAuth::Token(token) => options.token(token.clone()),
        };
        if let Some(path) = &self.tls_ca {
            options = options.add_root_certificates(path.clone());
        }
        if let Some((certificate, key)) = &self.tls_identity {
            options = options.add_client_certificate(certificate.clone(), key.clone());
        }
        Ok(options)
    }
}

fn unreadable(path: &std::path::Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot read {}: {error}", path.display()))
}

/// The addresses, without what they may say of users and passwords.
impl fmt::Display for Nats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, server) in self.servers.split(',').enumerate() {
            let (scheme, rest) = server.split_once("://").unwrap_or(("nats", server));
            let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
            write!(f, "{}{scheme}://{host}", if at > 0 { "," } else { "" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_shown() {
        let mut nats = Nats::new("nats://me:hidden@one:4222,two:4222");
        assert_eq!(nats.to_string(), "nats://one:4222,nats://two:4222");
        for auth in [NatsAuth::User("me".into(), "hidden".into()), NatsAuth::Token("hidden".into())]
        {
            nats.auth = auth;
            assert!(!format!("{:?}", nats.auth).contains("hidden"));
        }
    }

    #[test]
    fn what_cannot_be_a_subject_is_no_prefix() {
        let check = |prefix: &str| {
            let mut nats = Nats::new("localhost");
            nats.prefix = prefix.into();
            nats.check()
        };
        assert!(check("events").is_ok() && check("org.team.events").is_ok());
        for prefix in ["", ".", "a.", "a b", "*", "a.>", "ü", &"x".repeat(600)] {
            assert!(check(prefix).is_err(), "{prefix}");
        }
        assert!(Nats::new("one,two:7").check().is_ok());
        assert!(Nats::new("http://one").check().is_err());
    }
}
