use std::collections::HashMap;

use super::{
    gap::Gaps,
    nest::{self, Nested},
    row,
};
use crate::{
    clock::Moment,
    tail::{
        Record, Style, clean,
        line::duration,
        style::{Paint, Painted},
    },
};

/// The widest that the column of services gets.
const MAX_SERVICE: usize = 20;

/// So deep the branches are drawn; what is deeper stands at that depth, with a mark.
const MAX_DEPTH: usize = 20;

/// All records of one request.
#[derive(Debug)]
pub(super) struct Request<'a> {
    id: &'a str,
    records: Vec<&'a Record>,
}

/// The requests of `records`, the earliest first.
pub(super) fn group(records: &[Record]) -> Vec<Request<'_>> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut requests: Vec<Request<'_>> = Vec::new();
    for record in records {
        let Some(id) = record.request_id() else {
            continue;
        };
        let place = *places.entry(id).or_insert(requests.len());
        if place == requests.len() {
            requests.push(Request { id, records: Vec::new() });
        }
        requests[place].records.push(record);
    }
    requests.sort_by_cached_key(|request| request.start().unwrap_or(i64::MAX));
    requests
}

impl Request<'_> {
    fn start(&self) -> Option<i64> {
        self.records.iter().filter_map(|record| record.start()).min()
    }

    pub(super) fn write(&self, style: &Style, out: &mut String) {
        let start = self.start();
        self.header(start).write(style, out);
        let services = self.records.iter().map(|r| clean(&r.service).chars().count());
        let service = services.max().unwrap_or(0).min(MAX_SERVICE);
        let mut prefix = Prefix::default();
        let mut gaps = start.map(|start| Gaps::new(start, self.end().unwrap_or(start)));
        nest::walk(&self.records, |nested| {
            let record = self.records[nested.record];
            let mut line = Painted::default();
            let offset = match (record.start(), start) {
                (Some(at), Some(start)) => duration(at.saturating_sub(start)),
                _ => "?".into(),
            };
            let took = record.span.as_ref().map(|span| duration(span.duration_us));
            line.push(Paint::Dim, format!("{offset:>9}"))
                .plain(format!(" {:>9}  ", took.unwrap_or_default()))
                .push(Paint::Cyan, format!("{:<service$}", clean(&record.service)))
                .plain("  ")
                .push(Paint::Dim, prefix.of(&nested));
            if let Some(gap) = gaps.as_mut().and_then(|gaps| gaps.before(&nested, record)) {
                line.push(Paint::Dim, format!("({} of silence) ", duration(gap)));
            }
            row::write(record, &mut line);
            line.write(style, out);
        });
    }

    fn end(&self) -> Option<i64> {
        self.records.iter().filter_map(|record| record.moment).max().map(|Moment(end)| end)
    }

    fn header(&self, start: Option<i64>) -> Painted {
        let mut line = Painted::default();
        line.push(Paint::Bold, format!("request {}", clean(self.id)));
        let mut traces: Vec<&str> = Vec::new();
        for record in &self.records {
            if let Some(trace) = record.in_context("trace_id")
                && !traces.contains(&trace)
                && traces.len() < 4
            {
                traces.push(trace);
            }
        }
        for (at, trace) in traces.iter().enumerate() {
            line.push(Paint::Dim, if at == 0 { "  trace " } else { ", " }).plain(clean(trace));
        }
        if let Some(start) = start {
            let end = self.end().unwrap_or(start);
            let began = Moment(start);
            line.push(Paint::Bold, format!("  {}", duration(end.saturating_sub(start))))
                .push(Paint::Dim, format!(" from {} {}", began.date(), began.time()));
        }
        line
    }
}

/// The branches to the left of a row.
#[derive(Debug, Default)]
struct Prefix {
    /// For each depth above the current one, whether the branch there has ended.
    ended: Vec<bool>,
}

impl Prefix {
    fn of(&mut self, nested: &Nested) -> String {
        self.ended.truncate(nested.depth);
        self.ended.push(nested.last);
        let mut out = String::new();
        // The first depth has no branch: there is nothing above it.
        let (Some(own), Some(above)) =
            (self.ended.get(1..).and_then(<[bool]>::last), self.ended.get(1..self.ended.len() - 1))
        else {
            return out;
        };
        for ended in above.iter().take(MAX_DEPTH) {
            out.push_str(if *ended { "   " } else { "│  " });
        }
        if above.len() > MAX_DEPTH {
            out.push('⋯');
        }
        out.push_str(if *own { "└─ " } else { "├─ " });
        out
    }
}
