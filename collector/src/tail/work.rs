use super::Record;

/// What a call was, in a few words.
#[derive(Debug)]
pub(super) struct Work {
    what: String,
}

/// The fields that are said with that, or that are not worth their room beside it.
const SAID: &[&str] = &[
    "http.request.method",
    "http.response.status_code",
    "http.request.body.size",
    "http.response.body.size",
    "rpc.method",
    "rpc.status_code",
    "server.address",
    "server.port",
    "url.path",
];

impl Work {
    /// The call that `record`, a span, reports: one that its service handled, or one that it made. What was handled is told by the context, and
    /// what was called by the fields, since the context is that of the caller.
    pub(super) fn of(record: &Record) -> Option<Self> {
        let arrow = match record.event.as_str() {
            "server.request" => "",
            "client.request" => "→ ",
            _ => return None,
        };
        let find = |name| {
            if arrow.is_empty() { record.in_context(name) } else { record.field(name) }
        };
        let (method, place, status) = match find("rpc.method") {
            Some(method) => (method, "", record.field("rpc.status_code")),
            None => {
                let status = record.field("http.response.status_code");
                (find("http.request.method")?, find("url.path").unwrap_or_default(), status)
            }
        };
        let mut what = format!("{arrow}{method}");
        if !place.is_empty() {
            let host = record.field("server.address").unwrap_or_default();
            what.push_str(&format!(" {host}{place}"));
        }
        if let Some(status) = status {
            what.push_str(&format!(" {status}"));
        }
        Some(Self { what })
    }

    /// For example `POST /login 401`.
    pub(super) fn what(&self) -> &str {
        &self.what
    }

    /// Whether this field of a span is said already: by the call, if it is one, or by the outcome.
    pub(super) fn is_said(this: &Option<Self>, record: &Record, name: &str, value: &str) -> bool {
        let Some(work) = this else { return false };
        let outcome = record.span.as_ref().map_or("", |span| &span.outcome);
        SAID.contains(&name)
            || name == "error.type" && (value == outcome || work.what.ends_with(value))
    }
}
