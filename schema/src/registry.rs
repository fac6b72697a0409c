use crate::{Descriptor, Event};

/// An event type of the program.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Registered {
    /// What the type states about itself.
    pub descriptor: &'static Descriptor,
    /// The path of the type.
    pub path: &'static str,
}

impl Registered {
    /// For the macros.
    #[doc(hidden)]
    pub const fn new<E: Event>(path: &'static str) -> Registered {
        Registered { descriptor: E::DESCRIPTOR, path }
    }
}

inventory::collect!(Registered);

/// The event types of the program and of all libraries that are linked into it, in no particular order.
///
/// A type registers itself when it derives [`Event`], unless it has type parameters: see [`register!`](crate::register).
pub fn registered() -> impl Iterator<Item = &'static Registered> {
    inventory::iter::<Registered>.into_iter()
}

/// Registers an event type that has type parameters, as it is used: a type without parameters registers itself.
///
/// ```
/// use throughline_schema::{Event, Value, register};
///
/// /// A measurement was taken.
/// #[derive(Event)]
/// #[event(name = "measured", version = 1, level = "info", message = "Measured", kind = "metric")]
/// struct Measured<T> {
///     /// What was measured.
///     reading: T,
/// }
///
/// register!(Measured<f64>);
///
/// assert!(throughline_schema::registered().any(|event| event.descriptor.name == "measured"));
/// ```
///
/// All that is registered under one name and version has one shape.
#[macro_export]
macro_rules! register {
    ($event:ty) => {
        $crate::__private::inventory::submit! {
            $crate::__private::Registered::new::<$event>(
                ::core::concat!(::core::module_path!(), "::", ::core::stringify!($event))
            )
        }
    };
}
