//! Names that are easily taken for others.

mod near;
mod semconv;

pub(crate) use near::{Likeness, likeness};
pub(crate) use semconv::{Standard, standard};
