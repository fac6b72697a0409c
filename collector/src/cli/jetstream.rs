use std::{fmt, time::Duration};

use async_nats::jetstream::{
    self,
    consumer::{DeliverPolicy, pull::OrderedConfig},
};
use clap::Args;
use futures_util::StreamExt;
use tokio::{runtime, time::timeout};

use super::{Failure, nats::NatsLogin, output::Stop};
use crate::Nats;

/// How long the server may take to begin with what it has.
const PATIENCE: Duration = Duration::from_secs(10);

/// Read from a stream of JetStream instead of a folder.
#[derive(Debug, Args)]
pub(super) struct FromJetStream {
    /// Show what is stored in NATS JetStream, at nats://HOST:PORT[,…] or tls://…, instead of what is in a folder
    #[arg(long, value_name = "SERVERS", requires = "stream")]
    nats: Option<String>,

    /// The stream of JetStream to read
    #[arg(long, value_name = "NAME", requires = "nats")]
    stream: Option<String>,

    #[command(flatten)]
    login: NatsLogin,
}

impl FromJetStream {
    /// The stream that is asked for, if one is.
    pub(super) fn named(&self) -> Result<Option<JetStream>, Failure> {
        let (Some(servers), Some(name)) = (&self.nats, &self.stream) else { return Ok(None) };
        let server = self.login.server(servers)?;
        server.check().map_err(|error| Failure::usage(format_args!("{server}: {error}")))?;
        Ok(Some(JetStream { server, name: name.clone() }))
    }
}

/// A stream of lines in JetStream.
#[derive(Debug)]
pub(super) struct JetStream {
    server: Nats,
    name: String,
}

impl JetStream {
    /// Calls `each` with the last so many lines, or all, and whether there are more at once; then, to `follow`, with each that
    /// is stored from now on.
    pub(super) fn each_line(
        &self,
        last: Option<u64>,
        follow: bool,
        mut each: impl FnMut(&str, bool) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(Failure::new)?.block_on(async {
            let mut messages =
                self.open(last, follow).await.map_err(|error| self.failed(&error))?;
            let mut begun = false;
            while let Some(messages) = &mut messages {
                let next = match begun || follow {
                    true => messages.next().await,
                    false => timeout(PATIENCE, messages.next())
                        .await
                        .map_err(|late| self.failed(&late))?,
                };
                let Some(message) = next else { break };
                let message = message.map_err(|error| self.failed(&error))?;
                let pending = message.info().map_err(|error| self.failed(&error))?.pending;
                begun = true;
                each(&String::from_utf8_lossy(&message.payload), pending > 0)?;
                if pending == 0 && !follow {
                    break;
                }
            }
            Ok(())
        })
    }

    /// The messages to read; `None` if there are none, and none are waited for.
    async fn open(
        &self,
        last: Option<u64>,
        follow: bool,
    ) -> Result<Option<jetstream::consumer::pull::Ordered>, async_nats::Error> {
        let client = self.server.options().await?.connect(self.server.addresses()?).await?;
        let stream = jetstream::new(client).get_stream(&self.name).await?;
        let state = &stream.cached_info().state;
        let first = match last {
            Some(last) => state.last_sequence.saturating_sub(last) + 1,
            None => 1,
        };
        if !follow && (first > state.last_sequence || state.messages == 0) {
            return Ok(None);
        }
        let config = OrderedConfig {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: first },
            ..OrderedConfig::default()
        };
        Ok(Some(stream.create_consumer(config).await?.messages().await?))
    }

    fn failed(&self, error: &dyn fmt::Display) -> Failure {
        Failure::new(format_args!("cannot read {self}: {error}"))
    }
}

impl fmt::Display for JetStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the stream {} at {}", self.name, self.server)
    }
}
