use std::fmt::Display;
use std::time::{Duration, SystemTime};

use throughline_schema::{Field, Limits, MessageVisitor, Scalar, Value, ValueWriter};

use super::room::Room;
use super::string::push_inside;
use super::time;
use super::value::{Form, Inside, ValueEncoder, print};

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
        let limits = field.limits.copied().unwrap_or(Limits::NONE);
        value.write(TextEncoder { room: self.room, form: self.form, limits });
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
        let clipped = self.limits.clip(value);
        push_inside(self.room, &value[..clipped.map_or(value.len(), |clipped| clipped.end)]);
    }

    fn display(self, value: &(dyn Display + '_)) {
        let most = self.limits.max_len.map_or(usize::MAX, |max_len| max_len as usize);
        self.room.pass(|room| {
            let len = room.len();
            let mut text = Inside::new(Room::new(&mut *room), usize::MAX, most);
            let printed = print(&mut text, value);
            let used = len - text.left();
            if printed.is_ok() {
                return &mut room[used..];
            }
            let mut room = Room::new(room);
            room.push(b"[unprintable]");
            room.into_left()
        });
    }

    fn time(self, value: SystemTime) {
        time::push(self.room, value, self.form.precision);
    }

    fn list<'a, T: Scalar + 'a>(self, values: impl Iterator<Item = &'a T>) {
        let most = self.limits.max_len.map_or(usize::MAX, |max_len| max_len as usize);
        for (index, value) in values.take(most).enumerate() {
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
