use throughline_ctx::{Class, Context, KeyInfo, Value};
use throughline_schema::ValueWriter;

use super::value::{REDACTED, ValueEncoder};
use crate::clearance::Clearance;

/// Appends the `context` member, with the comma before it. It is rendered by the first event of the context, and kept for the others.
#[inline]
pub(super) fn push(out: &mut Vec<u8>, ctx: &Context, clearance: Clearance) {
    let bytes = ctx.rendered(clearance.form(), |ctx| {
        // Into the line, where there is room, so that what is kept is of the right size at once.
        let start = out.len();
        render(out, ctx, clearance);
        let bytes = Box::from(&out[start..]);
        out.truncate(start);
        bytes
    });
    out.extend_from_slice(bytes);
}

#[cold]
fn render(out: &mut Vec<u8>, ctx: &Context, clearance: Clearance) {
    // Neither the request id nor a key's name has a character to escape.
    out.extend_from_slice(b",\"context\":{\"id\":\"");
    out.extend_from_slice(ctx.request_id().as_str().as_bytes());
    out.push(b'"');
    push_id(out, "trace_id", &ctx.trace_id().to_hex());
    push_id(out, "span_id", &ctx.span_id().to_hex());
    if let Some(parent) = ctx.parent_span_id() {
        push_id(out, "parent_span_id", &parent.to_hex());
    }
    for (key, value) in ctx.entries() {
        push_entry(out, key, value, clearance);
    }
    out.push(b'}');
}

fn push_id(out: &mut Vec<u8>, name: &str, hex: &[u8]) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":\"");
    out.extend_from_slice(hex);
    out.push(b'"');
}

fn push_entry(out: &mut Vec<u8>, key: &KeyInfo, value: &Value, clearance: Clearance) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(key.name().as_bytes());
    out.extend_from_slice(b"\":");
    if !clearance.allows(class(key)) {
        out.extend_from_slice(REDACTED);
        return;
    }
    let writer = ValueEncoder(out);
    match value {
        Value::Bool(value) => writer.bool(*value),
        Value::I64(value) => writer.i64(*value),
        Value::U64(value) => writer.u64(*value),
        Value::F64(value) => writer.f64(*value),
        Value::Text(value) => writer.str(value),
        // A type of value that a later version of the context knows.
        _ => out.extend_from_slice(b"null"),
    }
}

fn class(key: &KeyInfo) -> throughline_schema::Class {
    match key.class() {
        Class::Public => throughline_schema::Class::Public,
        Class::Personal => throughline_schema::Class::Personal,
        Class::Secret => throughline_schema::Class::Secret,
    }
}
