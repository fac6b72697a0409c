//! What may an event say?
//!
//! An event is a struct that derives [`Event`]: it has a name, a version, a level, and fields that each have a type and a description.
//! What it says is checked when it is compiled.
//!
//! ```
//! use throughline_schema::{Event, Level};
//!
//! /// A login attempt was refused.
//! #[derive(Event)]
//! #[event(name = "user.login_failed", version = 1, level = "error", message = "User login failed")]
//! struct LoginFailed<'a> {
//!     /// Account name as typed.
//!     user: &'a str,
//!     /// Address on record.
//!     #[event(class = "personal")]
//!     email: Option<&'a str>,
//!     /// Failed attempts in the last hour.
//!     attempts: u32,
//!     /// Why it was refused.
//!     #[event(error)]
//!     reason: &'a dyn std::error::Error,
//! }
//!
//! assert_eq!(LoginFailed::DESCRIPTOR.name, "user.login_failed");
//! assert_eq!(LoginFailed::DESCRIPTOR.level, Level::Error);
//! assert_eq!(LoginFailed::DESCRIPTOR.fields[2].description, "Failed attempts in the last hour.");
//! ```
//!
//! # How it is read
//!
//! An event does not know how it is written. It hands each [`Field`] with its [`Value`] to a [`Visitor`]; a value hands its plain form
//! to a [`ValueWriter`]. All of it is static, so that a writer of JSON compiles down to copies of constants and of the values.

#![forbid(unsafe_code)]

mod descriptor;
mod error;
mod event;
mod head;
mod level;
mod name;
mod outcome;
mod value;

pub use descriptor::{Class, Descriptor, Field, Kind};
pub use event::{Event, Fields, Visitor};
pub use level::{InvalidLevel, Level};
pub use name::{is_name, is_reserved};
pub use outcome::Outcome;
pub use throughline_schema_derive::Event;
pub use value::{Scalar, Value, ValueWriter};

/// What the macros of this family expand to. Not for use by hand, and not stable.
#[doc(hidden)]
pub mod __private {
    pub use crate::error::AsError;
    pub use crate::event::Event as EventTrait;
    pub use crate::head::Head;
    pub use throughline_schema_derive::EventFromFacade;
}
