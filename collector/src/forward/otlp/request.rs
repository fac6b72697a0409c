use std::collections::HashMap;

use bytes::Bytes;
use prost::Message;

use super::record::Record;

/// What is sent at once: the messages `ExportLogsServiceRequest` and `ExportTraceServiceRequest`, which differ only in what their
/// records are. A message within a message and its bytes are the same: so the parts are encoded once, however often they are sent.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Request {
    #[prost(message, repeated, tag = "1")]
    resources: Vec<OfResource>,
}

/// `ResourceLogs` or `ResourceSpans`.
#[derive(Clone, PartialEq, Message)]
struct OfResource {
    #[prost(bytes = "bytes", tag = "1")]
    resource: Bytes,
    #[prost(message, repeated, tag = "2")]
    scopes: Vec<OfScope>,
}

/// `ScopeLogs` or `ScopeSpans`.
#[derive(Clone, PartialEq, Message)]
struct OfScope {
    #[prost(bytes = "bytes", tag = "1")]
    scope: Bytes,
    #[prost(bytes = "bytes", repeated, tag = "2")]
    records: Vec<Bytes>,
}

impl Request {
    /// With these records, those of one resource and one scope together and in their order.
    pub(super) fn of<'r>(records: impl IntoIterator<Item = &'r Record>) -> Self {
        let mut request = Self::default();
        let mut known: HashMap<(&Bytes, &Bytes), (usize, usize)> = HashMap::new();
        let mut of_resource: HashMap<&Bytes, usize> = HashMap::new();
        for Record { resource, scope, bytes, .. } in records {
            let (at, within) = *known.entry((resource, scope)).or_insert_with(|| {
                let at = *of_resource.entry(resource).or_insert_with(|| {
                    request
                        .resources
                        .push(OfResource { resource: resource.clone(), scopes: Vec::new() });
                    request.resources.len() - 1
                });
                let scopes = &mut request.resources[at].scopes;
                scopes.push(OfScope { scope: scope.clone(), records: Vec::new() });
                (at, scopes.len() - 1)
            });
            request.resources[at].scopes[within].records.push(bytes.clone());
        }
        request
    }

    /// At most what `record` adds to the length of a request.
    pub(super) fn share(record: &Record) -> usize {
        // Each of its parts has a tag and a length, and so have the two groups that it may be the first of.
        const FRAMES: usize = 5 * 6;
        record.resource.len() + record.scope.len() + record.bytes.len() + FRAMES
    }
}
