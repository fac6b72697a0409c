//! Which request is this?
//!
//! A [`Context`] says which request some work belongs to: its [`RequestId`], its place in a W3C trace, typed
//! [entries](Key) that every event of the request carries, its deadline, and whether its caller is still
//! there. It is immutable: changing one makes another, and a clone is a reference count.
//!
//! ```
//! use throughline_ctx::{Context, Key};
//!
//! /// Who is asking.
//! const USER: Key<str> = Key::local("user", "Account name as typed").personal();
//!
//! let request = Context::root().with(&USER, "tylertreat");
//! let query = request.child(); // a unit of work of its own, within the request
//!
//! assert_eq!(query.get(&USER), Some("tylertreat"));
//! assert_eq!(query.request_id(), request.request_id());
//! assert_eq!(query.parent_span_id(), Some(request.span_id()));
//! ```
//!
//! # From hop to hop
//!
//! [`propagation`] writes a context into the headers of an outgoing call and reads it on the other side. Any
//! kind of header will do: it asks for one method to get the values of a name, and one to set them.
//!
//! ```
//! use std::collections::HashMap;
//! use throughline_ctx::Context;
//!
//! let caller = Context::root();
//! let mut headers: HashMap<String, String> = HashMap::new();
//! let call = caller.inject(&mut headers); // the call has a span of its own
//!
//! let callee = Context::extract(&headers);
//! assert_eq!(callee.request_id(), caller.request_id());
//! assert_eq!(callee.parent_span_id(), Some(call.span_id()));
//! ```
//!
//! # How much is said of a request
//!
//! Its loggers decide that, for all requests alike. A context can ask for more: of one request on every hop, by its [`Verbosity`]; or of those that go wrong, by a [`Hold`] that keeps what the
//! loggers leave out until it is known whether anyone will want it.
//!
//! # What is learnt on the way
//!
//! A context says what is known when it is made. What is learnt later, deep in the work, can still stand in the one event that reports the work when it has ended: [`Context::record`] takes it there.
//!
//! # Handing it on within a service
//!
//! Pass it: `fn login(ctx: &Context, …)`. Code that can take no parameter finds it as [`Context::current`], which is set
//! for a closure by [`Context::scope`] and for a future, at each poll, by [`InContextExt::in_context`]. Work that goes on after
//! the answer takes [`Context::detached`].
//!
//! # Features
//!
//! | feature | by default | what it adds |
//! |---|---|---|
//! | `opentelemetry-0_33` | no | contexts from and to OpenTelemetry 0.33, and a propagator for it, as the module `opentelemetry_0_33` |
//!
//! # Where to go next
//!
//! `throughline-structlog` writes events in a context, and `throughline-tower` opens one for each request. The package `throughline` has all of it.

#![forbid(unsafe_code)]

mod baggage;
mod cancel;
mod carry;
mod context;
mod current;
mod edit;
mod foreign;
mod hold;
mod key;
#[cfg(feature = "opentelemetry-0_33")]
#[path = "opentelemetry.rs"]
pub mod opentelemetry_0_33;
mod ows;
pub mod propagation;
mod random;
mod records;
mod registry;
mod rendered;
mod request_id;
mod trace;
mod tracestate;
mod value;
mod verbosity;

pub use baggage::Baggage;
pub use cancel::{Cancelled, Canceller};
pub use carry::InContextOf;
pub use context::Context;
pub use current::{InContext, InContextExt};
pub use edit::Edit;
pub use hold::{Hold, HoldWriter};
pub use key::{Class, Key, KeyInfo, Scope};
pub use random::forked;
pub use registry::registered_keys;
pub use request_id::{InvalidRequestId, RequestId};
pub use trace::{InvalidTraceParent, SpanId, TraceFlags, TraceId, TraceParent};
pub use tracestate::TraceState;
pub use value::{EntryType, Text, Value, ValueType};
pub use verbosity::{InvalidVerbosity, Verbosity};

/// What the macros of this crate expand to. Not for use by hand, and not stable.
#[doc(hidden)]
pub mod __private {
    pub use crate::context::on_detail_wanted;
    pub use crate::foreign::{in_place, is_same, key, set_current, with_fields};
    pub use crate::registry::Registered;
    pub use inventory;
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
