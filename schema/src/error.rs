use std::error::Error;

/// The error that a field marked `#[event(error)]` holds. `How` tells the implementations apart, and is inferred.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an error",
    label = "marked `#[event(error)]`, but does not implement `std::error::Error`"
)]
pub trait AsError<How> {
    /// The error.
    fn as_error(&self) -> &(dyn Error + '_);
}

/// It is an error.
#[derive(Debug)]
pub enum Itself {}

/// It is a box with an error.
#[derive(Debug)]
pub enum Boxed {}

impl<T: Error> AsError<Itself> for T {
    fn as_error(&self) -> &(dyn Error + '_) {
        self
    }
}

macro_rules! boxed {
    ($($error:ty),*) => {$(
        impl AsError<Boxed> for Box<$error> {
            fn as_error(&self) -> &(dyn Error + '_) {
                &**self
            }
        }
    )*};
}

boxed!(dyn Error, dyn Error + Send, dyn Error + Send + Sync);
