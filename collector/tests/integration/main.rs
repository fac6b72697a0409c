//! The collector over real sockets and files, and as a process where the process is the point.

mod crowd;
mod delivery;
mod disk;
mod forward;
mod http;
#[cfg(feature = "nats")]
mod jetstream;
mod lint;
mod lint_schema;
#[cfg(feature = "nats")]
mod nats;
#[cfg(feature = "nats")]
mod nats_login;
#[cfg(feature = "otlp")]
mod otlp;
#[cfg(feature = "otlp")]
mod otlp_reach;
#[cfg(feature = "otlp")]
mod otlp_receiver;
#[cfg(feature = "otlp")]
mod otlp_sdk;
mod plain;
mod process;
mod refusal;
mod restart;
mod retention;
mod schema;
mod settings;
mod shipper;
mod support;
mod tail;
mod tree;
mod vectors;
