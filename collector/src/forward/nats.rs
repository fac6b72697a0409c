use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use async_nats::{
    Event, HeaderMap,
    header::NATS_MESSAGE_ID,
    jetstream::{
        self, Context, ErrorCode,
        context::{ContextBuilder, PublishError, PublishErrorKind, traits::Publisher},
        message::OutboundMessage,
        publish::PublishAck,
        stream,
    },
};
use bytes::Bytes;
use tokio::sync::watch;

use super::{
    feed::{Arrived, Feed},
    source::Run,
    subject,
};
use crate::nats::Nats;

/// How many bytes may be under way.
const WINDOW_BYTES: usize = 8 << 20;

/// How long the server may take to acknowledge.
const PATIENCE: Duration = Duration::from_secs(5);

/// Publishes each line to JetStream, and counts it as arrived when the server has stored it.
///
/// One connection carries what is sent, in order. When it breaks, or anything is not acknowledged, it is given up, and a new one
/// begins with the first line that was not. The server drops what it stored already, by the id of the message.
pub(super) async fn forward(to: &Nats, feed: &mut Feed) -> io::Result<()> {
    let (context, mut trouble) = connect(to).await?;
    if let Some(name) = &to.create_stream {
        create(to, name, &context).await?;
    }
    let mut flight = Flight::new(context, to);
    let mut ended = false;
    loop {
        while flight.has_room() && flight.send(feed).await? {}
        if flight.is_empty() {
            feed.settle()?;
            if ended {
                return Ok(());
            }
        }
        let idle = flight.has_room() && !ended;
        tokio::select! {
            biased;
            landed = flight.first(), if !flight.is_empty() => flight.land(landed, feed).await?,
            _ = trouble.changed() => return Err(io::Error::other(trouble.borrow().clone())),
            more = feed.more(), if idle => ended = !more?,
        }
    }
}

/// One connection, and a receiver that changes when it is of no more use.
async fn connect(to: &Nats) -> io::Result<(Context, watch::Receiver<String>)> {
    let (tell, trouble) = watch::channel(String::new());
    let connected = Arc::new(AtomicBool::new(false));
    let done = connected.clone();
    let options = to
        .options()
        .await?
        .event_callback(move |event| {
            match event {
                Event::Disconnected | Event::Closed => {
                    tell.send_replace("the connection was lost".into());
                }
                Event::ServerError(error) => {
                    tell.send_replace(error.to_string());
                }
                _ => {}
            }
            async {}
        })
        // What is queued for a lost connection must not go out before what was lost with it.
        .reconnect_delay_callback(move |_| match done.load(Relaxed) {
            true => Duration::MAX,
            false => Duration::ZERO,
        });
    let client = options.connect(to.addresses()?).await.map_err(io::Error::other)?;
    connected.store(true, Relaxed);
    let context = ContextBuilder::new().timeout(PATIENCE).max_ack_inflight(2 * to.window.max(1));
    Ok((context.build(client), trouble))
}

async fn create(to: &Nats, name: &str, context: &Context) -> io::Result<()> {
    let config = stream::Config {
        name: name.to_owned(),
        subjects: vec![format!("{}.>", to.prefix)],
        duplicate_window: to.duplicate_window,
        num_replicas: to.replicas,
        ..stream::Config::default()
    };
    let made = context.get_or_create_stream(config).await;
    made.map(drop)
        .map_err(|error| io::Error::other(format!("cannot create the stream {name}: {error}")))
}

type Ack = Pin<Box<dyn Future<Output = Result<PublishAck, PublishError>> + Send>>;

/// What is under way.
struct Flight<'a> {
    context: Context,
    to: &'a Nats,
    waiting: VecDeque<Waiting>,
    bytes: usize,
    /// What is left to send of the last run, and its offset.
    rest: Bytes,
    offset: u64,
    run: Option<Run>,
    subject: String,
}

/// A message that is not acknowledged.
struct Waiting {
    /// `None` for a line that was not sent at all.
    ack: Option<Ack>,
    bytes: usize,
    /// What has arrived with it, if it is the last of a run.
    arrived: Option<Arrived>,
}

impl<'a> Flight<'a> {
    fn new(context: Context, to: &'a Nats) -> Self {
        Self {
            context,
            to,
            waiting: VecDeque::new(),
            bytes: 0,
            rest: Bytes::new(),
            offset: 0,
            run: None,
            subject: String::new(),
        }
    }

    fn has_room(&self) -> bool {
        self.waiting.len() < self.to.window && self.bytes < WINDOW_BYTES
    }

    fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Sends the next line. Returns whether there was one.
    async fn send(&mut self, feed: &mut Feed) -> io::Result<bool> {
        if self.rest.is_empty() {
            let Some(run) = feed.next().await? else { return Ok(false) };
            (self.rest, self.offset) = (run.bytes.clone(), run.start);
            self.run = Some(run);
        }
        let end = memchr::memchr(b'\n', &self.rest).unwrap_or(self.rest.len());
        let line = self.rest.split_to(end);
        let feed_len = self.rest.len().min(1);
        let _ = self.rest.split_to(feed_len);
        let Some(run) = &self.run else { return Ok(false) };
        let arrived = self.rest.is_empty().then(|| Arrived::from(run));

        subject::write(&self.to.prefix, &line, &mut self.subject);
        let mut headers = HeaderMap::new();
        headers.insert(NATS_MESSAGE_ID, format!("{}:{}", run.stream, self.offset));
        let bytes = line.len();
        self.offset += (bytes + feed_len) as u64;
        let subject = self.subject.as_str().into();
        let message = OutboundMessage { subject, payload: line, headers: Some(headers) };
        let ack: Option<Ack> = match self.context.publish_message(message).await {
            Ok(ack) => Some(ack.into_future()),
            Err(error) if error.kind() == PublishErrorKind::MaxPayloadExceeded => {
                feed.drop("too_large", 1, bytes as u64).await?;
                None
            }
            Err(error) => return Err(io::Error::other(error)),
        };
        self.bytes += bytes;
        self.waiting.push_back(Waiting { ack, bytes, arrived });
        Ok(true)
    }

    /// What becomes of the message that waits longest. May be dropped and called again.
    async fn first(&mut self) -> Result<(), PublishError> {
        match self.waiting.front_mut() {
            Some(Waiting { ack: Some(ack), .. }) => ack.await.map(drop),
            _ => Ok(()),
        }
    }

    /// Takes note of what [`first`](Self::first) said.
    async fn land(&mut self, landed: Result<(), PublishError>, feed: &mut Feed) -> io::Result<()> {
        let Some(message) = self.waiting.pop_front() else { return Ok(()) };
        self.bytes -= message.bytes;
        match landed {
            Ok(()) => {}
            Err(error) if is_too_large(&error) => {
                feed.drop("too_large", 1, message.bytes as u64).await?;
            }
            Err(error) => return Err(self.explained(&error)),
        }
        message.arrived.map_or(Ok(()), |arrived| feed.arrived(arrived))
    }

    fn explained(&self, error: &PublishError) -> io::Error {
        io::Error::other(match error.kind() {
            PublishErrorKind::StreamNotFound => format!(
                "no stream takes the subjects {}.>: make one, or have it made with --nats-create-stream",
                self.to.prefix
            ),
            _ => error.to_string(),
        })
    }
}

/// Whether the stream takes no message of this size: then it never will.
fn is_too_large(error: &PublishError) -> bool {
    let source = std::error::Error::source(error);
    let error = source.and_then(|source| source.downcast_ref::<jetstream::Error>());
    error.is_some_and(|error| error.error_code() == ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM)
}
