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
//! The same collector runs as a process with `throughline collect`, and `throughline tail` shows what it stored.
#![forbid(unsafe_code)]

mod clock;
mod collector;
mod config;
mod connection;
mod error;
mod forward;
mod http;
mod listen;
mod locks;
mod metrics;
mod names;
#[cfg(feature = "nats")]
mod nats;
mod running;
mod stderr;
mod stream;
mod summary;

#[doc(hidden)]
pub mod cli;
pub mod spool;
pub mod tail;

pub use collector::Collector;
pub use config::{Config, Forward, Retain, Sync};
pub use error::Error;
#[cfg(feature = "nats")]
pub use nats::{Nats, NatsAuth};
pub use running::Running;
pub use summary::Summary;
