use std::error::Error;

use throughline_schema::{Field, Value, ValueWriter, Visitor};

use super::value::{REDACTED, ValueEncoder};
use crate::clearance::Clearance;

/// How many causes of an error are written: errors that go in circles exist.
const MAX_CAUSES: usize = 16;

/// Writes the fields of an event, each with the comma before it.
pub(super) struct FieldEncoder<'a> {
    pub(super) out: &'a mut Vec<u8>,
    pub(super) clearance: Clearance,
}

impl Visitor for FieldEncoder<'_> {
    #[inline]
    fn field<T: Value + ?Sized>(&mut self, field: &'static Field, value: &T) {
        if value.is_absent() {
            return;
        }
        self.out.extend_from_slice(field.key().as_bytes());
        if !self.clearance.allows(field.class) {
            self.out.extend_from_slice(REDACTED);
            return;
        }
        let start = self.out.len();
        value.write(ValueEncoder(self.out));
        if self.out.len() == start {
            // A value of somebody's own that wrote nothing: the line is JSON all the same.
            self.out.extend_from_slice(b"null");
        }
    }

    fn error(&mut self, field: &'static Field, causes: &'static Field, error: &(dyn Error + '_)) {
        self.out.extend_from_slice(field.key().as_bytes());
        if !self.clearance.allows(field.class) {
            self.out.extend_from_slice(REDACTED);
            return;
        }
        ValueEncoder(self.out).display(&error);
        // What stands here is decided by what was written, not asked again: an error may answer otherwise the second time.
        let mut open = false;
        let mut cause = error.source();
        for _ in 0..MAX_CAUSES {
            let Some(error) = cause else { break };
            if open {
                self.out.push(b',');
            } else {
                self.out.extend_from_slice(causes.key().as_bytes());
                self.out.push(b'[');
                open = true;
            }
            ValueEncoder(self.out).display(&error);
            cause = error.source();
        }
        if open {
            self.out.push(b']');
        }
    }
}
