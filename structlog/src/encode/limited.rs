use std::fmt::Display;
use std::time::{Duration, SystemTime};

use throughline_schema::{Field, Had, Limits, Scalar, ValueWriter, Violation};

use super::value::{ValueEncoder, display, or};

/// The longest list of which all is counted: there are lists without an end.
const MAX_COUNTED: usize = 1 << 20;

/// What did not keep to its limits in a line: at most one for each field.
#[derive(Debug, Default)]
pub(crate) struct Violations(Vec<Violation>);

impl Violations {
    fn add(&mut self, field: &'static Field, had: Had) {
        // Of a list, the first item tells.
        if self.0.last().is_none_or(|last| last.field.name != field.name) {
            self.0.push(Violation { field, had });
        }
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Violation> {
        self.0.iter()
    }
}

/// Writes a value that has limits: text and lists are cut, numbers written as they are, and what did not keep to its limit is remembered.
pub(super) struct LimitedEncoder<'r, 'a> {
    pub(super) plain: ValueEncoder<'r, 'a>,
    pub(super) field: &'static Field,
    pub(super) limits: Limits,
    pub(super) violations: &'r mut Violations,
}

impl LimitedEncoder<'_, '_> {
    fn ensure(&mut self, keeps: bool, had: Had) {
        if !keeps {
            self.violations.add(self.field, had);
        }
    }

    fn len(&mut self, len: usize) {
        self.violations.add(self.field, Had::Len(len));
    }
}

impl ValueWriter for LimitedEncoder<'_, '_> {
    fn bool(self, value: bool) {
        self.plain.bool(value);
    }

    fn i64(mut self, value: i64) {
        self.ensure(self.limits.allows_i128(value.into()), Had::Integer(value.into()));
        self.plain.i64(value);
    }

    fn u64(mut self, value: u64) {
        self.ensure(self.limits.allows_i128(value.into()), Had::Integer(value.into()));
        self.plain.u64(value);
    }

    fn i128(mut self, value: i128) {
        self.ensure(self.limits.allows_i128(value), Had::Integer(value));
        self.plain.i128(value);
    }

    fn u128(mut self, value: u128) {
        let had = i128::try_from(value).map_or(Had::Large(value), Had::Integer);
        self.ensure(self.limits.allows_u128(value), had);
        self.plain.u128(value);
    }

    fn f32(mut self, value: f32) {
        self.ensure(self.limits.allows_f32(value), Had::Single(value));
        self.plain.f32(value);
    }

    fn f64(mut self, value: f64) {
        self.ensure(self.limits.allows_f64(value), Had::Float(value));
        self.plain.f64(value);
    }

    fn str(mut self, value: &str) {
        let clipped = self.limits.clip(value);
        if let Some(clipped) = clipped {
            self.len(clipped.had);
        }
        self.plain.str(&value[..clipped.map_or(value.len(), |clipped| clipped.end)]);
    }

    fn display(mut self, value: &(dyn Display + '_)) {
        let Some(max_len) = self.limits.max_len else { return self.plain.display(value) };
        let ValueEncoder { room, form } = &mut self.plain;
        let len = display(room, *form, max_len as usize, value);
        if len > max_len as usize {
            self.len(len);
        }
    }

    fn duration(mut self, value: Duration) {
        self.ensure(self.limits.allows_duration(value), Had::Duration(value));
        self.plain.duration(value);
    }

    fn time(self, value: SystemTime) {
        self.plain.time(value);
    }

    fn list<'a, T: Scalar + 'a>(mut self, values: impl Iterator<Item = &'a T>) {
        let mut len = 0;
        let mut of_items = self.limits;
        of_items.max_len = None;
        let ValueEncoder { room, form } = &mut self.plain;
        room.push(b"[");
        for value in values {
            len += 1;
            if room.is_full() || len > MAX_COUNTED {
                break;
            }
            if !self.limits.allows_items(len) || len > form.most {
                continue;
            }
            if len > 1 {
                room.push(b",");
            }
            let (form, field, violations) = (*form, self.field, &mut *self.violations);
            or(room, b"null", |room| {
                let plain = ValueEncoder { room, form };
                value.write(LimitedEncoder { plain, field, limits: of_items, violations });
            });
        }
        room.push(b"]");
        if !self.limits.allows_items(len) {
            self.len(len);
        }
    }
}
