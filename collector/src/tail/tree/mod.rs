//! Requests as trees: what was done for each, where, in which order, how long it took, and what went wrong.

mod gap;
mod nest;
mod request;
mod row;

use super::{Record, Style};

/// Shows each request that `records` belong to, with all that happened in it, over all services.
///
/// Units of work stand under the one that caused them, and what was logged stands under the unit of work within which it
/// was. Before a record stands for how long nothing was said, and no work within went on, if that is a fifth of the request. What belongs to a unit of work that is not among the records is shown under the nearest one that is. Records
/// without a request are left out.
///
/// ```
/// use throughline_collector::tail::{Record, Style, tree};
///
/// let lines = [
///     r#"{"timestamp":"2026-11-21T09:28:31.020000Z","level":"ERROR","event":"user.login_failed","message":"User login failed","service":{"name":"accounts"},"context":{"id":"r1","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"b7ad6b7169203331"},"attempts":3}"#,
///     r#"{"timestamp":"2026-11-21T09:28:31.042000Z","level":"INFO","event":"server.request","kind":"span","message":"","service":{"name":"accounts"},"context":{"id":"r1","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"b7ad6b7169203331","http.request.method":"POST","url.path":"/login"},"duration_us":42000,"outcome":"ok","http.response.status_code":401}"#,
/// ];
/// let records: Vec<_> = lines.iter().map(|line| Record::parse(line)).collect::<Result<_, _>>()?;
/// assert_eq!(
///     tree::render(&records, &Style::plain()),
///     "\
/// request r1  trace 4bf92f3577b34da6a3ce929d0e0e4736  42.0ms from 2026-11-21 09:28:31.000
///       0µs    42.0ms  accounts  POST /login 401
///    20.0ms            accounts  └─ (20.0ms of silence) ✗ user.login_failed  User login failed  attempts=3
/// "
/// );
/// # Ok::<(), throughline_collector::tail::ParseError>(())
/// ```
pub fn render(records: &[Record], style: &Style) -> String {
    let mut out = String::new();
    for request in request::group(records) {
        if !out.is_empty() {
            out.push('\n');
        }
        request.write(style, &mut out);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(members: &str, context: &str) -> Record {
        let line = format!(
            r#"{{"timestamp":"2026-11-21T09:28:31Z","level":"INFO","event":"a","message":"","service":{{"name":"s"}},"context":{{"id":"r"{context}}}{members}}}"#
        );
        Record::parse(&line).unwrap()
    }

    fn span(id: &str, parent: &str) -> Record {
        record(
            r#","kind":"span","duration_us":1000,"outcome":"ok""#,
            &format!(r#","span_id":"{id}","parent_span_id":"{parent}""#),
        )
    }

    #[test]
    fn no_links_between_spans_make_it_hang_or_lose_one() {
        let records = [
            span("a", "b"),
            span("b", "c"),
            span("c", "a"),
            span("x", "x"),
            span("d", "c"),
            span("d", "a"),
        ];
        let out = render(&records, &Style::plain());
        assert_eq!(out.lines().count(), 1 + records.len(), "{out}");
    }

    #[test]
    fn a_hundred_thousand_records_in_any_shape_are_shown() {
        let chain = |at: usize| span(&at.to_string(), &(at + 1).to_string());
        let gone =
            |at: usize| record("", &format!(r#","span_id":"{at}","parent_span_id":"{}""#, at + 1));
        let shapes: [&dyn Fn(usize) -> Record; 4] =
            [&chain, &gone, &|_| span("same", "same"), &|at| span(&at.to_string(), "root")];
        for shape in shapes {
            let records: Vec<_> = (0..100_000).map(shape).collect();
            let out = render(&records, &Style::plain());
            assert_eq!(out.lines().count(), 100_001);
        }
    }

    #[test]
    fn each_request_has_its_own_tree() {
        let mut other = span("a", "b");
        other.context[0].1 = crate::tail::value::Value::Text("other".into());
        let mut none = span("a", "b");
        none.context.clear();
        let out = render(&[span("a", "b"), other, none], &Style::plain());
        let headers = out.lines().filter(|line| line.starts_with("request"));
        assert_eq!(headers.count(), 2, "{out}");
    }

    #[test]
    fn nothing_is_an_empty_text() {
        assert_eq!(render(&[], &Style::plain()), "");
    }
}
