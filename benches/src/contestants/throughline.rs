use throughline_ctx::Context;
use throughline_structlog::{Logger, debug, info};

use super::Contestant;
use crate::input::{self, CacheWarmed, METHOD, PATH, USER_ID};
use crate::{Target, Work};

fn request() -> Context {
    let request = input::request();
    Context::root()
        .with(&METHOD, request.method)
        .with(&PATH, request.path)
        .with(&USER_ID, request.user_id)
}

/// Events with types.
pub(super) struct Typed(Logger);

impl Typed {
    pub(super) fn new(target: &Target) -> Typed {
        Typed(target.logger())
    }
}

impl Contestant for Typed {
    fn name(&self) -> &'static str {
        "throughline, typed"
    }

    fn remark(&self) -> &'static str {
        "with the event's name and version, and the service"
    }

    fn run(&self, work: Work, times: u64) {
        let log = &self.0;
        let ctx = &input::CONTEXT.0;
        for _ in 0..times {
            match work {
                Work::Off => log.emit(None, input::probed()),
                Work::Message => log.emit(None, &CacheWarmed {}),
                Work::Fields => log.emit(None, input::shipped()),
                Work::Context => log.emit(ctx, input::missed()),
                Work::Request => {
                    let ctx = request();
                    for _ in 0..3 {
                        log.emit(&ctx, input::missed());
                    }
                }
            }
        }
    }
}

/// Events without types.
pub(super) struct Macro(Logger);

impl Macro {
    pub(super) fn new(target: &Target) -> Macro {
        Macro(target.logger())
    }

    #[inline]
    fn missed(&self, ctx: &Context) {
        let e = input::missed();
        info!(logger: self.0, ctx, "Cache missed",
            key = e.key, entries = e.entries, hits = e.hits, warm = e.warm);
    }
}

impl Contestant for Macro {
    fn name(&self) -> &'static str {
        "throughline, macro"
    }

    fn remark(&self) -> &'static str {
        "with the module, and the service"
    }

    fn run(&self, work: Work, times: u64) {
        let log = &self.0;
        let ctx = &input::CONTEXT.0;
        const NONE: Option<Context> = None;
        for _ in 0..times {
            match work {
                Work::Off => debug!(logger: log, NONE, "Cache probed", key = input::probed().key),
                Work::Message => info!(logger: log, NONE, "Cache warmed"),
                Work::Fields => {
                    let e = input::shipped();
                    info!(logger: log, NONE, "Shipped",
                        user = e.user, zone = e.zone, via = e.via,
                        items = e.items, order = e.order, due = e.due,
                        price = e.price, load = e.load, fast = e.fast, note = e.note);
                }
                Work::Context => self.missed(ctx),
                Work::Request => {
                    let ctx = request();
                    for _ in 0..3 {
                        self.missed(&ctx);
                    }
                }
            }
        }
    }
}
