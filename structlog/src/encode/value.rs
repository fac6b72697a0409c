use std::fmt::{self, Display, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, SystemTime};

use throughline_schema::{Scalar, Value, ValueWriter};

use super::room::Room;
use super::string::{push_inside, push_str};
use super::time::{self, Precision};

/// What stands in place of a value whose `Display` failed or panicked.
pub(super) const UNPRINTABLE: &[u8] = b"[unprintable]";

/// How values are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    pub(super) precision: Precision,
    /// The longest text in bytes, and the longest list. Only a line that is far too long has limits for all of its values.
    pub(super) most: usize,
}

impl Default for Form {
    fn default() -> Form {
        Form { precision: Precision::Micros, most: usize::MAX }
    }
}

/// Writes one value as JSON.
pub(super) struct ValueEncoder<'r, 'a> {
    pub(super) room: &'r mut Room<'a>,
    pub(super) form: Form,
}

impl ValueEncoder<'_, '_> {
    #[inline(always)]
    fn integer(self, value: impl itoa::Integer) {
        self.room.push_short(itoa::Buffer::new().format(value).as_bytes());
    }
}

impl ValueWriter for ValueEncoder<'_, '_> {
    #[inline(always)]
    fn bool(self, value: bool) {
        if value {
            self.room.push(b"true");
        } else {
            self.room.push(b"false");
        }
    }

    #[inline(always)]
    fn i64(self, value: i64) {
        self.integer(value);
    }

    #[inline(always)]
    fn u64(self, value: u64) {
        self.integer(value);
    }

    #[inline]
    fn i128(self, value: i128) {
        self.integer(value);
    }

    #[inline]
    fn u128(self, value: u128) {
        self.integer(value);
    }

    #[inline]
    fn f32(self, value: f32) {
        if value.is_finite() {
            self.room.push_short(zmij::Buffer::new().format_finite(value).as_bytes());
        } else {
            self.room.push(b"null");
        }
    }

    #[inline(always)]
    fn f64(self, value: f64) {
        if value.is_finite() {
            self.room.push_short(zmij::Buffer::new().format_finite(value).as_bytes());
        } else {
            self.room.push(b"null");
        }
    }

    #[inline(always)]
    fn str(self, value: &str) {
        push_str(self.room, clipped(value, self.form.most));
    }

    fn display(self, value: &(dyn Display + '_)) {
        display(self.room, self.form, usize::MAX, value);
    }

    fn duration(self, value: Duration) {
        self.room.push_short(itoa::Buffer::new().format(value.as_secs()).as_bytes());
        if value.subsec_nanos() > 0 {
            let mut digits = *b".000000000";
            time::digits(&mut digits[1..], u64::from(value.subsec_nanos()));
            let end = digits.iter().rposition(|&digit| digit != b'0').unwrap_or(0);
            self.room.push_short(&digits[..=end]);
        }
    }

    fn time(self, value: SystemTime) {
        self.room.push(b"\"");
        time::push(self.room, value, self.form.precision);
        self.room.push(b"\"");
    }

    fn list<'a, T: Scalar + 'a>(self, values: impl Iterator<Item = &'a T>) {
        self.room.push(b"[");
        for (index, value) in values.take(self.form.most).enumerate() {
            if self.room.is_full() {
                break;
            }
            if index > 0 {
                self.room.push(b",");
            }
            push_value(self.room, self.form, value);
        }
        self.room.push(b"]");
    }
}

/// Writes a value.
#[inline(always)]
pub(super) fn push_value<T: Value + ?Sized>(room: &mut Room<'_>, form: Form, value: &T) {
    or(room, b"null", |room| value.write(ValueEncoder { room, form }));
}

/// Writes a value, or something else where it is one of somebody's own that writes nothing: the line is JSON all the same.
#[inline(always)]
pub(super) fn or(room: &mut Room<'_>, otherwise: &[u8], write: impl FnOnce(&mut Room<'_>)) {
    let before = room.left();
    write(room);
    if room.left() == before {
        room.push(otherwise);
    }
}

/// Writes a value by its `Display` form. A panic in somebody's `Display` is an error: it is no reason for one in the code that says what happened.
pub(super) fn print(to: &mut impl Write, value: &(dyn Display + '_)) -> fmt::Result {
    catch_unwind(AssertUnwindSafe(|| write!(to, "{value}"))).unwrap_or_else(|panic| {
        // What it panicked with may panic when it is dropped.
        std::mem::forget(panic);
        Err(fmt::Error)
    })
}

/// Writes the `Display` form of a value, up to so many characters, and returns how many it has.
pub(super) fn display(
    room: &mut Room<'_>,
    form: Form,
    max_len: usize,
    value: &(dyn Display + '_),
) -> usize {
    room.push(b"\"");
    let len = print_inside(room, form, max_len, value);
    room.push(b"\"");
    len
}

/// The same without quotes.
pub(super) fn print_inside(
    room: &mut Room<'_>,
    form: Form,
    max_len: usize,
    value: &(dyn Display + '_),
) -> usize {
    let mut len = 0;
    room.pass(|room| {
        let whole = room.len();
        let mut text = Inside::new(Room::new(&mut *room), form.most, max_len);
        let printed = print(&mut text, value);
        len = text.len;
        let used = whole - text.room.left();
        if printed.is_ok() || text.is_enough {
            return &mut room[used..];
        }
        let mut room = Room::new(room);
        room.push(UNPRINTABLE);
        room.into_left()
    });
    len
}

/// How many characters beyond those that are written are counted.
const COUNTED: usize = 1 << 20;

/// Text that is made while it is written: the inside of a JSON string.
struct Inside<'a> {
    room: Room<'a>,
    /// How many more bytes of it are written.
    bytes: usize,
    /// The greatest number of its characters that are written.
    max_len: usize,
    /// How many characters it has so far, written or not, if there is a greatest number.
    len: usize,
    /// Whether nothing that may follow matters: there are texts without an end.
    is_enough: bool,
}

impl<'a> Inside<'a> {
    fn new(room: Room<'a>, bytes: usize, max_len: usize) -> Inside<'a> {
        Inside { room, bytes, max_len, len: 0, is_enough: false }
    }
}

impl Write for Inside<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut kept = text;
        if self.max_len < usize::MAX {
            let left = self.max_len.saturating_sub(self.len);
            self.len += text.chars().count();
            kept = text.char_indices().nth(left).map_or(text, |(end, _)| &text[..end]);
        }
        let clipped = clipped(kept, self.bytes);
        // Once something is left out, so is what follows.
        self.bytes = if clipped.len() < kept.len() { 0 } else { self.bytes - clipped.len() };
        push_inside(&mut self.room, clipped);
        let counts = self.max_len < usize::MAX && self.len <= self.max_len.saturating_add(COUNTED);
        let adds = self.bytes > 0 && self.len <= self.max_len;
        self.is_enough = self.room.is_full() || !adds && !counts;
        if self.is_enough { Err(fmt::Error) } else { Ok(()) }
    }
}

/// As much of a text as fits into so many bytes, by whole characters.
#[inline(always)]
pub(super) fn clipped(text: &str, most: usize) -> &str {
    if text.len() <= most { text } else { clip(text, most) }
}

#[cold]
fn clip(text: &str, most: usize) -> &str {
    let end = (0..=most).rev().find(|&end| text.is_char_boundary(end));
    &text[..end.unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn json_with(most: usize, write: impl FnOnce(ValueEncoder<'_, '_>)) -> String {
        let mut bytes = vec![0; 8192];
        let mut room = Room::new(&mut bytes);
        write(ValueEncoder { room: &mut room, form: Form { most, ..Form::default() } });
        let used = 8192 - room.left();
        bytes.truncate(used);
        String::from_utf8(bytes).unwrap()
    }

    fn json(write: impl FnOnce(ValueEncoder<'_, '_>)) -> String {
        json_with(usize::MAX, write)
    }

    struct Fails;

    impl Display for Fails {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("half a \"value")?;
            Err(fmt::Error)
        }
    }

    struct Panics;

    impl Display for Panics {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("half a \"value")?;
            panic!("a Display that panics, as this test wants it")
        }
    }

    #[test]
    fn a_display_that_fails_or_panics_leaves_no_half_value() {
        assert_eq!(json(|writer| writer.display(&Fails)), r#""[unprintable]""#);
        assert_eq!(json(|writer| writer.display(&Panics)), r#""[unprintable]""#);
    }

    #[test]
    fn durations_are_seconds_with_as_many_decimals_as_they_need() {
        let cases = [
            (Duration::ZERO, "0"),
            (Duration::from_secs(60), "60"),
            (Duration::from_millis(1_050), "1.05"),
            (Duration::from_nanos(1), "0.000000001"),
            (Duration::MAX, "18446744073709551615.999999999"),
        ];
        for (value, expected) in cases {
            assert_eq!(json(|writer| writer.duration(value)), expected);
        }
    }

    #[test]
    fn with_a_limit_text_ends_at_a_whole_character_and_lists_end() {
        assert_eq!(json_with(4, |writer| writer.str("añbcd")), r#""añb""#);
        assert_eq!(json_with(2, |writer| writer.str("añbcd")), r#""a""#);
        let display = format_args!("{}{}", "añ", "bcd").to_string();
        assert_eq!(json_with(4, |writer| writer.display(&display)), r#""añb""#);
        assert_eq!(json_with(2, |writer| writer.list([1, 2, 3].iter())), "[1,2]");
    }

    proptest! {
        #[test]
        fn numbers_read_back_as_they_were(a: i64, b: u64, c in any::<f64>(), d in any::<f32>(), e: i128, f: u128) {
            prop_assert_eq!(json(|w| w.i64(a)).parse::<i64>().unwrap(), a);
            prop_assert_eq!(json(|w| w.u64(b)).parse::<u64>().unwrap(), b);
            prop_assert_eq!(json(|w| w.i128(e)).parse::<i128>().unwrap(), e);
            prop_assert_eq!(json(|w| w.u128(f)).parse::<u128>().unwrap(), f);
            let (c_json, d_json) = (json(|w| w.f64(c)), json(|w| w.f32(d)));
            serde_json::from_str::<serde_json::Value>(&c_json).unwrap();
            serde_json::from_str::<serde_json::Value>(&d_json).unwrap();
            if c.is_finite() {
                prop_assert_eq!(c_json.parse::<f64>().unwrap().to_bits(), c.to_bits());
            }
            if d.is_finite() {
                prop_assert_eq!(d_json.parse::<f32>().unwrap().to_bits(), d.to_bits());
            }
        }

        #[test]
        fn text_reads_back_as_it_was(text in "\\PC*|[\\x00-\\xff\u{2020}-\u{2030}]*") {
            let json = json(|writer| writer.str(&text));
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text.clone());
            let is_safe = |c: char| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}');
            prop_assert!(json.chars().all(is_safe));
            prop_assert_eq!(super::tests::json(|writer| writer.display(&text)), json);
        }
    }
}
