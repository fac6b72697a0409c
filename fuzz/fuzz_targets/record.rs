//! Whatever was stored, it can be shown, and nothing that is shown steers a terminal.

#![no_main]

use arbitrary::{Arbitrary, Unstructured};
use libfuzzer_sys::fuzz_target;
use throughline_collector::tail::{Record, Style, tree};

fuzz_target!(|data: &[u8]| {
    // Lines as they are, and lines that are events: few of the first get past the parser.
    let text = String::from_utf8_lossy(data);
    let mut records: Vec<Record> =
        text.lines().filter_map(|line| Record::parse(line).ok()).collect();
    if let Ok(events) = Vec::<Event>::arbitrary_take_rest(Unstructured::new(data)) {
        let lines = events.iter().map(Event::line);
        records.extend(lines.map(|line| Record::parse(&line).unwrap()));
    }
    shown(&records, &Style::plain());
    shown(&records, &Style::new(false, data.first().map(|width| usize::from(*width))));
});

fn shown(records: &[Record], style: &Style) {
    let shown = tree::render(records, style);
    let steers = |c: char| c.is_control() && c != '\n' || matches!(c, '\u{2028}'..='\u{202e}');
    assert!(!shown.contains(steers), "{shown:?}");
    let of_a_request = records.iter().filter(|record| record.request_id().is_some()).count();
    assert!(shown.lines().count() >= of_a_request, "{shown}");
}

/// An event that has what the tree looks at. Ids are few, so that they meet.
#[derive(Arbitrary, Debug)]
struct Event<'a> {
    second: u8,
    request: u8,
    span: u8,
    parent: Option<u8>,
    duration_us: Option<u64>,
    event: Name<'a>,
    level: &'a str,
    message: &'a str,
    service: &'a str,
    outcome: &'a str,
    field: (&'a str, &'a str),
    number: i64,
}

#[derive(Arbitrary, Debug)]
enum Name<'a> {
    Server,
    Client,
    Other(&'a str),
}

impl Event<'_> {
    fn line(&self) -> String {
        let event = match self.event {
            Name::Server => "server.request",
            Name::Client => "client.request",
            Name::Other(name) => name,
        };
        // An empty name or level is none, and such a line is no event.
        let mut line = serde_json::json!({
            "timestamp": format!("2026-11-21T09:28:{:02}.123456Z", self.second % 60),
            "level": if self.level.is_empty() { "INFO" } else { self.level },
            "event": if event.is_empty() { "log" } else { event },
            "version": 1,
            "message": self.message,
            "service": { "name": self.service },
            "context": {
                "id": format!("r{}", self.request % 4),
                "trace_id": self.message,
                "span_id": format!("s{}", self.span % 16),
                "http.request.method": self.field.1,
                "url.path": self.field.0,
            },
            "http.response.status_code": self.number,
        });
        if let Some(parent) = self.parent {
            line["context"]["parent_span_id"] = format!("s{}", parent % 16).into();
        }
        if let Some(duration_us) = self.duration_us {
            line["kind"] = "span".into();
            line["duration_us"] = duration_us.into();
            line["outcome"] = self.outcome.into();
        }
        if !line.as_object().is_some_and(|members| members.contains_key(self.field.0)) {
            line[self.field.0] = self.field.1.into();
        }
        line.to_string()
    }
}
