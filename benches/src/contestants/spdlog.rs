use std::sync::Arc;

use spdlog::formatter::JsonFormatter;
use spdlog::sink::WriteSink;
use spdlog::{Level, LevelFilter, Logger, debug, info};

use super::Contestant;
use crate::ids::Ids;
use crate::input::{self, Request};
use crate::{Target, Work};

/// `spdlog-rs` with its JSON formatter.
pub(super) struct Spdlog(Arc<Logger>);

impl Spdlog {
    pub(super) fn new(target: &Target) -> Spdlog {
        let sink = WriteSink::builder()
            .target(target.whole())
            .formatter(JsonFormatter::new())
            .build_arc()
            .unwrap();
        let log = Logger::builder()
            .sink(sink)
            .level_filter(LevelFilter::MoreSevereEqual(Level::Info))
            .build_arc()
            .unwrap();
        Spdlog(log)
    }
}

impl Contestant for Spdlog {
    fn name(&self) -> &'static str {
        "spdlog-rs"
    }

    fn remark(&self) -> &'static str {
        "no event name, version or service; the time is a number of milliseconds; it has no context, so its entries are fields of each event"
    }

    fn run(&self, work: Work, times: u64) {
        let log = &self.0;
        for _ in 0..times {
            match work {
                Work::Off => {
                    debug!(logger: log, "Cache probed", kv: { key = input::probed().key });
                }
                Work::Message => info!(logger: log, "Cache warmed"),
                Work::Fields => {
                    let e = input::shipped();
                    info!(logger: log, "Shipped", kv: {
                        user = e.user, zone = e.zone, via = e.via,
                        items = e.items, order = e.order, due = e.due,
                        price = e.price, load = e.load, fast = e.fast, note = e.note
                    });
                }
                Work::Context => missed(log, &input::CONTEXT.1, input::request()),
                Work::Request => {
                    let (ids, request) = (Ids::mint(), input::request());
                    for _ in 0..3 {
                        missed(log, &ids, request);
                    }
                }
            }
        }
    }
}

#[inline]
fn missed(log: &Arc<Logger>, ids: &Ids, request: &Request<'_>) {
    let e = input::missed();
    info!(logger: log, "Cache missed", kv: {
        id = ids.request(), trace_id = ids.trace(), span_id = ids.span(),
        method = request.method, path = request.path, user_id = request.user_id,
        key = e.key, entries = e.entries, hits = e.hits, warm = e.warm
    });
}
