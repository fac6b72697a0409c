use std::{
    error::Error,
    fmt, io,
    time::{Duration, Instant},
};

use ::http::{HeaderMap, HeaderValue, Uri, header::USER_AGENT};
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::time::timeout;
use tonic::body::Body;

use super::{answer::Answer, grpc, http, record::Signal, request::Request, tls};
use crate::{
    otlp::{Otlp, OtlpProtocol},
    stderr::say,
};

/// How often something is said that the endpoint says, at most.
const PAUSE: Duration = Duration::from_secs(1);

/// How many bytes of records are sent together, about.
const LIMIT: usize = 1 << 20;

/// An endpoint, and the connection to it.
pub(super) struct Endpoint<'a> {
    to: &'a Otlp,
    pub(super) client: Client<HttpsConnector<HttpConnector>, Body>,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    /// How many bytes of records are sent together, about: fewer if it takes no more.
    pub(super) limit: usize,
    /// Whether it has ever answered as one that speaks the protocol.
    answered: bool,
    said: Option<Instant>,
}

impl<'a> Endpoint<'a> {
    /// Reads what it takes to reach it. The connection is made when something is sent.
    pub(super) fn new(to: &'a Otlp) -> io::Result<Self> {
        let mut headers = to.all_headers()?;
        let agent = concat!("throughline/", env!("CARGO_PKG_VERSION"));
        headers.insert(USER_AGENT, HeaderValue::from_static(agent));
        let client = Client::builder(TokioExecutor::new())
            .http2_only(to.protocol == OtlpProtocol::Grpc)
            .build(tls::connector(to)?);
        let uri = to.uri()?;
        Ok(Self { to, client, uri, headers, limit: LIMIT, answered: false, said: None })
    }

    /// Whether requests are compressed.
    pub(super) fn gzip(&self) -> bool {
        self.to.gzip
    }

    /// Sends a request, and waits for the answer.
    ///
    /// # Errors
    ///
    /// If there is no answer, or one that says to try again, or one that says nothing of the records.
    pub(super) async fn send(&mut self, signal: Signal, request: Request) -> io::Result<Answer> {
        let answer = async {
            match self.to.protocol {
                OtlpProtocol::Grpc => grpc::send(self, signal, request).await,
                OtlpProtocol::HttpProtobuf => http::send(self, signal, request).await,
            }
        };
        let answer = timeout(self.to.timeout, answer).await;
        let answer = answer.map_err(|_| {
            let limit = self.to.timeout;
            io::Error::other(format!("it did not answer within {limit:?}: see --otlp-timeout"))
        })??;
        self.answered = true;
        Ok(answer)
    }

    /// Says something of the endpoint to whoever runs the collector, now and then.
    pub(super) fn say(&mut self, what: fmt::Arguments<'_>) {
        if self.said.is_none_or(|said| said.elapsed() >= PAUSE) {
            say(format_args!("{} {what}", self.to));
            self.said = Some(Instant::now());
        }
    }

    /// Why a request could not be sent or answered, and what may be done about it.
    pub(super) fn out_of_reach(&self, error: &(dyn Error + 'static)) -> io::Error {
        let mut text = String::new();
        let mut hint = None;
        let mut cause = Some(error);
        while let Some(error) = cause {
            let said = error.to_string();
            if !text.contains(&said) {
                text += if text.is_empty() { "" } else { ": " };
                text += &said;
            }
            let connect = error.downcast_ref::<hyper_util::client::legacy::Error>();
            if !self.answered && connect.is_some_and(|error| !error.is_connect()) {
                hint = hint.or(Some(self.hint()));
            }
            hint = error.downcast_ref().and_then(tls::hint).or(hint);
            cause = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
                Some(within) => Some(within),
                None => error.source(),
            };
        }
        io::Error::other(match hint {
            Some(hint) => format!("{text}: {hint}"),
            None => text,
        })
    }

    /// What to try where somebody listens, and does not speak as expected.
    pub(super) fn hint(&self) -> &'static str {
        match self.to.protocol {
            OtlpProtocol::Grpc => {
                "does it speak gRPC? For OTLP over HTTP, mostly on port 4318, say --otlp-protocol http/protobuf; with TLS, https://"
            }
            OtlpProtocol::HttpProtobuf => {
                "does it speak HTTP? For OTLP over gRPC, mostly on port 4317, say --otlp-protocol grpc; with TLS, https://"
            }
        }
    }
}
