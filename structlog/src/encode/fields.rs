use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};

use throughline_schema::{Field, Limits, Value, ValueWriter, Visitor, is_reserved};

use super::hash::HashEncoder;
use super::limited::{LimitedEncoder, Violations};
use super::room::Room;
use super::value::{Form, ValueEncoder, or, push_value};
use crate::clearance::{Clearance, Treatment};

/// What stands in place of a value that the logger is not cleared for.
pub(super) const REDACTED: &[u8] = b"\"[redacted]\"";

/// How many causes of an error are written: errors that go in circles exist.
const MAX_CAUSES: usize = 16;

/// Writes the fields of an event, each with the comma before it.
pub(crate) struct FieldEncoder<'c, 'a> {
    pub(super) room: Room<'a>,
    pub(super) form: Form,
    pub(super) clearance: &'c Clearance,
    pub(super) violations: &'c mut Violations,
}

impl Visitor for FieldEncoder<'_, '_> {
    #[inline(always)]
    fn field<T: Value + ?Sized>(&mut self, field: &'static Field, value: &T) {
        if value.is_absent() {
            return;
        }
        let FieldEncoder { room, form, clearance, .. } = self;
        room.push(field.key().as_bytes());
        match clearance.treatment(field.class) {
            Treatment::Plain => match field.limits {
                None => push_value(room, *form, value),
                Some(limits) => {
                    let FieldEncoder { room, form, violations, .. } = self;
                    or(room, b"null", |room| {
                        let plain = ValueEncoder { room, form: *form };
                        value.write(LimitedEncoder { plain, field, limits: *limits, violations });
                    });
                }
            },
            Treatment::Redacted => room.push(REDACTED),
            Treatment::Hashed(key) => {
                let form = *form;
                or(room, b"null", |room| value.write(HashEncoder { room, form, key }));
            }
        }
    }

    fn error(&mut self, field: &'static Field, causes: &'static Field, error: &(dyn Error + '_)) {
        let FieldEncoder { room, form, clearance, .. } = self;
        room.push(field.key().as_bytes());
        match clearance.treatment(field.class) {
            Treatment::Plain => match field.limits {
                None => ValueEncoder { room, form: *form }.display(&error),
                Some(limits) => self.limited(field, *limits).display(&error),
            },
            Treatment::Redacted => return room.push(REDACTED),
            Treatment::Hashed(key) => {
                return HashEncoder { room, form: *form, key }.display(&error);
            }
        }
        // What stands here is decided by what was written, not asked again: an error may answer otherwise the second time.
        let FieldEncoder { room, form, .. } = self;
        let mut open = false;
        let mut cause = source(error);
        for _ in 0..MAX_CAUSES {
            let Some(error) = cause else { break };
            if open {
                room.push(b",");
            } else {
                room.push(causes.key().as_bytes());
                room.push(b"[");
                open = true;
            }
            ValueEncoder { room, form: *form }.display(&error);
            cause = source(error);
        }
        if open {
            room.push(b"]");
        }
    }
}

/// The cause of an error. A panic in somebody's `source` is none: see [`print`](super::value::print).
fn source<'e>(error: &'e (dyn Error + 'e)) -> Option<&'e (dyn Error + 'static)> {
    catch_unwind(AssertUnwindSafe(|| error.source())).ok().flatten()
}

impl<'a> FieldEncoder<'_, 'a> {
    fn limited(&mut self, field: &'static Field, limits: Limits) -> LimitedEncoder<'_, 'a> {
        let FieldEncoder { room, form, violations, .. } = self;
        LimitedEncoder { plain: ValueEncoder { room, form: *form }, field, limits, violations }
    }
}

/// Writes what every span has, and none of its fields.
pub(super) struct SpanEncoder<'e, 'c, 'a>(pub(super) &'e mut FieldEncoder<'c, 'a>);

impl Visitor for SpanEncoder<'_, '_, '_> {
    #[inline(never)]
    fn field<T: Value + ?Sized>(&mut self, field: &'static Field, value: &T) {
        if is_reserved(field.name) {
            self.0.field(field, value);
        }
    }

    fn error(&mut self, _: &'static Field, _: &'static Field, _: &(dyn Error + '_)) {}
}

/// As [`FieldEncoder`], with one copy of the code for each type of value, not for each field.
pub(super) struct OutlinedEncoder<'e, 'c, 'a>(pub(super) &'e mut FieldEncoder<'c, 'a>);

impl Visitor for OutlinedEncoder<'_, '_, '_> {
    #[inline(never)]
    fn field<T: Value + ?Sized>(&mut self, field: &'static Field, value: &T) {
        self.0.field(field, value);
    }

    fn error(&mut self, field: &'static Field, causes: &'static Field, error: &(dyn Error + '_)) {
        self.0.error(field, causes, error);
    }
}
