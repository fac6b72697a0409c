use std::{collections::VecDeque, io};

use super::{
    answer::{Answer, Fault},
    batch::Batch,
    endpoint::Endpoint,
    record::Signal,
    request::Request,
};

/// After so many records, each refused by itself and none taken, it is not the records.
const TRIES: usize = 8;

/// The smallest limit, in bytes, that an endpoint's complaints lead to. Nobody means less.
const LEAST: usize = 64 << 10;

/// Sends the records of `batch`, and notes those that are refused for good.
///
/// A request that is refused is sent again in halves, so that one record does not take others along. Where the endpoint does not
/// say that it is for the records, it has to take one of them before others are given up.
///
/// # Errors
///
/// If the endpoint takes nothing now. What it took before is sent again.
pub(super) async fn deliver(
    endpoint: &mut Endpoint<'_>,
    signal: Signal,
    batch: &mut Batch,
) -> io::Result<()> {
    let records: Vec<_> =
        batch.records.iter().filter(|(_, record)| record.signal == signal).cloned().collect();
    if records.is_empty() {
        return Ok(());
    }
    let mut waiting = VecDeque::from([&records[..]]);
    let (mut taken, mut look_elsewhere) = (false, false);
    // The longest request that was taken, and whether one was too long.
    let (mut longest, mut too_large) = (0, false);
    let mut unclear = Vec::new();
    let mut complaint = String::new();
    loop {
        let next = if look_elsewhere { waiting.pop_front() } else { waiting.pop_back() };
        let Some(sent) = next else { break };
        look_elsewhere = false;
        let request = Request::of(sent.iter().map(|(_, record)| record));
        match endpoint.send(signal, request).await? {
            Answer::Taken { rejected, message } => {
                let rejected = rejected.min(sent.len() as u64);
                taken |= rejected < sent.len() as u64;
                longest = sent
                    .iter()
                    .map(|(_, record)| Request::share(record))
                    .sum::<usize>()
                    .max(longest);
                batch.rejected += rejected;
                if rejected > 0 || !message.is_empty() {
                    endpoint.say(format_args!("rejects {rejected} of {}: {message}", sent.len()));
                }
            }
            Answer::Refused { fault, .. } if sent.len() > 1 => {
                too_large |= fault == Fault::TooLarge;
                let (first, second) = sent.split_at(sent.len() / 2);
                waiting.extend([second, first]);
            }
            Answer::Refused { fault, message } => {
                let (line, record) = &sent[0];
                let (reason, sure) = match fault {
                    Fault::TooLarge => ("too_large", record.bytes.len() >= LEAST),
                    Fault::Content => ("refused", true),
                    Fault::Unclear => ("refused", false),
                };
                if sure || taken {
                    batch.lose(*line, reason);
                } else {
                    unclear.push((*line, reason));
                    look_elsewhere = true;
                    if unclear.len() >= TRIES {
                        return Err(io::Error::other(message));
                    }
                }
                complaint = message;
            }
        }
    }
    if too_large {
        endpoint.limit = endpoint.limit.min(longest).max(LEAST);
    }
    if !taken && !unclear.is_empty() {
        return Err(io::Error::other(complaint));
    }
    if !complaint.is_empty() {
        endpoint.say(format_args!("refuses an event: {complaint}"));
    }
    for (line, reason) in unclear {
        batch.lose(line, reason);
    }
    Ok(())
}
