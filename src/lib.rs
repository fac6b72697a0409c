#![doc = include_str!("../README.md")]
//!
//! # In a test
//!
//! ```
//! use throughline::{Context, info, structlog::testing};
//!
//! let (log, captured) = testing::capture();
//! let request = Context::root();
//! info!(logger: log, &request, "cache warmed", entries = 1024);
//!
//! let line = &captured.events()[0];
//! assert_eq!(line["entries"], 1024);
//! assert_eq!(line["context"]["id"], request.request_id().as_str());
//! ```
//!
//! # Features
//!
//! | feature | by default | what it adds |
//! |---|---|---|
//! | `tower` | yes | the middleware for tower, hyper, axum and tonic, as [`tower`] |
//! | `axum` | no | an extractor for axum's handlers, and the route that axum's router took |
//! | `lock` | no | lock files of events, exports, and the test that compares them, as `schema::lock` and `schema::testing` |
//! | `tracing` | no | the events and spans of `tracing` as lines, and the records of `log` as well, as `tracing` |
//! | `log` | no | the records of `log` as lines, as `log` |
//! | `to-tracing` | no | `structlog::Builder::to_tracing`: events as events of `tracing`, for those who keep their subscriber; and until there is a global logger, one that does this |
//! | `opentelemetry-0_33` | no | contexts from and to OpenTelemetry 0.33, as `ctx::opentelemetry_0_33` |
//! | `signals` | no | `structlog::flush_on_signals`, for programs that do not handle SIGTERM and SIGINT themselves |
//! | `uuid-1` | no | UUIDs of the crate `uuid` 1 as values of fields |
//!
//! # Where to go next
//!
//! [`Context`] says what belongs to a request, [`trait@Event`] how to declare what happened, and [`structlog`] where lines go and what is lost when something breaks. [`schema`] keeps events as they were
//! agreed on, and [`tower`] has the layers. The guide, in the folder `docs`, is for those with a task: adopting, designing events, running the collector, operating.

#![forbid(unsafe_code)]

pub use throughline_ctx as ctx;
pub use throughline_schema as schema;
pub use throughline_structlog as structlog;
#[cfg(feature = "tower")]
pub use throughline_tower as tower;

pub use throughline_ctx::{Context, InContextExt, Key};
#[doc(no_inline)]
pub use throughline_schema::__private::{
    EventFromFacade as Event, EventTrait as Event, FieldsFromFacade as Fields,
    FieldsTrait as Fields, ValueFromFacade as Value, ValueTrait as Value,
};
pub use throughline_schema::{Class, Level, Outcome};
#[cfg(feature = "log")]
pub use throughline_structlog::log;
#[cfg(feature = "tracing")]
pub use throughline_structlog::tracing;
pub use throughline_structlog::{Logger, Service, init, install, logger, report_panics};
pub use throughline_structlog::{debug, error, info, trace, warn};

/// The guide. Its code is compiled and run as the examples of these docs are.
#[cfg(doctest)]
mod guide {
    #[doc = include_str!("../docs/src/adopting/index.md")]
    mod adopting {}
    #[cfg(feature = "log")]
    #[doc = include_str!("../docs/src/adopting/log.md")]
    mod from_log {}
    #[doc = include_str!("../docs/src/adopting/slog.md")]
    mod from_slog {}
    #[cfg(feature = "tracing")]
    #[doc = include_str!("../docs/src/adopting/tracing.md")]
    mod from_tracing {}
    #[doc = include_str!("../docs/src/events.md")]
    mod events {}
}
