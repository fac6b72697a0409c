//! One context over NATS: a publisher hands it to a subscriber in the headers of a message, and both write an event.
//!
//! `cargo run --example nats` needs a NATS server, at `NATS_URL` or else at `nats://127.0.0.1:4222`.

use std::{env, error::Error, process::ExitCode};

use async_nats::{Client, HeaderMap, Subscriber};
use futures_util::StreamExt;
use throughline::ctx::propagation::{Extractor, Injector};
use throughline::{Context, Logger, info};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// The headers of a NATS message, as a carrier.
#[derive(Default)]
pub(crate) struct NatsHeaders(pub(crate) HeaderMap);

impl Extractor for NatsHeaders {
    fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let named = self.0.iter().filter(|(other, _)| is_same(other, name));
        named.flat_map(|(_, values)| values.iter().map(|value| value.as_str().as_bytes()))
    }
}

impl Injector for NatsHeaders {
    fn set(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.0.insert(name, value);
    }

    fn remove(&mut self, name: &str) {
        for (other, values) in std::mem::take(&mut self.0).iter() {
            if !is_same(other, name) {
                values.iter().for_each(|value| self.0.append(other.clone(), value.clone()));
            }
        }
    }
}

/// Case does not count: clients in Go write `Traceparent`.
fn is_same(name: impl AsRef<str>, other: &str) -> bool {
    name.as_ref().eq_ignore_ascii_case(other)
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let url = env::var("NATS_URL").unwrap_or_else(|_| "nats://127.0.0.1:4222".to_owned());
    let client = match async_nats::connect(&url).await {
        Ok(client) => client,
        Err(error) => {
            eprintln!("No NATS server at {url}: {error}.");
            eprintln!("Start one (apt-get install nats-server; nats-server), or set NATS_URL.");
            return Ok(ExitCode::from(2));
        }
    };
    let subscriber = client.subscribe("throughline.example").await?;
    publish(&client).await?;
    receive(subscriber).await?;
    eprintln!("Next: the subscriber in a program of its own, and `throughline tail --request ID`.");
    Ok(ExitCode::SUCCESS)
}

async fn publish(client: &Client) -> Result {
    let log = Logger::builder("publisher").stdout().build();
    let mut headers = NatsHeaders::default();
    let call = Context::root().inject(&mut headers); // the message has a span of its own
    client.publish_with_headers("throughline.example", headers.0, "an order".into()).await?;
    info!(logger: log, &call, "order published");
    Ok(())
}

async fn receive(mut subscriber: Subscriber) -> Result {
    let log = Logger::builder("subscriber").stdout().build();
    let message = subscriber.next().await.ok_or("the connection ended")?;
    let ctx = Context::extract(&NatsHeaders(message.headers.unwrap_or_default()));
    info!(logger: log, &ctx, "order received", bytes = message.payload.len() as u64);
    Ok(())
}
