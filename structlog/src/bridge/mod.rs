//! Events that come through the macros of other libraries, or go to them.

#[cfg(feature = "to-tracing")]
pub(crate) mod forward;
mod guard;
#[cfg(feature = "log")]
pub mod log;
#[cfg(feature = "log")]
mod name;
#[cfg(feature = "log")]
mod place;
mod table;
#[cfg(feature = "tracing")]
pub mod tracing;

/// Tells the other libraries, which cache what is wanted, that it may be something else now.
#[cfg(feature = "log")]
pub(crate) fn filter_changed() {
    log::follow();
    #[cfg(feature = "tracing")]
    tracing::follow();
}
