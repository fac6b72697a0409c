//! Writes events down as lines of JSON, and hands them to a collector.
//!
//! A [`Logger`] takes events from many threads, turns each into one line (`spec/event.md`), and hands it to a [`Sink`]: standard
//! output, a [file](FileSink), or the Unix socket of a collector. On the calling thread an event costs a level check, a clock read, and copies; in the
//! steady state nothing is allocated.
//!
//! ```
//! use throughline_ctx::Context;
//! use throughline_schema::Event;
//! use throughline_structlog::{Logger, info};
//!
//! /// An order was placed.
//! #[derive(Event)]
//! #[event(name = "order.placed", version = 1, level = "info", message = "Order placed")]
//! struct OrderPlaced {
//!     /// Number of items.
//!     items: u32,
//! }
//!
//! let log = Logger::builder("shop").stdout().build();
//! let ctx = Context::root();
//! log.emit(&ctx, &OrderPlaced { items: 3 });
//! info!(logger: log, &ctx, "cache warmed", entries = 1024);
//! ```
//!
//! # The global logger
//!
//! [`init`] makes the logger that the macros use when they are given none, and [`install`] takes one that you made. It reads where to write from the environment:
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `THROUGHLINE_SOCKET` | the path of a collector's socket | lines go to standard output |
//! | `THROUGHLINE_LOG` | which events are written, as a [`Filter`]: a level (`trace`, `debug`, `info`, `warn`, `error`, `off`), and others for names or targets that begin with something, as in `info,user.login=debug,h2=off` | `info` |
//!
//! # Which events are written
//!
//! All of this can be changed while the program runs, at once and for every place in the code, and none of it takes a lock on the way of an event.
//!
//! - A [`Filter`] goes by level, and by the name of an event's type or the target of an event without one ([`Logger::set_filter`]).
//! - One request can ask for more, on every hop that it touches ([`Verbosity`](throughline_ctx::Verbosity)), or hold back its detail until it goes wrong
//!   ([`Hold`](throughline_ctx::Hold)).
//! - [`Sampling`] keeps whole traces, the same ones in every service, and says how many each event stands for.
//! - A flood from one place can be limited ([`Logger::set_rate_limit`]).
//!
//! What was left out is counted: see [`Logger::withheld`]. A logger can write to [several outputs](Output), each with a level and a clearance of its own; values for which an output is not cleared
//! are redacted, or [hashed](HashKey), so that lines can still be joined on them.
//!
//! # What is lost, and how to know
//!
//! The socket sink never blocks its caller, and holds a bounded number of bytes, so there can be events that it cannot take. Standard output and standard error block for as long as
//! whoever reads them does. They and files lose what the system refuses: the reader is gone, or the disk is full. Each sink counts what it loses:
//! see [`Logger::lost`], and [`Logger::stats`] for metrics. The socket sink reports it in the stream as well, as `throughline.shed` events. [`Logger::flush`] waits until everything that was
//! emitted is delivered, and says if it is not.
//!
//! # How a program ends
//!
//! | end | what is delivered |
//! |---|---|
//! | `main` returns or unwinds | everything, if it holds the [`Guard`], or drops the last handle of a logger of its own. Both wait up to 2 seconds, and say on standard error what they could not deliver |
//! | `std::process::exit` | it drops nothing: call [`Logger::flush`] before it |
//! | a panic | [`report_panics`] makes it an event, and flushes where the panic aborts the process |
//! | a signal | nothing more than the collector has, unless the program handles the signal and returns from `main`, or asks for `flush_on_signals` (feature `signals`) |
//!
//! # Features
//!
//! None is on by default.
//!
//! | feature | what it adds |
//! |---|---|
//! | `tracing` | the events and spans of `tracing` as lines, and the records of `log` as well, as the module `tracing` |
//! | `log` | the records of `log` as lines, as the module `log` |
//! | `to-tracing` | `Builder::to_tracing`: events as events of `tracing`, for those who keep their subscriber. Until there is a global logger, [`logger`] is one that does this |
//! | `signals` | `flush_on_signals`, for programs that do not handle SIGTERM and SIGINT themselves |
//!
//! # Where to go next
//!
//! [`Logger`] is what writes, [`Builder`] what makes it, and [`SocketSink`] the way to a collector. [`testing`] captures events. What a line is, is stated for any language in `spec/event.md` of the repository.
//! `throughline-tower` opens a context for each request; the package `throughline` has all of it.
//!
//! # Programs that fork
//!
//! A logger can be used on in a forked child. To the collector the child is another client, with a stream, a buffer and a thread of its own, from the first event that it writes; what the parent had
//! not delivered yet, the parent delivers. Ids that the child makes differ from those of its parent, and [`Service::instance`] says how its `service.instance` does. What is forked by other means than
//! `fork(2)` of the C library, such as a bare `clone` system call, is not noticed.

#![deny(unsafe_code)]

#[cfg(any(feature = "log", feature = "to-tracing"))]
mod bridge;
mod builder;
mod clearance;
mod control;
mod encode;
mod filter;
mod fork;
mod global;
mod line;
mod logger;
mod macros;
mod notices;
mod outcome;
mod output;
mod packed;
mod panics;
mod prefixes;
mod rate;
mod registry;
mod sampling;
mod service;
#[cfg(feature = "signals")]
mod signals;
mod sink;
mod stderr;
pub mod testing;
mod threshold;
mod withheld;

#[cfg(feature = "log")]
pub use bridge::log;
#[cfg(feature = "tracing")]
pub use bridge::tracing;
pub use builder::Builder;
pub use clearance::HashKey;
pub use filter::{Filter, InvalidFilter};
pub use global::{Guard, InitError, init, install, logger};
pub use line::Line;
pub use logger::Logger;
pub use output::Output;
pub use panics::report_panics;
pub use sampling::Sampling;
pub use service::Service;
#[cfg(feature = "signals")]
pub use signals::{SignalGuard, flush_on_signals};
pub use sink::{
    FileSink, FlushError, LossReason, Lost, NullSink, Rotation, Sink, SocketSink, Stats, StreamSink,
};
pub use threshold::{InvalidThreshold, Threshold};
pub use withheld::Withheld;

#[doc(hidden)]
pub use macros::__private;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
