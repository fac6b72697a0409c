//! The other end of the socket: takes events, makes them durable, acknowledges them, and shows them.
//!
//! A service writes its events, one JSON object to a line, to a Unix socket. A [`Collector`] listens there, appends what
//! it receives to plain files that `grep` and `jq` read, and tells each client which of its bytes are safe. A client that
//! reconnects sends again what was not acknowledged; the collector keeps each event once.
//!
//! ```
//! use std::{io::Write, os::unix::net::UnixStream};
//! use throughline_collector::{Collector, Config, spool::Reader};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! let config = Config::new(folder.join("throughline.sock"), folder.join("spool"));
//! let collector = Collector::spawn(config)?;
//!
//! let mut client = UnixStream::connect(collector.socket())?;
//! client.write_all(br#"{"timestamp":"2026-11-21T09:28:31.123456Z","level":"INFO","event":"cache.warmed"}"#)?;
//! client.write_all(b"\n")?;
//!
//! let summary = collector.stop()?;
//! assert_eq!(summary.lines, 1);
//! for line in Reader::open(folder.join("spool"))? {
//!     assert!(line?.contains("cache.warmed"));
//! }
//! # Ok(())
//! # }
//! ```
//!
//! What is stored is [forwarded](Config::forward) to NATS JetStream, to an endpoint of OpenTelemetry's protocol (OTLP), to
//! another collector, to a file or to the standard output, and [kept](Config::retain) as long as it is wanted. Neither is in the
//! way of the intake:
//!
//! ```
//! use std::time::Duration;
//! use throughline_collector::{Collector, Config, Forward};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! let config = Config::new(folder.join("throughline.sock"), folder.join("spool"))
//!     .forward(Forward::File(folder.join("events.ndjson")))
//!     .retain_bytes(10 << 30)
//!     .retain_age(Duration::from_secs(7 * 86_400));
//! let collector = Collector::spawn(config)?;
//! # collector.stop()?;
//! # Ok(())
//! # }
//! ```
//!
//! The same collector runs as a process with `throughline collect`, and `throughline tail` shows what it stored.
//!
//! # Features
//!
//! | feature | by default | what it adds |
//! |---|---|---|
//! | `nats` | yes | `Forward::Nats`, and `throughline tail --nats` |
//! | `otlp` | yes | `Forward::Otlp`, over gRPC and HTTP. Without these two the collector has a quarter of its dependencies |
//!
//! # Where to go next
//!
//! [`Config`] has all settings, [`spool::Reader`] reads what is stored, and [`lint`] checks lines. The guide in `docs` of the repository says how to run, size and operate a collector; `spec/socket.md`,
//! `spec/forwarding.md` and `spec/otlp.md` state what goes over the wire.
//!
//! # Memory
//!
//! What waits for the disk is at most 8 MiB, and what is being written 4 MiB and one batch; then all clients wait. A client
//! costs what the kernel keeps for its socket, and the beginning of a line that it has not ended, of at most
//! [`Config::max_line`] bytes. Each forwarder holds about 8 MiB at most.
#![forbid(unsafe_code)]

mod clock;
mod collector;
mod config;
mod connection;
mod error;
mod forward;
mod http;
pub mod lint;
mod listen;
mod locks;
mod metrics;
mod names;
#[cfg(feature = "nats")]
mod nats;
#[cfg(feature = "otlp")]
mod otlp;
mod running;
mod service;
mod stderr;
mod stream;
mod summary;

#[doc(hidden)]
pub mod cli;
pub mod spool;
pub mod tail;

pub use collector::Collector;
pub use config::{Config, Forward, Retain, SyncPolicy};
pub use error::Error;
#[cfg(feature = "nats")]
pub use nats::{Nats, NatsAuth};
#[cfg(feature = "otlp")]
pub use otlp::{Otlp, OtlpProtocol};
pub use running::Running;
pub use summary::Summary;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
