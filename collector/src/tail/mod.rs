//! What was stored, for people to read: events as lines, and requests as trees.
//!
//! Whatever a stored event says, nothing here yields a control character: what a service logged cannot steer the terminal of
//! whoever reads it.

mod filter;
mod level;
mod line;
mod record;
mod style;
mod text;
pub mod tree;
mod value;
mod work;

pub use record::{ParseError, Record};
pub use style::Style;

pub(crate) use filter::{Condition, Filter};
pub(crate) use level::Level;
pub(crate) use line::Lines;
pub(crate) use text::clean;
