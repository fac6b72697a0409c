use std::collections::VecDeque;
use std::sync::Arc;

use super::HoldWriter;
use crate::{Context, random};

/// Lines in order, and whose they are. Those that are still there when it is dropped have vanished.
#[derive(Default)]
pub(super) struct Buffer {
    /// Which process holds the lines: how many forks lie before it.
    process: u32,
    lines: VecDeque<Line>,
    bytes: VecDeque<u8>,
    shares: Vec<Share>,
}

struct Line {
    len: usize,
    severity: u8,
    /// Whose it is: the place of a share.
    share: u32,
}

/// What is held of one writer. There are as many as there are writers: mostly one.
struct Share {
    writer: Arc<dyn HoldWriter>,
    held: u64,
    dropped: u64,
}

impl Buffer {
    pub(super) const fn new() -> Buffer {
        Buffer { process: 0, lines: VecDeque::new(), bytes: VecDeque::new(), shares: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Adds a line, for which the oldest make room.
    pub(super) fn push<W: HoldWriter>(
        &mut self,
        max_bytes: usize,
        severity: u8,
        writer: &Arc<W>,
        line: &[u8],
    ) {
        if self.shares.is_empty() {
            self.process = random::forks();
        } else {
            self.leave_to_parent();
        }
        let index = self.share_of(writer);
        if size(1, line.len()) > max_bytes {
            self.shares[index].dropped += 1;
            return;
        }
        while size(self.lines.len() + 1, self.bytes.len() + line.len()) > max_bytes
            && let Some(oldest) = self.lines.pop_front()
        {
            self.bytes.drain(..oldest.len);
            let share = &mut self.shares[oldest.share as usize];
            share.held -= 1;
            share.dropped += 1;
        }
        self.bytes.extend(line);
        self.lines.push_back(Line { len: line.len(), severity, share: index as u32 });
        self.shares[index].held += 1;
    }

    /// In a forked child, forgets what was held before the fork: it is the parent's to write, or to count.
    fn leave_to_parent(&mut self) {
        if self.process != random::forks() {
            self.lines.clear();
            self.bytes.clear();
            for share in &mut self.shares {
                (share.held, share.dropped) = (0, 0);
            }
            self.process = random::forks();
        }
    }

    /// Hands the lines to those who wrote them, for the request of this context, if it is known.
    pub(super) fn write(mut self, ctx: Option<&Context>) {
        self.leave_to_parent();
        let mut bytes = &*self.bytes.make_contiguous();
        while let Some(Line { len, severity, share }) = self.lines.pop_front() {
            let (line, rest) = bytes.split_at(len);
            bytes = rest;
            let share = &mut self.shares[share as usize];
            share.writer.write(severity, line);
            share.held -= 1;
        }
        for share in &mut self.shares {
            match std::mem::take(&mut share.dropped) {
                0 => {}
                dropped => share.writer.dropped(dropped, ctx),
            }
        }
    }

    fn share_of<W: HoldWriter>(&mut self, writer: &Arc<W>) -> usize {
        let is_its =
            |share: &Share| std::ptr::addr_eq(Arc::as_ptr(&share.writer), Arc::as_ptr(writer));
        self.shares.iter().position(is_its).unwrap_or_else(|| {
            self.shares.push(Share { writer: writer.clone(), held: 0, dropped: 0 });
            self.shares.len() - 1
        })
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.leave_to_parent();
        for share in &self.shares {
            match share.held + share.dropped {
                0 => {}
                vanished => share.writer.vanished(vanished),
            }
        }
    }
}

/// What so many lines of so many bytes count for, so that empty ones are bounded as well.
fn size(lines: usize, bytes: usize) -> usize {
    lines * 16 + bytes
}
