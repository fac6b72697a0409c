use std::io;

use bytes::Bytes;

use super::{
    feed::{Arrived, Feed, Place},
    source::Run,
};
use crate::stream::StreamId;

/// The lines of a feed, one by one.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The run that is being read, what is left of it, and the offset of that.
    run: Option<Run>,
    rest: Bytes,
    offset: u64,
}

/// A line, and where it is from.
#[derive(Debug)]
pub(super) struct Line {
    /// Without its line feed.
    pub(super) bytes: Bytes,
    pub(super) stream: StreamId,
    pub(super) place: Place,
    /// What has arrived with it, if it is the last of its run.
    pub(super) arrived: Option<Arrived>,
}

impl Lines {
    /// The next line, if there is one now.
    pub(super) fn next(&mut self, feed: &mut Feed) -> io::Result<Option<Line>> {
        if self.rest.is_empty() {
            let Some(run) = feed.next()? else { return Ok(None) };
            (self.rest, self.offset) = (run.bytes.clone(), run.start);
            self.run = Some(run);
        }
        let Some(run) = &self.run else { return Ok(None) };
        let end = memchr::memchr(b'\n', &self.rest).map_or(self.rest.len(), |at| at + 1);
        let whole = self.rest.split_to(end);
        let bytes = whole.slice(..whole.strip_suffix(b"\n").unwrap_or(&whole).len());
        let (stream, place) = (run.stream, (run.after, self.offset));
        self.offset += whole.len() as u64;
        let arrived = self.rest.is_empty().then(|| Arrived::from(run));
        Ok(Some(Line { bytes, stream, place, arrived }))
    }
}

impl Line {
    /// What identifies it for good: `STREAM:OFFSET`.
    pub(super) fn id(&self) -> String {
        let (_, offset) = self.place;
        format!("{}:{offset}", self.stream)
    }
}
