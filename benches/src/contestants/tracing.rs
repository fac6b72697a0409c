use tracing::{Dispatch, Level, dispatcher};

use super::Contestant;
use crate::ids::Ids;
use crate::input::{self, Request};
use crate::{Target, Work};

/// `tracing-subscriber`, its JSON format.
pub(super) struct Tracing {
    dispatch: Dispatch,
    flat: bool,
}

impl Tracing {
    pub(super) fn new(target: &Target, flat: bool) -> Tracing {
        let target = target.clone();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .flatten_event(flat)
            .with_span_list(false)
            .with_max_level(Level::INFO)
            .with_writer(move || target.whole());
        Tracing { dispatch: Dispatch::new(subscriber.finish()), flat }
    }
}

impl Contestant for Tracing {
    fn name(&self) -> &'static str {
        if self.flat { "tracing-subscriber, flat" } else { "tracing-subscriber" }
    }

    fn remark(&self) -> &'static str {
        "with the module; no event name, version or service; the span once, not the list of spans as well"
    }

    fn run(&self, work: Work, times: u64) {
        dispatcher::with_default(&self.dispatch, || run(work, times));
    }
}

pub(super) fn run(work: Work, times: u64) {
    let made = span(&input::CONTEXT.1, input::request());
    for _ in 0..times {
        match work {
            Work::Off => tracing::debug!(key = input::probed().key, "Cache probed"),
            Work::Message => tracing::info!("Cache warmed"),
            Work::Fields => {
                let e = input::shipped();
                tracing::info!(
                    user = e.user,
                    zone = e.zone,
                    via = e.via,
                    items = e.items,
                    order = e.order,
                    due = e.due,
                    price = e.price,
                    load = e.load,
                    fast = e.fast,
                    note = e.note,
                    "Shipped"
                );
            }
            Work::Context => {
                let _entered = made.enter();
                missed();
            }
            Work::Request => {
                let span = span(&Ids::mint(), input::request());
                let _entered = span.enter();
                for _ in 0..3 {
                    missed();
                }
            }
        }
    }
}

fn span(ids: &Ids, request: &Request<'_>) -> tracing::Span {
    tracing::info_span!(
        "request",
        id = ids.request(),
        trace_id = ids.trace(),
        span_id = ids.span(),
        method = request.method,
        path = request.path,
        user_id = request.user_id,
    )
}

#[inline]
fn missed() {
    let e = input::missed();
    tracing::info!(key = e.key, entries = e.entries, hits = e.hits, warm = e.warm, "Cache missed");
}
