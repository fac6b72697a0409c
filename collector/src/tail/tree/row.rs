use crate::tail::{
    Level, Record, clean,
    line::fields,
    record::Span,
    style::{Paint, Painted},
    work::Work,
};

/// Appends what a record says happened.
pub(super) fn write(record: &Record, line: &mut Painted) {
    match &record.span {
        Some(span) => write_span(record, span, line),
        None => write_log(record, line),
    }
}

fn write_log(record: &Record, line: &mut Painted) {
    let (mark, paint) = match record.level() {
        Some(Level::Error) => ("✗ ", Paint::Red),
        Some(Level::Warn) => ("! ", Paint::Yellow),
        Some(Level::Trace | Level::Debug) => ("", Paint::Dim),
        _ => ("", Paint::Bold),
    };
    line.push(paint, mark);
    // An event without a type has no name worth reading.
    if record.event != "log" {
        line.push(paint, clean(&record.event)).plain("  ");
    }
    line.plain(clean(&record.message));
    line.plain(" ");
    fields(line, &record.fields, |_, _| true);
}

fn write_span(record: &Record, span: &Span, line: &mut Painted) {
    let failed = !matches!(span.outcome.as_str(), "ok" | "");
    let paint = if failed { Paint::Red } else { Paint::Bold };
    let work = Work::of(record);
    let what = work.as_ref().map_or(record.event.as_str(), Work::what);
    line.push(paint, if failed { "✗ " } else { "" }).push(paint, clean(what));
    if failed {
        line.push(paint, format!(" {}", clean(&span.outcome)));
    }
    if work.is_none() && !record.message.is_empty() {
        line.plain("  ").plain(clean(&record.message));
    }
    line.plain(" ");
    fields(line, &record.fields, |name, value| !Work::is_said(&work, record, name, value));
}
