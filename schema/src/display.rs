use std::fmt;

use crate::{Scalar, Type, Value, ValueWriter};

/// A value that is written as its [`Display`](fmt::Display) form, as text. For fields of other people's types:
///
/// ```
/// use throughline_schema::{AsDisplay, Event};
///
/// /// A file was opened.
/// #[derive(Event)]
/// #[event(name = "file.opened", version = 1, level = "info", message = "File opened")]
/// struct Opened {
///     /// By which user.
///     #[event(with = AsDisplay)]
///     user: std::num::NonZero<u32>,
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct AsDisplay<'a, T: ?Sized>(pub &'a T);

impl<T: fmt::Display + ?Sized> Value for AsDisplay<'_, T> {
    const TYPE: Type = Type::Text;

    #[inline]
    fn write<W: ValueWriter>(&self, writer: W) {
        writer.display(&self.0);
    }
}

impl<T: fmt::Display + ?Sized> Scalar for AsDisplay<'_, T> {}

/// A value that is written as its [`Debug`](fmt::Debug) form, as text. As [`AsDisplay`].
#[derive(Clone, Copy, Debug)]
pub struct AsDebug<'a, T: ?Sized>(pub &'a T);

impl<T: fmt::Debug + ?Sized> Value for AsDebug<'_, T> {
    const TYPE: Type = Type::Text;

    #[inline]
    fn write<W: ValueWriter>(&self, writer: W) {
        writer.display(&format_args!("{:?}", self.0));
    }
}

impl<T: fmt::Debug + ?Sized> Scalar for AsDebug<'_, T> {}
