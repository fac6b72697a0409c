use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use async_nats::{
    Client, Event,
    jetstream::{self, stream},
};
use tokio::sync::watch;

use super::{feed::Feed, flight::Flight};
use crate::nats::Nats;

/// Publishes each line to JetStream, and counts it as arrived when the server has stored it.
///
/// One connection carries what is sent, in order. When it breaks, or anything is not acknowledged, it is given up, and a new one
/// begins with the first line that was not. The server drops what it stored already, by the id of the message.
pub(super) async fn forward(to: &Nats, feed: &mut Feed) -> io::Result<()> {
    let (client, mut trouble) = connect(to).await?;
    if let Some(name) = &to.create_stream {
        create(to, name, client.clone()).await?;
    }
    let mut flight = Flight::new(client, to).await?;
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
            answer = flight.answer(), if !flight.is_empty() => flight.take(answer?, feed)?,
            _ = trouble.changed() => return Err(io::Error::other(trouble.borrow().clone())),
            more = feed.more(), if idle => ended = !more?,
        }
    }
}

/// One connection, and a receiver that changes when it is of no more use.
async fn connect(to: &Nats) -> io::Result<(Client, watch::Receiver<String>)> {
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
    Ok((client, trouble))
}

async fn create(to: &Nats, name: &str, client: Client) -> io::Result<()> {
    let config = stream::Config {
        name: name.to_owned(),
        subjects: vec![format!("{}.>", to.prefix)],
        duplicate_window: to.duplicate_window,
        num_replicas: to.replicas,
        ..stream::Config::default()
    };
    let made = jetstream::new(client).get_or_create_stream(config).await;
    made.map(drop)
        .map_err(|error| io::Error::other(format!("cannot create the stream {name}: {error}")))
}
