//! JSON values beside Rust's own.

use super::Json;

macro_rules! numbers {
    ($($type:ty)*) => {$(
        impl PartialEq<$type> for Json {
            fn eq(&self, other: &$type) -> bool {
                self.number() == Some(*other)
            }
        }
    )*};
}

numbers!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize f32 f64);

impl PartialEq<bool> for Json {
    fn eq(&self, other: &bool) -> bool {
        *self == Json::Bool(*other)
    }
}

impl PartialEq<str> for Json {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == Some(other)
    }
}

impl PartialEq<String> for Json {
    fn eq(&self, other: &String) -> bool {
        *self == **other
    }
}

impl<T: ?Sized> PartialEq<&T> for Json
where
    Json: PartialEq<T>,
{
    fn eq(&self, other: &&T) -> bool {
        *self == **other
    }
}

impl<T> PartialEq<[T]> for Json
where
    Json: PartialEq<T>,
{
    fn eq(&self, other: &[T]) -> bool {
        matches!(self, Json::Array(items) if items == other)
    }
}

impl<T, const N: usize> PartialEq<[T; N]> for Json
where
    Json: PartialEq<T>,
{
    fn eq(&self, other: &[T; N]) -> bool {
        matches!(self, Json::Array(items) if items == other)
    }
}

impl<T> PartialEq<Vec<T>> for Json
where
    Json: PartialEq<T>,
{
    fn eq(&self, other: &Vec<T>) -> bool {
        matches!(self, Json::Array(items) if items == other)
    }
}
