use std::fmt::Display;
use std::time::{Duration, SystemTime};

use throughline_schema::{Field, Limits, MessageVisitor, Scalar, Value, ValueWriter};

use super::room::Room;
use super::string::push_inside;
use super::time;
use super::value::{Form, ValueEncoder, clipped, or, print_inside};

/// Writes the inside of a message that has placeholders. Their fields are public.
pub(crate) struct MessageEncoder<'r, 'a> {
    pub(super) room: &'r mut Room<'a>,
    pub(super) form: Form,
}

impl MessageVisitor for MessageEncoder<'_, '_> {
    #[inline]
    fn text(&mut self, text: &'static str) {
        push_inside(self.room, text);
    }

    #[inline(never)]
    fn value<T: Value + ?Sized>(&mut self, field: &'static Field, value: &T) {
        if value.is_absent() {
            self.room.push(b"-");
            return;
        }
        let (form, limits) = (self.form, field.limits.copied().unwrap_or(Limits::NONE));
        or(self.room, b"-", |room| value.write(TextEncoder { room, form, limits }));
    }
}

/// Writes a value as a part of a text: as it stands in the line, but without quotes.
struct TextEncoder<'r, 'a> {
    room: &'r mut Room<'a>,
    form: Form,
    limits: Limits,
}

macro_rules! as_in_the_line {
    ($($method:ident: $type:ty),*) => {$(
        fn $method(self, value: $type) {
            ValueEncoder { room: self.room, form: self.form }.$method(value);
        }
    )*};
}

impl ValueWriter for TextEncoder<'_, '_> {
    as_in_the_line!(
        bool: bool, i64: i64, u64: u64, i128: i128, u128: u128, f32: f32, f64: f64, duration: Duration
    );

    fn str(self, value: &str) {
        let within = self.limits.clip(value).map_or(value.len(), |clipped| clipped.end);
        push_inside(self.room, clipped(&value[..within], self.form.most));
    }

    fn display(self, value: &(dyn Display + '_)) {
        let max_len = self.limits.max_len.map_or(usize::MAX, |max_len| max_len as usize);
        print_inside(self.room, self.form, max_len, value);
    }

    fn time(self, value: SystemTime) {
        time::push(self.room, value, self.form.precision);
    }

    fn list<'a, T: Scalar + 'a>(self, values: impl Iterator<Item = &'a T>) {
        let max_len = self.limits.max_len.map_or(usize::MAX, |max_len| max_len as usize);
        for (index, value) in values.take(max_len.min(self.form.most)).enumerate() {
            if self.room.is_full() {
                break;
            }
            if index > 0 {
                self.room.push(b", ");
            }
            value.write(TextEncoder {
                room: &mut *self.room,
                form: self.form,
                limits: Limits::NONE,
            });
        }
    }
}
