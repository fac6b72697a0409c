use std::collections::HashMap;

use crate::tail::Record;

/// A record's place in the tree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Nested {
    /// Its index.
    pub(super) record: usize,
    pub(super) depth: usize,
    /// Whether it is the last one under its parent.
    pub(super) last: bool,
}

/// Visits the records from the top of the tree to the bottom, siblings in the order of their start.
pub(super) fn walk(records: &[&Record], mut visit: impl FnMut(Nested)) {
    let parents = without_cycles(parents(records));
    let mut order: Vec<usize> = (0..records.len()).collect();
    order.sort_by_cached_key(|&at| records[at].start().unwrap_or(i64::MAX));
    let mut top = Vec::new();
    let mut children = vec![Vec::new(); records.len()];
    for at in order {
        match parents[at] {
            Some(parent) => children[parent].push(at),
            None => top.push(at),
        }
    }
    let mut waiting = Vec::new();
    wait(&mut waiting, &top, 0);
    while let Some(nested) = waiting.pop() {
        visit(nested);
        wait(&mut waiting, &children[nested.record], nested.depth + 1);
    }
}

/// Puts siblings on the stack so that the first is taken first.
fn wait(waiting: &mut Vec<Nested>, siblings: &[usize], depth: usize) {
    let backwards = siblings.iter().rev().enumerate();
    waiting.extend(backwards.map(|(from_end, &record)| Nested {
        record,
        depth,
        last: from_end == 0,
    }));
}

/// For each record the span that it stands under: the nearest above it that is among the records.
fn parents(records: &[&Record]) -> Vec<Option<usize>> {
    let mut spans = HashMap::new();
    // What any record says about what stands above its span, spans first, since theirs is the last word.
    let mut above = HashMap::new();
    let is_span = |record: &Record| record.span.is_some();
    let in_turn = records.iter().enumerate();
    let (first, then): (Vec<_>, Vec<_>) = in_turn.partition(|(_, record)| is_span(record));
    for (at, record) in first.into_iter().chain(then) {
        if let Some(id) = record.in_context("span_id") {
            if is_span(record) {
                spans.entry(id).or_insert(at);
            }
            if let Some(parent) = record.in_context("parent_span_id") {
                above.entry(id).or_insert(parent);
            }
        }
    }
    let mut nearest: HashMap<&str, Option<usize>> = HashMap::new();
    let mut find = |id: &str| {
        let mut id = above.get_key_value(id).map_or(id, |(id, _)| id);
        let mut passed = Vec::new();
        let found = loop {
            if let Some(&span) = spans.get(id) {
                break Some(span);
            }
            if let Some(&known) = nearest.get(id) {
                break known;
            }
            let Some((known_id, parent)) = above.get_key_value(id) else {
                break None;
            };
            // Coming back to it means that there is nothing to be found.
            nearest.insert(known_id, None);
            passed.push(*known_id);
            id = parent;
        };
        for id in passed {
            nearest.insert(id, found);
        }
        found
    };
    let mut place = |(at, record): (usize, &&Record)| {
        let id = match is_span(record) {
            true => record.in_context("parent_span_id"),
            false => record.in_context("span_id"),
        };
        id.and_then(&mut find).filter(|parent| *parent != at)
    };
    records.iter().enumerate().map(&mut place).collect()
}

/// Takes the parent from one record of each cycle.
fn without_cycles(mut parents: Vec<Option<usize>>) -> Vec<Option<usize>> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        Not,
        Now,
        Before,
    }
    let mut seen = vec![Seen::Not; parents.len()];
    for begin in 0..parents.len() {
        let mut path = Vec::new();
        let mut at = begin;
        while seen[at] == Seen::Not {
            seen[at] = Seen::Now;
            path.push(at);
            let Some(parent) = parents[at] else {
                break;
            };
            if seen[parent] == Seen::Now {
                parents[at] = None;
                break;
            }
            at = parent;
        }
        for at in path {
            seen[at] = Seen::Before;
        }
    }
    parents
}
