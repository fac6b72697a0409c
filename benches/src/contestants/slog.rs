use std::sync::Mutex;

use slog::{Drain, Level, LevelFilter, Logger, debug, info, o};

use super::Contestant;
use crate::ids::Ids;
use crate::input::{self, Request};
use crate::{Target, Work};

/// `slog` with `slog-json`, behind a mutex, which it needs to be shared.
pub(super) struct Slog(Logger);

impl Slog {
    pub(super) fn new(target: &Target) -> Slog {
        let json = slog_json::Json::default(target.pieces());
        Slog(Logger::root(LevelFilter::new(Mutex::new(json), Level::Info).fuse(), o!()))
    }

    fn with(&self, ids: &Ids, request: &Request<'_>) -> Logger {
        self.0.new(o!(
            "id" => ids.request().to_owned(),
            "trace_id" => ids.trace().to_owned(),
            "span_id" => ids.span().to_owned(),
            "method" => request.method.to_owned(),
            "path" => request.path.to_owned(),
            "user_id" => request.user_id.to_owned(),
        ))
    }
}

impl Contestant for Slog {
    fn name(&self) -> &'static str {
        "slog, slog-json"
    }

    fn remark(&self) -> &'static str {
        "no event name, version or service; 9 digits of a second"
    }

    fn run(&self, work: Work, times: u64) {
        let log = &self.0;
        let made = self.with(&input::CONTEXT.1, input::request());
        for _ in 0..times {
            match work {
                Work::Off => debug!(log, "Cache probed"; "key" => input::probed().key),
                Work::Message => info!(log, "Cache warmed"),
                Work::Fields => {
                    let e = input::shipped();
                    info!(log, "Shipped";
                        "user" => e.user, "zone" => e.zone, "via" => e.via,
                        "items" => e.items, "order" => e.order, "due" => e.due,
                        "price" => e.price, "load" => e.load, "fast" => e.fast,
                        "note" => e.note);
                }
                Work::Context => missed(&made),
                Work::Request => {
                    let log = self.with(&Ids::mint(), input::request());
                    for _ in 0..3 {
                        missed(&log);
                    }
                }
            }
        }
    }
}

#[inline]
fn missed(log: &Logger) {
    let e = input::missed();
    info!(log, "Cache missed";
        "key" => e.key, "entries" => e.entries, "hits" => e.hits, "warm" => e.warm);
}
