//! The same calls of `tracing`'s macros, with several that write for them.

use std::cell::Cell;
use std::hint::black_box;

use throughline_schema::Level;
use throughline_structlog::tracing::layer;
use tracing::{Dispatch, debug, dispatcher, info, info_span};
use tracing_subscriber::layer::SubscriberExt;

use crate::Target;
use crate::input;

/// What is done, once for each time.
#[derive(Clone, Copy, Debug)]
pub enum Work {
    /// An event with five fields, in three spans of four fields in all that are entered already.
    Event,
    /// The same at a level that is switched off.
    Off,
    /// Three spans opened and entered one in the other, three events in the innermost, and the spans closed.
    Request,
    /// A span entered and left, as each poll of an instrumented future does.
    Poll,
}

impl Work {
    pub const ALL: [Work; 4] = [Work::Event, Work::Off, Work::Request, Work::Poll];

    pub fn name(self) -> &'static str {
        match self {
            Work::Event => "event",
            Work::Off => "off",
            Work::Request => "request",
            Work::Poll => "poll",
        }
    }

    /// How many lines it writes.
    pub fn lines(self) -> usize {
        match self {
            Work::Event => 1,
            Work::Off | Work::Poll => 0,
            Work::Request => 3,
        }
    }
}

/// Someone who writes.
pub struct Writer {
    pub name: &'static str,
    pub remark: &'static str,
    dispatch: Dispatch,
}

impl Writer {
    /// Hands `take` the work to be measured.
    pub fn run<R>(&self, work: Work, take: impl FnOnce(&dyn Fn()) -> R) -> R {
        dispatcher::with_default(&self.dispatch, || {
            if matches!(work, Work::Request) {
                return take(&|| within(&|| (0..3).for_each(|_| missed())));
            }
            let span = info_span!("poll", attempt = black_box(1));
            let (take, taken) = (Cell::new(Some(take)), Cell::new(None));
            within(&|| {
                let Some(take) = take.take() else { return };
                taken.set(Some(match work {
                    Work::Event => take(&missed),
                    Work::Off => take(&|| debug!(key = input::missed().key, "Cache missed")),
                    Work::Poll | Work::Request => take(&|| span.in_scope(|| ())),
                }));
            });
            taken.take().expect("the work is done")
        })
    }
}

fn within(work: &dyn Fn()) {
    let request = input::request();
    let _outer = info_span!("request", method = request.method, path = request.path).entered();
    let _middle = info_span!("handler", user_id = request.user_id).entered();
    let _inner = info_span!("query", rows = black_box(10)).entered();
    work();
}

fn missed() {
    let e = input::missed();
    info!(
        key = e.key,
        entries = e.entries,
        hits = e.hits,
        warm = e.warm,
        tries = black_box(-2),
        "Cache missed"
    );
}

/// All of them, writing to this target.
pub fn all(target: &Target) -> Vec<Writer> {
    let (fmt, flat) = (target.clone(), target.clone());
    let fmt = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::INFO)
        .with_writer(move || fmt.whole());
    let json = json_subscriber::fmt()
        .with_max_level(tracing::Level::INFO)
        .with_writer(move || flat.whole());
    let log = target.logger();
    log.set_filter(Level::Info);
    vec![
        Writer {
            name: "throughline",
            remark: "with the ids of request, trace and span, the name of the innermost span, event name, version and service",
            dispatch: Dispatch::new(tracing_subscriber::registry().with(layer(&log))),
        },
        Writer {
            name: "tracing-subscriber, `fmt().json()`",
            remark: "with all names of spans, the innermost span twice; no ids, event name, version or service",
            dispatch: Dispatch::new(fmt.finish()),
        },
        Writer {
            name: "json-subscriber",
            remark: "as tracing-subscriber",
            dispatch: Dispatch::new(json.finish()),
        },
    ]
}
