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
//! A struct can hold [groups of fields](Fields#groups) that several events share, and a field one out of a [closed set](Value#closed-sets). Attributes say of which
//! [class](Class), unit and [limits](Limits) the values are: see [`Event`](Event#the-derive).
//!
//! # What is agreed
//!
//! Every event type [registers](registered) itself. With the feature `lock`, one test compares what the program says of its events with a file that was agreed upon, and fails where a change breaks those who
//! read them:
//!
//! ```no_run
//! # #[cfg(feature = "lock")]
//! throughline_schema::testing::assert_locked("events.lock.json");
//! ```
//!
//! The same file can be exported as JSON Schema, as Markdown, and as a registry of OpenTelemetry Weaver: see `lock`.
//!
//! # Features
//!
//! | feature | by default | what it adds |
//! |---|---|---|
//! | `lock` | no | the modules `lock` and `testing`; for the tests of a service, and for tools |
//! | `uuid-1` | no | [`Value`] for the `Uuid` of the crate `uuid` 1 |
//!
//! # Where to go next
//!
//! [`Event`] has all attributes of the derive, [`Fields`] groups, and [`Value`] closed sets. What readers rely on, and what breaks them, is stated for any language in `spec/schema.md` of the repository.
//! `throughline-structlog` writes events; the package `throughline` has all of it.
//!
//! # How it is read
//!
//! An event does not know how it is written. It hands each [`Field`] with its [`Value`] to a [`Visitor`]; a value hands its plain form
//! to a [`ValueWriter`]. All of it is static, so that a writer of JSON compiles down to copies of constants and of the values.

#![forbid(unsafe_code)]

mod context_key;
mod descriptor;
mod display;
mod error;
mod event;
#[cfg(feature = "lock")]
mod export;
mod field;
mod group;
mod head;
mod level;
mod limits;
#[cfg(feature = "lock")]
pub mod lock;
mod name;
mod of_span;
mod outcome;
mod registry;
mod seconds;
#[cfg(feature = "lock")]
pub mod testing;
mod typed;
mod types;
mod value;

pub use context_key::{ContextKey, registered_keys};
pub use descriptor::{Delivery, Descriptor, Kind};
pub use display::{AsDebug, AsDisplay};
pub use event::{Event, Fields, MessageVisitor, Visitor};
pub use field::{Class, Field};
pub use level::{InvalidLevel, Level};
pub use limits::{Clipped, Had, Limits, Range, Violation};
pub use name::{is_name, is_reserved};
pub use outcome::Outcome;
pub use registry::{Registered, registered};
pub use throughline_schema_derive::{Event, Fields, Value};
pub use types::{Integer, Member, Type};
pub use value::{Scalar, Value, ValueWriter};

/// What the macros of this family expand to. Not for use by hand, and not stable.
#[doc(hidden)]
pub mod __private {
    pub use crate::context_key::KeySource;
    pub use crate::error::AsError;
    pub use crate::event::{Event as EventTrait, Fields as FieldsTrait};
    pub use crate::group::{
        After, Group, Keys, List, OfEvent, OfGroup, Part, check_names, flatten,
    };
    pub use crate::head::Head;
    pub use crate::of_span::{duration_us, outcome};
    pub use crate::registry::Registered;
    pub use crate::typed::{Typed, Untyped, with};
    pub use crate::value::Value as ValueTrait;
    pub use inventory;
    pub use throughline_schema_derive::{EventFromFacade, FieldsFromFacade, ValueFromFacade};
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
