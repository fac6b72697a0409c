use std::cmp::Ordering;
use std::fmt;
use std::time::Duration;

use crate::seconds::{self, Seconds};
use crate::{Field, Integer, Type};

/// What the values of a field keep to. A value that does not is written all the same, clipped or as it is, and the line says so (`spec/event.md`, "Limits").
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// The greatest length: of text in characters (Unicode code points), of a list in items.
    pub max_len: Option<u32>,
    /// Between which bounds a number lies.
    pub range: Option<Range>,
}

/// The bounds of a number, both of which it may reach. Durations are counted in seconds. What is compared is the number that a line has:
/// 0.1 is within `0.0..=0.1`, as an `f32` too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Range {
    /// Bounds of integers.
    Integer {
        /// The least.
        min: Option<i128>,
        /// The greatest.
        max: Option<i128>,
    },
    /// Bounds of floats and durations.
    Float {
        /// The least.
        min: Option<f64>,
        /// The greatest.
        max: Option<f64>,
    },
}

impl Limits {
    /// No limits.
    pub const NONE: Limits = Limits { max_len: None, range: None };

    /// The same, with a greatest length.
    #[must_use]
    pub const fn with_max_len(mut self, max_len: u32) -> Limits {
        self.max_len = Some(max_len);
        self
    }

    /// The same, with bounds.
    #[must_use]
    pub const fn with_range(mut self, range: Range) -> Limits {
        self.range = Some(range);
        self
    }

    /// The same limits for values of this type: a range of integers becomes one of floats where the values are floats or durations.
    #[must_use]
    pub const fn of(mut self, value_type: Type) -> Limits {
        if let (Some(range), Type::F32 | Type::F64 | Type::Duration) =
            (self.range, item(value_type))
        {
            self.range = Some(range.of_floats());
        }
        self
    }

    /// Checks that values of this type can have such limits.
    ///
    /// # Panics
    ///
    /// When it is evaluated, which for a constant is when it is compiled: if they cannot, or if none would keep to them.
    #[track_caller]
    pub const fn check(self, value_type: Type) {
        if self.max_len.is_some() && !matches!(value_type, Type::Text | Type::Error | Type::List(_))
        {
            panic!("`max_len` is for text and lists");
        }
        let Some(range) = self.of(value_type).range else { return };
        match (item(value_type), range) {
            (Type::Integer(integer), Range::Integer { min, max }) => {
                if !integer.reaches(min) || !integer.reaches(max) {
                    panic!("the type of the field cannot reach this bound");
                }
            }
            (Type::Integer(_), Range::Float { .. }) => {
                panic!("the bounds of an integer are integers")
            }
            (Type::F32, Range::Float { min, max }) => {
                if !is_f32(min) || !is_f32(max) {
                    panic!("the type of the field cannot reach this bound");
                }
            }
            (Type::F32 | Type::F64 | Type::Duration, _) => {}
            _ => panic!("`range` is for numbers, durations, and lists of them"),
        }
        if range.is_empty() {
            panic!("no number lies within this range");
        }
    }

    /// How many bytes of `text` keep to the limit, and how many characters it has, if it has too many.
    #[inline]
    pub fn clip(&self, text: &str) -> Option<Clipped> {
        let max_len = self.max_len? as usize;
        // No text has more characters than bytes.
        if text.len() <= max_len {
            return None;
        }
        let (end, _) = text.char_indices().nth(max_len)?;
        Some(Clipped { end, had: max_len + text[end..].chars().count() })
    }

    /// Whether a list of this many items keeps to the limit.
    #[inline]
    pub fn allows_items(&self, items: usize) -> bool {
        self.max_len.is_none_or(|max_len| items <= max_len as usize)
    }

    /// Whether an integer keeps to the limit.
    #[inline]
    pub fn allows_i128(&self, value: i128) -> bool {
        match self.range {
            Some(Range::Integer { min, max }) => {
                min.is_none_or(|min| min <= value) && max.is_none_or(|max| value <= max)
            }
            Some(Range::Float { .. }) => self.allows_f64(value as f64),
            None => true,
        }
    }

    /// Whether an integer keeps to the limit.
    #[inline]
    pub fn allows_u128(&self, value: u128) -> bool {
        match i128::try_from(value) {
            Ok(value) => self.allows_i128(value),
            // It is greater than any bound.
            Err(_) => !matches!(
                self.range,
                Some(Range::Integer { max: Some(_), .. } | Range::Float { max: Some(_), .. })
            ),
        }
    }

    /// Whether a 32-bit float keeps to the limit: the bounds are rounded to such. What is not a number keeps to none.
    #[inline]
    pub fn allows_f32(&self, value: f32) -> bool {
        match self.range.map(Range::of_floats) {
            Some(Range::Float { min, max }) => {
                min.is_none_or(|min| min as f32 <= value)
                    && max.is_none_or(|max| value <= max as f32)
            }
            _ => true,
        }
    }

    /// Whether a duration keeps to the limit, to the nanosecond.
    #[inline]
    pub fn allows_duration(&self, value: Duration) -> bool {
        let Some(Range::Float { min, max }) = self.range.map(Range::of_floats) else { return true };
        let to = |bound: Option<f64>| bound.map(|bound| seconds::compare(value, bound));
        to(min).is_none_or(|order| order.is_some_and(Ordering::is_ge))
            && to(max).is_none_or(|order| order.is_some_and(Ordering::is_le))
    }

    /// Whether a float keeps to the limit. What is not a number keeps to none.
    #[inline]
    pub fn allows_f64(&self, value: f64) -> bool {
        match self.range {
            Some(Range::Integer { min, max }) => {
                min.is_none_or(|min| min as f64 <= value)
                    && max.is_none_or(|max| value <= max as f64)
            }
            Some(Range::Float { min, max }) => {
                min.is_none_or(|min| min <= value) && max.is_none_or(|max| value <= max)
            }
            None => true,
        }
    }
}

/// The type of what has a range: of a list, its items.
const fn item(value_type: Type) -> Type {
    if let Type::List(item) = value_type { *item } else { value_type }
}

impl Integer {
    const fn reaches(self, bound: Option<i128>) -> bool {
        match bound {
            Some(bound) if bound < 0 => self.min() <= bound,
            Some(bound) => bound as u128 <= self.max(),
            None => true,
        }
    }
}

impl Range {
    const fn is_empty(self) -> bool {
        match self {
            Range::Integer { min: Some(min), max: Some(max) } => min > max,
            Range::Float { min: Some(min), max: Some(max) } => min > max,
            _ => false,
        }
    }

    const fn of_floats(self) -> Range {
        match self {
            Range::Integer { min, max } => Range::Float { min: float(min), max: float(max) },
            Range::Float { .. } => self,
        }
    }
}

/// Whether a 32-bit float can be as great.
const fn is_f32(bound: Option<f64>) -> bool {
    match bound {
        Some(bound) => (bound as f32).is_finite(),
        None => true,
    }
}

const fn float(bound: Option<i128>) -> Option<f64> {
    match bound {
        Some(bound) => Some(bound as f64),
        None => None,
    }
}

/// Where a text is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Clipped {
    /// How many of its bytes are kept: whole characters.
    pub end: usize,
    /// How many characters it had.
    pub had: usize,
}

/// That a value did not keep to a limit, as the line says it: `user: max_len 64, had 90`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Violation {
    /// The field.
    pub field: &'static Field,
    /// What it had instead.
    pub had: Had,
}

/// What a value had that did not keep to a limit.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Had {
    /// More characters or items than `max_len`.
    Len(usize),
    /// An integer outside of the range.
    Integer(i128),
    /// An integer outside of the range that is greater than `i128` holds.
    Large(u128),
    /// A 32-bit float outside of the range.
    Single(f32),
    /// A float outside of the range.
    Float(f64),
    /// A duration outside of the range. It is told in seconds, as in the line.
    Duration(Duration),
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limits = self.field.limits.copied().unwrap_or(Limits::NONE);
        write!(f, "{}: ", self.field.name)?;
        match self.had {
            Had::Len(len) => {
                write!(f, "max_len {}, had {len}", limits.max_len.unwrap_or(u32::MAX))
            }
            Had::Integer(value) => write!(f, "range {}, had {value}", Bounds(limits.range)),
            Had::Large(value) => write!(f, "range {}, had {value}", Bounds(limits.range)),
            Had::Single(value) => write!(f, "range {}, had {value:?}", Bounds(limits.range)),
            Had::Float(value) => write!(f, "range {}, had {value:?}", Bounds(limits.range)),
            Had::Duration(value) => {
                write!(f, "range {}, had {}", Bounds(limits.range), Seconds(value))
            }
        }
    }
}

struct Bounds(Option<Range>);

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(range) => range.fmt(f),
            None => f.write_str(".."),
        }
    }
}

/// As Rust writes it: `0..=100`, `1..`, `..=0.5`.
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn bounds(
            f: &mut fmt::Formatter<'_>,
            min: Option<impl fmt::Debug>,
            max: Option<impl fmt::Debug>,
        ) -> fmt::Result {
            if let Some(min) = min {
                write!(f, "{min:?}")?;
            }
            f.write_str("..")?;
            max.map_or(Ok(()), |max| write!(f, "={max:?}"))
        }
        match *self {
            Range::Integer { min, max } => bounds(f, min, max),
            Range::Float { min, max } => bounds(f, min, max),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Class;

    const TO_100: Limits = Limits::NONE
        .with_range(Range::Integer { min: Some(0), max: Some(100) })
        .of(Type::Integer(Integer::U8));

    #[test]
    fn text_is_clipped_after_whole_characters() {
        let limits = Limits::NONE.with_max_len(3).of(Type::Text);
        assert_eq!(limits.clip("aéi"), None);
        assert_eq!(limits.clip("éü€"), None);
        assert_eq!(limits.clip("é😀üx"), Some(Clipped { end: 8, had: 4 }));
        assert_eq!(Limits::NONE.with_max_len(0).clip("é"), Some(Clipped { end: 0, had: 1 }));
        assert_eq!(Limits::NONE.clip("long"), None);
    }

    #[test]
    fn numbers_may_reach_the_bounds() {
        assert!(TO_100.allows_i128(0) && TO_100.allows_u128(100));
        assert!(!TO_100.allows_i128(-1) && !TO_100.allows_u128(101));
        assert!(!TO_100.allows_u128(u128::MAX));
        let from_one = Limits::NONE.with_range(Range::Integer { min: Some(1), max: None });
        assert!(from_one.allows_u128(u128::MAX) && !from_one.allows_u128(0));
        let share = from_one.of(Type::F64);
        assert!(share.allows_f64(1.0) && !share.allows_f64(0.5) && !share.allows_f64(f64::NAN));
        assert!(share.allows_f64(f64::INFINITY));
    }

    #[test]
    fn what_is_compared_is_what_the_line_has() {
        let floats =
            |min, max| Limits::NONE.with_range(Range::Float { min: Some(min), max: Some(max) });
        for bound in [0.1, 0.7, 1.0, 16_777_217.0, -0.3] {
            let limits = floats(bound, bound).of(Type::F32);
            let value = bound as f32;
            assert!(limits.allows_f32(value), "{bound}");
            assert!(!limits.allows_f32(value.next_up()), "{bound}");
            assert!(!limits.allows_f32(value.next_down()), "{bound}");
        }
        assert!(!floats(0.0, 1.0).allows_f32(f32::NAN));
        let up_to_a_minute = Limits::NONE.with_range(Range::Integer { min: None, max: Some(60) });
        let up_to_a_minute = up_to_a_minute.of(Type::Duration);
        assert!(up_to_a_minute.allows_duration(Duration::from_secs(60)));
        assert!(!up_to_a_minute.allows_duration(Duration::new(60, 1)));
        assert!(Limits::NONE.allows_duration(Duration::MAX) && Limits::NONE.allows_f32(f32::NAN));
        let exactly = floats(1.118, 1.118).of(Type::Duration);
        assert!(exactly.allows_duration(Duration::from_millis(1118)));
        assert!(!exactly.allows_duration(Duration::new(1, 118_000_001)));
        assert!(!exactly.allows_duration(Duration::new(1, 117_999_999)));
    }

    #[test]
    fn limits_that_a_type_cannot_have_are_refused() {
        let refused = |limits: Limits, value_type| {
            let of = std::panic::catch_unwind(|| limits.check(value_type));
            *of.unwrap_err().downcast::<&str>().unwrap()
        };
        let range = |min, max| Limits::NONE.with_range(Range::Integer { min, max });
        let byte = Type::Integer(Integer::U8);
        let long = Limits::NONE.with_max_len(1);
        assert_eq!(refused(long, Type::Bool), "`max_len` is for text and lists");
        assert!(refused(range(Some(0), None), Type::Text).contains("is for numbers"));
        assert_eq!(refused(range(Some(2), Some(1)), byte), "no number lies within this range");
        assert_eq!(
            refused(range(Some(-1), None), byte),
            "the type of the field cannot reach this bound"
        );
        assert_eq!(
            refused(range(None, Some(256)), byte),
            "the type of the field cannot reach this bound"
        );
        let float = Limits::NONE.with_range(Range::Float { min: Some(0.5), max: None });
        assert!(refused(float, byte).contains("bounds of an integer"));
        let float = Limits::NONE.with_range(Range::Float { min: None, max: Some(1e39) });
        assert!(refused(float, Type::F32).contains("cannot reach"));
        float.check(Type::F64);
    }

    #[test]
    fn a_violation_names_the_field_the_limit_and_what_it_had() {
        static LIMITS: Limits = TO_100.with_max_len(64);
        static FIELD: Field = Field::new("a.b", "", Class::Public, "").with_limits(&LIMITS);
        let text = |had| Violation { field: &FIELD, had }.to_string();
        assert_eq!(text(Had::Len(90)), "a.b: max_len 64, had 90");
        assert_eq!(text(Had::Integer(-7)), "a.b: range 0..=100, had -7");
        assert_eq!(text(Had::Float(1e300)), "a.b: range 0..=100, had 1e300");
        assert_eq!(text(Had::Single(100.1)), "a.b: range 0..=100, had 100.1");
        let duration = Duration::from_millis(101_180);
        assert_eq!(text(Had::Duration(duration)), "a.b: range 0..=100, had 101.18");
        let share = Range::Float { min: None, max: Some(1.0) };
        assert_eq!(share.to_string(), "..=1.0");
        assert_eq!(Range::Integer { min: Some(1), max: None }.to_string(), "1..");
    }
}
