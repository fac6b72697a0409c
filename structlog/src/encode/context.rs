use throughline_ctx::{Class, Context, KeyInfo, Value};
use throughline_schema::ValueWriter;

use super::fields::REDACTED;
use super::hash::HashEncoder;
use super::room::{self, Room};
use super::value::{Form, ValueEncoder};
use crate::clearance::{Clearance, Treatment};

/// The longest text of an entry, in bytes (`spec/context.md`): as much as baggage can carry.
const MAX_TEXT: usize = 8192;

/// Appends the `context` member, with the comma before it. It is rendered by the first event of the context, and kept for the others.
#[inline]
pub(super) fn push(room: &mut Room<'_>, ctx: &Context, clearance: &Clearance) {
    let bytes =
        ctx.rendered(clearance.form(), |ctx| room::written(|room| render(room, ctx, clearance)));
    room.push(bytes);
}

#[cold]
fn render(room: &mut Room<'_>, ctx: &Context, clearance: &Clearance) {
    // Neither the request id nor a key's name has a character to escape.
    room.push(b",\"context\":{\"id\":\"");
    room.push(ctx.request_id().as_bytes());
    room.push(b"\"");
    push_id(room, "trace_id", &ctx.trace_id().to_hex());
    push_id(room, "span_id", &ctx.span_id().to_hex());
    if let Some(parent) = ctx.parent_span_id() {
        push_id(room, "parent_span_id", &parent.to_hex());
    }
    for (key, value) in ctx.entries() {
        push_entry(room, key, value, clearance);
    }
    room.push(b"}");
}

fn push_id(room: &mut Room<'_>, name: &str, hex: &[u8]) {
    room.push(b",\"");
    room.push(name.as_bytes());
    room.push(b"\":\"");
    room.push(hex);
    room.push(b"\"");
}

fn push_entry(room: &mut Room<'_>, key: &KeyInfo, value: &Value, clearance: &Clearance) {
    room.push(b",\"");
    room.push(key.name().as_bytes());
    room.push(b"\":");
    let form = Form { most: MAX_TEXT, ..Form::default() };
    match clearance.treatment(class_of(key)) {
        Treatment::Plain => push_value(ValueEncoder { room, form }, value),
        Treatment::Redacted => room.push(REDACTED),
        Treatment::Hashed(key) => push_value(HashEncoder { room, form, key }, value),
    }
}

fn push_value(writer: impl ValueWriter, value: &Value) {
    match value {
        Value::Bool(value) => writer.bool(*value),
        Value::I64(value) => writer.i64(*value),
        Value::U64(value) => writer.u64(*value),
        Value::F64(value) => writer.f64(*value),
        Value::Text(value) => writer.str(value),
        // A type of value that a later version of the context knows.
        _ => writer.f64(f64::NAN),
    }
}

/// The class of a key, as events know it.
pub(crate) fn class_of(key: &KeyInfo) -> throughline_schema::Class {
    match key.class() {
        Class::Public => throughline_schema::Class::Public,
        Class::Personal => throughline_schema::Class::Personal,
        Class::Secret => throughline_schema::Class::Secret,
    }
}
