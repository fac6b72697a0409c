use crate::KeyInfo;

inventory::collect!(Registered);

/// A key that `keys!` registered.
#[doc(hidden)]
#[derive(Debug)]
pub struct Registered(pub KeyInfo);

/// The keys of the program and of all libraries that are linked into it, as far as they were declared within [`keys!`](crate::keys), in no
/// particular order. One name may stand there twice.
pub fn registered_keys() -> impl Iterator<Item = &'static KeyInfo> {
    inventory::iter::<Registered>.into_iter().map(|key| &key.0)
}

/// Registers the [keys](crate::Key) that it declares, so that schemas know them. The declarations stand as they would without it.
///
/// ```
/// use throughline_ctx::{Key, keys, registered_keys};
///
/// keys! {
///     /// Whose data this request is about.
///     pub const TENANT: Key<str> = Key::local("tenant.id", "Whose data this request is about");
///     const ATTEMPT: Key<u64> = Key::local("attempt", "How often this job was tried before");
/// }
///
/// assert!(registered_keys().any(|key| key.name() == TENANT.info().name()));
/// ```
#[macro_export]
macro_rules! keys {
    ($($(#[$attr:meta])* $vis:vis const $name:ident: $type:ty = $key:expr;)*) => {$(
        $(#[$attr])*
        $vis const $name: $type = $key;

        $crate::__private::inventory::submit! {
            $crate::__private::Registered(*<$type>::info(&$name))
        }
    )*};
}
