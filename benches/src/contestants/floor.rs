use std::hint::black_box;

use super::{Contestant, by_hand::ByHand, stamp::Stamp};
use crate::{Target, Work};

/// A clock read, its timestamp, and a copy of the rest of the line, which is known: less cannot be done.
pub(super) struct Floor {
    target: Target,
    /// What follows the timestamp, for each sort of work.
    rest: [Vec<u8>; Work::ALL.len()],
}

impl Floor {
    pub(super) fn new(target: &Target) -> Floor {
        let rest = Work::ALL.map(|work| {
            let memory = Target::memory();
            ByHand::new(&memory).run(work, 1);
            memory.lines().first().map(|line| line.as_bytes()[41..].to_vec()).unwrap_or_default()
        });
        Floor { target: target.clone(), rest }
    }
}

impl Contestant for Floor {
    fn name(&self) -> &'static str {
        "floor"
    }

    fn remark(&self) -> &'static str {
        "the line by hand, of which all but the timestamp is a constant"
    }

    fn can(&self, work: Work) -> bool {
        work != Work::Off
    }

    fn run(&self, work: Work, times: u64) {
        let mut stamp = Stamp::new();
        let mut line = Vec::with_capacity(1024);
        for _ in 0..times * work.lines() as u64 {
            let rest = black_box(&self.rest[work as usize]);
            line.clear();
            line.extend_from_slice(b"{\"timestamp\":\"");
            line.extend_from_slice(stamp.now());
            line.extend_from_slice(rest);
            self.target.take(&line);
        }
    }
}
