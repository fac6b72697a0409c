//! The logger, from the outside.

mod allocation;
mod child;
mod collector;
mod contract;
mod control;
mod corpus;
mod file;
mod limits;
mod line;
mod misbehaving;
mod outputs;
mod schemas;
mod secrets;
mod socket;
mod stream;
#[cfg(all(feature = "tracing", feature = "to-tracing"))]
mod to_tracing;
#[cfg(feature = "tracing")]
mod tracing;
