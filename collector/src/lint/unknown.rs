use std::collections::BTreeMap;

/// So many are told apart: lines that are made up cannot use up the memory.
const MOST: usize = 1000;

/// Events that nobody declared, counted.
#[derive(Debug, Default)]
pub(super) struct Unknown {
    counts: BTreeMap<String, u64>,
    others: u64,
}

impl Unknown {
    pub(super) fn count(&mut self, event: &str) {
        if let Some(count) = self.counts.get_mut(event) {
            *count += 1;
        } else if self.counts.len() < MOST {
            self.counts.insert(event.to_owned(), 1);
        } else {
            self.others += 1;
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        let others = (self.others > 0).then_some(("", self.others));
        self.counts.iter().map(|(event, count)| (event.as_str(), *count)).chain(others)
    }
}
