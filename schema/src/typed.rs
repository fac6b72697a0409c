use std::marker::PhantomData;

use crate::{Field, Type, Value};

/// What a field's type says of its values: `Typed::<T>::TYPE`. Of a type that is no [`Value`], [`Untyped`] says something, so that it is
/// one error where the value is handed on, and none where the field is described.
#[derive(Debug)]
pub struct Typed<T: ?Sized>(PhantomData<T>);

impl<T: Value + ?Sized> Typed<T> {
    /// The type of the values.
    pub const TYPE: Type = T::TYPE;
    /// Whether there may be no value.
    pub const OPTIONAL: bool = T::OPTIONAL;
}

/// What is said where [`Typed`] says nothing: what it says itself goes first.
pub trait Untyped {
    /// Any type, for which any limit makes sense.
    const TYPE: Type = Type::List(&Type::F64);
    /// Any answer.
    const OPTIONAL: bool = false;
}

impl<T: ?Sized> Untyped for Typed<T> {}

/// What a function makes of a field.
#[derive(Debug)]
pub struct With<'a, T: ?Sized, R> {
    function: fn(&'a T) -> R,
    value_type: Type,
    optional: bool,
}

/// For fields of type `T`, and a function that makes values of them.
#[inline]
pub const fn with<'a, T: ?Sized + 'a, R: Value>(function: fn(&'a T) -> R) -> With<'a, T, R> {
    With { function, value_type: R::TYPE, optional: R::OPTIONAL }
}

impl<'a, T: ?Sized, R> With<'a, T, R> {
    /// The field, with the type of what the function returns.
    pub const fn describe(&self, field: Field) -> Field {
        field.with_type(self.value_type, self.optional)
    }

    /// The type of what the function returns.
    pub const fn value_type(&self) -> Type {
        self.value_type
    }

    /// The value that the function makes of a field.
    #[inline]
    pub fn apply(&self, field: &'a T) -> R {
        (self.function)(field)
    }
}
