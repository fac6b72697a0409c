use super::{
    Record, Style, clean,
    style::{Paint, Painted},
    value::Value,
    work::Work,
};

/// The widest that a column gets for the sake of alignment.
const MAX_SERVICE: usize = 20;
const MAX_EVENT: usize = 32;

/// Shows events, each on a line, in columns that widen as they need to.
#[derive(Debug)]
pub(crate) struct Lines {
    style: Style,
    ids: bool,
    service: usize,
    event: usize,
}

impl Lines {
    /// With `ids`, each line ends with the id of its request.
    pub(crate) fn new(style: Style, ids: bool) -> Self {
        Self { style, ids, service: 0, event: 0 }
    }

    /// Makes the columns wide enough for `record`.
    pub(crate) fn fit(&mut self, record: &Record) {
        let wide = |text: &str, max: usize| clean(text).chars().count().min(max);
        self.service = self.service.max(wide(&record.service, MAX_SERVICE));
        self.event = self.event.max(wide(&record.event, MAX_EVENT));
    }

    /// Appends the line of `record` to `out`.
    pub(crate) fn write(&mut self, record: &Record, out: &mut String) {
        self.fit(record);
        let (service, event) = (self.service, self.event);
        let level = record.level();
        let mut line = Painted::default();
        let time = match record.moment {
            Some(moment) => moment.time(),
            None => clean(&record.timestamp).into_owned(),
        };
        line.push(Paint::Dim, time).plain("  ");
        let (name, paint) = match level {
            Some(level) => (level.name().to_owned(), level.paint()),
            None => (clean(&record.level).into_owned(), Paint::Plain),
        };
        line.push(paint, format!("{name:<5}")).plain(" ");
        line.push(Paint::Cyan, format!("{:<service$}", clean(&record.service))).plain("  ");
        line.push(Paint::Bold, format!("{:<event$}", clean(&record.event)));
        let work = record.span.as_ref().and_then(|_| Work::of(record));
        if let Some(work) = &work {
            line.plain("  ").push(Paint::Bold, clean(work.what()));
        }
        if work.is_none() && !record.message.is_empty() {
            line.plain("  ").plain(clean(&record.message));
        }
        line.plain(" ");
        if let Some(span) = &record.span {
            line.push(Paint::Dim, " duration=").plain(duration(span.duration_us));
            let failed = !matches!(span.outcome.as_str(), "ok" | "");
            line.push(Paint::Dim, " outcome=")
                .push(if failed { Paint::Red } else { Paint::Plain }, clean(&span.outcome));
        }
        fields(&mut line, &record.fields, |name, value| !Work::is_said(&work, record, name, value));
        if let (true, Some(id)) = (self.ids, record.request_id()) {
            line.push(Paint::Dim, format!("  request={}", clean(id)));
        }
        line.write(&self.style, out);
    }

    /// Appends a line that is no event, as it stands.
    pub(crate) fn write_raw(&self, raw: &str, out: &mut String) {
        let mut line = Painted::default();
        line.plain(clean(raw));
        line.write(&self.style, out);
    }
}

/// Each field for which `wanted` holds, after a blank.
pub(super) fn fields(
    line: &mut Painted,
    fields: &[(String, Value)],
    wanted: impl Fn(&str, &str) -> bool,
) {
    for (name, value) in fields.iter().filter(|(name, value)| wanted(name, value.as_str())) {
        line.push(Paint::Dim, format!(" {}=", clean(name))).plain(value.shown());
    }
}

/// Microseconds, in the unit that reads best.
pub(super) fn duration(micros: i64) -> String {
    let millis = micros as f64 / 1e3;
    if micros < 1000 {
        format!("{micros}µs")
    } else if millis < 10_000.0 {
        format!("{millis:.1}ms")
    } else {
        format!("{:.1}s", millis / 1e3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(lines: &[&str]) -> String {
        let mut out = String::new();
        let mut columns = Lines::new(Style::plain(), false);
        for line in lines {
            columns.write(&Record::parse(line).unwrap(), &mut out);
        }
        out
    }

    #[test]
    fn an_event_is_one_readable_line() {
        let line = r#"{"timestamp":"2026-11-21T09:28:31.123456Z","level":"ERROR","event":"user.login_failed","version":1,"message":"User login failed","service":{"name":"accounts"},"context":{"id":"r"},"user":"tylertreat","attempts":3,"reason":"Invalid username or password"}"#;
        assert_eq!(
            shown(&[line]),
            "09:28:31.123  ERROR accounts  user.login_failed  User login failed  user=tylertreat attempts=3 reason=\"Invalid username or password\"\n"
        );
    }

    #[test]
    fn columns_widen_and_stay_aligned() {
        let event = |service: &str, event: &str| {
            format!(
                r#"{{"timestamp":"2026-11-21T09:28:31Z","level":"INFO","event":"{event}","message":"m","service":{{"name":"{service}"}}}}"#
            )
        };
        let out =
            shown(&[&event("edge", "order.placed"), &event("accounts", "a"), &event("edge", "a")]);
        assert_eq!(
            out,
            "09:28:31.000  INFO  edge  order.placed  m\n\
             09:28:31.000  INFO  accounts  a             m\n\
             09:28:31.000  INFO  edge      a             m\n"
        );
    }

    #[test]
    fn a_span_says_how_long_and_how_it_ended() {
        let out = shown(&[
            r#"{"timestamp":"2026-11-21T09:28:31Z","level":"INFO","event":"job","kind":"span","message":"","service":{"name":"s"},"duration_us":42100,"outcome":"timeout","n":1}"#,
        ]);
        assert_eq!(out, "09:28:31.000  INFO  s  job  duration=42.1ms outcome=timeout n=1\n");
    }

    #[test]
    fn durations_read_well() {
        let shown = [0, 999, 1000, 42_149, 9_999_000, 12_345_678].map(duration);
        assert_eq!(shown, ["0µs", "999µs", "1.0ms", "42.1ms", "9999.0ms", "12.3s"]);
    }
}
