//! Forwarding to an endpoint of OpenTelemetry's protocol (OTLP). `spec/otlp.md` says what a line becomes, and
//! `spec/forwarding.md` what happens to what an endpoint does not take.

mod answer;
mod attributes;
mod batch;
mod delivery;
mod endpoint;
mod grpc;
mod http;
mod json;
mod line;
mod log;
mod names;
mod record;
mod request;
mod span;
#[cfg(test)]
mod tests;
mod tls;
mod value;

use std::{io, time::Duration};

use tokio::{
    join,
    time::{Instant, sleep_until},
};

use super::feed::Feed;
use crate::otlp::Otlp;
use batch::{Batch, Batches};
use delivery::deliver;
use endpoint::Endpoint;
use record::{Mapper, Signal};

/// How often something is sent at most, unless it is full: what comes meanwhile goes together.
const LINGER: Duration = Duration::from_millis(50);

/// Sends lines as records, and counts them as arrived when the endpoint has taken them.
///
/// One request is under way at a time, so that records arrive in the order of the lines. If there is much to send, the next one is
/// prepared meanwhile.
pub(super) async fn forward(to: &Otlp, feed: &mut Feed) -> io::Result<()> {
    let mut endpoint = Endpoint::new(to)?;
    let mut batches = Batches::new(Mapper::new(to.logs_only));
    let mut batch = Batch::default();
    loop {
        let (start, limit) = (Instant::now(), endpoint.limit);
        batches.fill(&mut batch, limit, feed).await?;
        if batch.is_empty() {
            feed.settle()?;
            if !feed.more().await? {
                return Ok(());
            }
            continue;
        }
        let full = batch.is_full(limit);
        let mut next = Batch::default();
        let prepare =
            async { if full { batches.fill(&mut next, limit, feed).await } else { Ok(()) } };
        let (delivered, prepared) = join!(deliver_all(&mut endpoint, &mut batch), prepare);
        delivered?;
        batches.landed(batch, feed)?;
        prepared?;
        if !full && !feed.has_ended() {
            sleep_until(start + LINGER).await;
        }
        batch = next;
    }
}

/// Delivers the spans first: whoever receives them twice knows them by their ids.
async fn deliver_all(endpoint: &mut Endpoint<'_>, batch: &mut Batch) -> io::Result<()> {
    deliver(endpoint, Signal::Traces, batch).await?;
    deliver(endpoint, Signal::Logs, batch).await
}
