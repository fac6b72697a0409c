use std::error::Error;

use throughline_schema::{Field, Value, ValueWriter, Visitor};

use super::hash::HashEncoder;
use super::room::Room;
use super::value::{Form, ValueEncoder, push_value};
use crate::clearance::{Clearance, Treatment};

/// What stands in place of a value that the logger is not cleared for.
pub(super) const REDACTED: &[u8] = b"\"[redacted]\"";

/// How many causes of an error are written: errors that go in circles exist.
const MAX_CAUSES: usize = 16;

/// Writes the fields of an event, each with the comma before it.
pub(super) struct FieldEncoder<'c, 'a> {
    pub(super) room: Room<'a>,
    pub(super) form: Form,
    pub(super) clearance: &'c Clearance,
}

impl Visitor for FieldEncoder<'_, '_> {
    #[inline(always)]
    fn field<T: Value + ?Sized>(&mut self, field: &'static Field, value: &T) {
        if value.is_absent() {
            return;
        }
        let FieldEncoder { room, form, clearance } = self;
        room.push(field.key().as_bytes());
        match clearance.treatment(field.class) {
            Treatment::Plain => push_value(room, *form, value),
            Treatment::Redacted => room.push(REDACTED),
            Treatment::Hashed(key) => value.write(HashEncoder { room, form: *form, key }),
        }
    }

    fn error(&mut self, field: &'static Field, causes: &'static Field, error: &(dyn Error + '_)) {
        let FieldEncoder { room, form, clearance } = self;
        room.push(field.key().as_bytes());
        match clearance.treatment(field.class) {
            Treatment::Plain => {}
            Treatment::Redacted => return room.push(REDACTED),
            Treatment::Hashed(key) => {
                return HashEncoder { room, form: *form, key }.display(&error);
            }
        }
        ValueEncoder { room, form: *form }.display(&error);
        // What stands here is decided by what was written, not asked again: an error may answer otherwise the second time.
        let mut open = false;
        let mut cause = error.source();
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
            cause = error.source();
        }
        if open {
            room.push(b"]");
        }
    }
}
