use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::{Integer, Type};

/// A value that a field can have: something with a JSON form (`spec/event.md`, "Values").
///
/// # Closed sets
///
/// An enum whose variants have no data can derive it. It is then written as text: the names of its variants in `snake_case`, or as `rename` says.
/// Each has a doc comment.
///
/// ```
/// use throughline_schema::{Type, Value};
///
/// /// Why a login was refused.
/// #[derive(Value)]
/// enum Reason {
///     /// The password is wrong.
///     WrongPassword,
///     /// There were too many attempts.
///     #[event(rename = "rate-limit")]
///     RateLimited,
/// }
///
/// let Type::Set(members) = Reason::TYPE else { unreachable!() };
/// assert!(members.iter().map(|member| member.name).eq(["wrong_password", "rate-limit"]));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no JSON form",
    label = "cannot be the value of a field",
    note = "fields are booleans, integers, floats, strings, durations, times, UUIDs, addresses, lists of those, and `Option`s of all of them; an enum can `#[derive(Value)]`",
    note = "an error is marked `#[event(error)]`, a group of fields `#[event(flatten)]`; a function can make a value of other types: `#[event(with = function)]`"
)]
pub trait Value {
    /// The type of the value, for those who read it.
    const TYPE: Type;

    /// Whether there may be [no value](Value::is_absent).
    const OPTIONAL: bool = false;

    /// Hands the plain form of the value to `writer`.
    fn write<W: ValueWriter>(&self, writer: W);

    /// Whether there is no value, and its field is left out.
    #[inline]
    fn is_absent(&self) -> bool {
        false
    }
}

/// A value that a list can hold: every [`Value`] but lists and `Option`s.
#[diagnostic::on_unimplemented(
    message = "a list cannot hold `{Self}`",
    note = "lists hold booleans, integers, floats, strings, durations, times, UUIDs, addresses and closed sets"
)]
pub trait Scalar: Value {}

/// Something that takes one value in its plain form.
pub trait ValueWriter: Sized {
    /// True or false.
    fn bool(self, value: bool);
    /// An integer of up to 64 bits.
    fn i64(self, value: i64);
    /// An integer of up to 64 bits that is not negative.
    fn u64(self, value: u64);
    /// An integer of up to 128 bits.
    fn i128(self, value: i128);
    /// An integer of up to 128 bits that is not negative.
    fn u128(self, value: u128);
    /// A 32-bit float.
    fn f32(self, value: f32);
    /// A 64-bit float.
    fn f64(self, value: f64);
    /// Text.
    fn str(self, value: &str);
    /// Text that is made while it is written. A [`Display`](fmt::Display) that fails half way leaves what it wrote until then.
    fn display(self, value: &(dyn fmt::Display + '_));
    /// A length of time.
    fn duration(self, value: Duration);
    /// A moment.
    fn time(self, value: SystemTime);
    /// Several values.
    fn list<'a, T: Scalar + 'a>(self, values: impl Iterator<Item = &'a T>);
}

macro_rules! scalars {
    ($($type:ty: $of:expr, |$value:ident, $writer:ident| $write:expr;)*) => {$(
        impl Value for $type {
            const TYPE: Type = $of;

            #[inline]
            fn write<W: ValueWriter>(&self, $writer: W) {
                let $value = self;
                $write
            }
        }

        impl Scalar for $type {}
    )*};
}

scalars! {
    bool: Type::Bool, |value, writer| writer.bool(*value);
    u8: Type::Integer(Integer::U8), |value, writer| writer.u64(u64::from(*value));
    u16: Type::Integer(Integer::U16), |value, writer| writer.u64(u64::from(*value));
    u32: Type::Integer(Integer::U32), |value, writer| writer.u64(u64::from(*value));
    u64: Type::Integer(Integer::U64), |value, writer| writer.u64(*value);
    usize: Type::Integer(Integer::U64), |value, writer| writer.u64(*value as u64);
    u128: Type::Integer(Integer::U128), |value, writer| writer.u128(*value);
    i8: Type::Integer(Integer::I8), |value, writer| writer.i64(i64::from(*value));
    i16: Type::Integer(Integer::I16), |value, writer| writer.i64(i64::from(*value));
    i32: Type::Integer(Integer::I32), |value, writer| writer.i64(i64::from(*value));
    i64: Type::Integer(Integer::I64), |value, writer| writer.i64(*value);
    isize: Type::Integer(Integer::I64), |value, writer| writer.i64(*value as i64);
    i128: Type::Integer(Integer::I128), |value, writer| writer.i128(*value);
    f32: Type::F32, |value, writer| writer.f32(*value);
    f64: Type::F64, |value, writer| writer.f64(*value);
    char: Type::Text, |value, writer| writer.str(value.encode_utf8(&mut [0; 4]));
    str: Type::Text, |value, writer| writer.str(value);
    String: Type::Text, |value, writer| writer.str(value);
    Path: Type::Text, |value, writer| writer.display(&value.display());
    PathBuf: Type::Text, |value, writer| writer.display(&value.display());
    fmt::Arguments<'_>: Type::Text, |value, writer| writer.display(value);
    Duration: Type::Duration, |value, writer| writer.duration(*value);
    SystemTime: Type::Time, |value, writer| writer.time(*value);
    IpAddr: Type::IpAddress, |value, writer| writer.display(value);
    Ipv4Addr: Type::IpAddress, |value, writer| writer.display(value);
    Ipv6Addr: Type::IpAddress, |value, writer| writer.display(value);
    SocketAddr: Type::SocketAddress, |value, writer| writer.display(value);
    SocketAddrV4: Type::SocketAddress, |value, writer| writer.display(value);
    SocketAddrV6: Type::SocketAddress, |value, writer| writer.display(value);
}

macro_rules! pointers {
    ($($pointer:ty),*) => {$(
        impl<T: Value + ?Sized> Value for $pointer {
            const TYPE: Type = T::TYPE;
            const OPTIONAL: bool = T::OPTIONAL;

            #[inline]
            fn write<W: ValueWriter>(&self, writer: W) {
                (**self).write(writer);
            }

            #[inline]
            fn is_absent(&self) -> bool {
                (**self).is_absent()
            }
        }

        impl<T: Scalar + ?Sized> Scalar for $pointer {}
    )*};
}

pointers!(&T, &mut T, Box<T>, Rc<T>, Arc<T>);

impl<T: Value + ToOwned + ?Sized> Value for Cow<'_, T> {
    const TYPE: Type = T::TYPE;
    const OPTIONAL: bool = T::OPTIONAL;

    #[inline]
    fn write<W: ValueWriter>(&self, writer: W) {
        (**self).write(writer);
    }

    #[inline]
    fn is_absent(&self) -> bool {
        (**self).is_absent()
    }
}

impl<T: Scalar + ToOwned + ?Sized> Scalar for Cow<'_, T> {}

impl<T: Value> Value for Option<T> {
    const TYPE: Type = T::TYPE;
    const OPTIONAL: bool = true;

    #[inline]
    fn write<W: ValueWriter>(&self, writer: W) {
        if let Some(value) = self {
            value.write(writer);
        }
    }

    #[inline]
    fn is_absent(&self) -> bool {
        self.as_ref().is_none_or(Value::is_absent)
    }
}

impl<T: Scalar> Value for [T] {
    const TYPE: Type = Type::List(&T::TYPE);

    #[inline]
    fn write<W: ValueWriter>(&self, writer: W) {
        writer.list(self.iter());
    }
}

impl<T: Scalar, const N: usize> Value for [T; N] {
    const TYPE: Type = Type::List(&T::TYPE);

    #[inline]
    fn write<W: ValueWriter>(&self, writer: W) {
        writer.list(self.iter());
    }
}

impl<T: Scalar> Value for Vec<T> {
    const TYPE: Type = Type::List(&T::TYPE);

    #[inline]
    fn write<W: ValueWriter>(&self, writer: W) {
        writer.list(self.iter());
    }
}

#[cfg(feature = "uuid-1")]
impl Value for uuid_1::Uuid {
    const TYPE: Type = Type::Uuid;

    #[inline]
    fn write<W: ValueWriter>(&self, writer: W) {
        writer.str(self.hyphenated().encode_lower(&mut uuid_1::Uuid::encode_buffer()));
    }
}

#[cfg(feature = "uuid-1")]
impl Scalar for uuid_1::Uuid {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_no_value_has_none() {
        assert!(Cow::<Option<u8>>::Owned(None).is_absent());
        assert!(Cow::Borrowed(&None::<u8>).is_absent());
        assert!(!Cow::<Option<u8>>::Owned(Some(1)).is_absent());
        assert!(Box::new(Arc::new(None::<u8>)).is_absent());
        assert!(Some(&None::<u8>).is_absent());
    }
}
