//! From hop to hop: contexts in headers.
//!
//! A [`Propagator`] reads an [`Incoming`] from any carrier that is an [`Extractor`] and writes a context to any that is an
//! [`Injector`]. Maps of strings are both; a carrier of another kind takes a few lines:
//!
//! ```
//! use throughline_ctx::Context;
//! use throughline_ctx::propagation::{Extractor, Injector};
//!
//! /// The headers of some message queue.
//! struct Message {
//!     headers: Vec<(String, Vec<u8>)>,
//! }
//!
//! impl Extractor for Message {
//!     fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
//!         self.headers.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_slice())
//!     }
//! }
//!
//! impl Injector for Message {
//!     fn set(&mut self, name: &str, value: &str) {
//!         self.headers.retain(|(n, _)| n != name);
//!         self.headers.push((name.to_owned(), value.as_bytes().to_vec()));
//!     }
//! }
//!
//! let mut message = Message { headers: Vec::new() };
//! let sent = Context::root().inject(&mut message);
//! assert_eq!(Context::extract(&message).parent_span_id(), Some(sent.span_id()));
//! ```
//!
//! [`carriers`] has more of message queues, with Kafka for an example.
//!
//! Reading never fails: what is malformed is as good as absent, as W3C Trace Context says.

mod carrier;
#[cfg(any(doc, doctest))]
#[doc = include_str!("kafka.md")]
pub mod carriers {}
mod environment;
mod propagator;
mod timeout;

pub use carrier::{Extractor, Injector};
pub use environment::Environment;
pub use propagator::{Incoming, Propagator};
