use std::{collections::VecDeque, io, time::Duration};

use async_nats::{
    Client, HeaderMap, Message, StatusCode, Subscriber,
    client::PublishErrorKind,
    header::NATS_MESSAGE_ID,
    jetstream::{self, ErrorCode},
};
use futures_util::StreamExt;
use serde::Deserialize;
use tokio::time::timeout;

use super::{
    feed::{Arrived, Feed, Place},
    lines::{Line, Lines},
    progress::Loss,
    subject,
};
use crate::nats::Nats;

/// How many bytes may be under way.
const WINDOW_BYTES: usize = 8 << 20;

/// How long the server may go without acknowledging anything that is under way.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is under way to JetStream over one connection.
///
/// All acknowledgements come over one subscription, and the last token of the subject says of which message: to wait for each
/// as the answer to a request of its own costs more than all the rest.
pub(super) struct Flight<'a> {
    to: &'a Nats,
    client: Client,
    inbox: String,
    acks: Subscriber,
    waiting: VecDeque<Sent>,
    bytes: usize,
    /// The number of the first message that waits.
    first: u64,
    /// How many lines of its run, all before it, were too large.
    lost: u64,
    lines: Lines,
    subject: String,
}

/// A message that was sent.
struct Sent {
    state: State,
    place: Place,
    bytes: usize,
    /// What has arrived with it, if it is the last of a run.
    arrived: Option<Arrived>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Stored,
    /// The server does not take it, and never will.
    TooLarge,
}

impl<'a> Flight<'a> {
    pub(super) async fn new(client: Client, to: &'a Nats) -> io::Result<Self> {
        let inbox = client.new_inbox();
        let acks = client.subscribe(format!("{inbox}.*")).await.map_err(io::Error::other)?;
        Ok(Self {
            to,
            client,
            inbox,
            acks,
            waiting: VecDeque::new(),
            bytes: 0,
            first: 0,
            lost: 0,
            lines: Lines::default(),
            subject: String::new(),
        })
    }

    pub(super) fn has_room(&self) -> bool {
        self.waiting.len() < self.to.window && self.bytes < WINDOW_BYTES
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Sends the next line. Returns whether there was one.
    pub(super) async fn send(&mut self, feed: &mut Feed) -> io::Result<bool> {
        let Some(line) = self.lines.next(feed)? else { return Ok(false) };
        let mut headers = HeaderMap::new();
        headers.insert(NATS_MESSAGE_ID, line.id());
        let Line { bytes: line, place, arrived, .. } = line;
        subject::write(&self.to.prefix, &line, &mut self.subject);
        let reply = format!("{}.{}", self.inbox, self.first + self.waiting.len() as u64);
        let (bytes, subject) = (line.len(), self.subject.clone());
        let sent = self.client.publish_with_reply_and_headers(subject, reply, headers, line).await;
        let state = match sent {
            Ok(()) => State::Waiting,
            Err(error) if error.kind() == PublishErrorKind::MaxPayloadExceeded => State::TooLarge,
            Err(error) => return Err(io::Error::other(error)),
        };
        self.bytes += bytes;
        self.waiting.push_back(Sent { state, place, bytes, arrived });
        self.land(feed)?;
        Ok(true)
    }

    /// The next answer of the server. Nothing is lost if this is dropped before it is ready.
    pub(super) async fn answer(&mut self) -> io::Result<Message> {
        match timeout(PATIENCE, self.acks.next()).await {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(io::Error::other("the connection was lost")),
            Err(_) => Err(io::Error::other("the server does not acknowledge")),
        }
    }

    /// Takes note of an answer.
    pub(super) fn take(&mut self, answer: Message, feed: &mut Feed) -> io::Result<()> {
        let number = answer.subject.strip_prefix(self.inbox.as_str());
        let number = number.and_then(|rest| rest.strip_prefix('.')?.parse::<u64>().ok());
        let index = number.and_then(|number| number.checked_sub(self.first));
        let sent = index.and_then(|index| self.waiting.get_mut(usize::try_from(index).ok()?));
        let Some(sent) = sent else { return Ok(()) };
        if answer.status == Some(StatusCode::NO_RESPONDERS) {
            return Err(io::Error::other(format!(
                "no stream takes the subjects {}.>: make one, or have it made with --nats-create-stream",
                self.to.prefix
            )));
        }
        let ack: Ack = serde_json::from_slice(&answer.payload)?;
        sent.state = match ack.error {
            None => State::Stored,
            Some(error) if error.error_code() == ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM => {
                State::TooLarge
            }
            Some(error) => return Err(io::Error::other(error)),
        };
        self.land(feed)
    }

    /// Takes off what is done, in order.
    fn land(&mut self, feed: &mut Feed) -> io::Result<()> {
        while self.waiting.front().is_some_and(|sent| sent.state != State::Waiting)
            && let Some(sent) = self.waiting.pop_front()
        {
            self.bytes -= sent.bytes;
            self.first += 1;
            if sent.state == State::TooLarge {
                self.lost += 1;
                let bytes = sent.bytes as u64;
                feed.lose(sent.place, Loss { reason: "too_large", lines: 1, bytes })?;
            }
            if let Some(mut arrived) = sent.arrived {
                arrived.lines -= std::mem::take(&mut self.lost);
                feed.arrived(arrived)?;
            }
        }
        Ok(())
    }
}

/// What JetStream answers to a message.
#[derive(Deserialize)]
struct Ack {
    error: Option<jetstream::Error>,
}
