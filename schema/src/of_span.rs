//! The two fields that every event of kind `span` has (`spec/event.md`, "Members"): the derive hands them on through these functions.

use crate::Outcome;

/// What can be the `duration_us` of a span.
#[diagnostic::on_unimplemented(
    message = "the `duration_us` of a span is a `u64`, not `{Self}`",
    label = "is not `u64`"
)]
pub trait DurationUs {}

impl DurationUs for u64 {}

/// What can be the `outcome` of a span.
#[diagnostic::on_unimplemented(
    message = "the `outcome` of a span is an `Outcome`, not `{Self}`",
    label = "is not `Outcome`"
)]
pub trait IsOutcome {}

impl IsOutcome for Outcome {}

/// The `duration_us` itself.
#[inline]
pub const fn duration_us<T: DurationUs>(value: &T) -> &T {
    value
}

/// The `outcome` itself.
#[inline]
pub const fn outcome<T: IsOutcome>(value: &T) -> &T {
    value
}
