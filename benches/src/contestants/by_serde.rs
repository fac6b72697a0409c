use std::io::Write;

use serde::Serialize;

use super::{Contestant, stamp::Stamp};
use crate::ids::Ids;
use crate::input;
use crate::{Target, Work};

/// Structs that derive `Serialize`, by `serde_json` into a buffer that is kept.
pub(super) struct BySerde(Target);

impl BySerde {
    pub(super) fn new(target: &Target) -> BySerde {
        BySerde(target.clone())
    }
}

#[derive(Serialize)]
struct Line<'a, F> {
    timestamp: &'a str,
    level: &'a str,
    event: &'a str,
    version: u32,
    message: &'a str,
    service: &'a Service<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Context<'a>>,
    fields: F,
}

#[derive(Serialize)]
struct Service<'a> {
    name: &'a str,
    instance: &'a str,
}

#[derive(Clone, Copy, Serialize)]
struct Context<'a> {
    id: &'a str,
    trace_id: &'a str,
    span_id: &'a str,
    method: &'a str,
    path: &'a str,
    user_id: &'a str,
}

#[derive(Serialize)]
struct NoFields {}

#[derive(Serialize)]
struct Shipped<'a> {
    user: &'a str,
    zone: &'a str,
    via: &'a str,
    items: u32,
    order: u64,
    due: i64,
    price: f64,
    load: f64,
    fast: bool,
    note: &'a str,
}

#[derive(Serialize)]
struct Missed<'a> {
    key: &'a str,
    entries: u64,
    hits: f64,
    warm: bool,
}

struct Out<'a> {
    target: &'a Target,
    line: Vec<u8>,
    stamp: Stamp,
    service: Service<'a>,
}

impl Out<'_> {
    fn write(
        &mut self,
        event: &str,
        message: &str,
        context: Option<Context<'_>>,
        fields: impl Serialize,
    ) {
        let line = Line {
            timestamp: str::from_utf8(self.stamp.now()).unwrap_or_default(),
            level: "INFO",
            event,
            version: 1,
            message,
            service: &self.service,
            context,
            fields,
        };
        self.line.clear();
        serde_json::to_writer(&mut self.line, &line).unwrap();
        self.line.write_all(b"\n").unwrap();
        self.target.take(&self.line);
    }

    fn missed(&mut self, context: Context<'_>) {
        let e = input::missed();
        let fields = Missed { key: e.key, entries: e.entries, hits: e.hits, warm: e.warm };
        self.write("cache.missed", "Cache missed", Some(context), fields);
    }
}

fn context(ids: &Ids) -> Context<'_> {
    let request = input::request();
    Context {
        id: ids.request(),
        trace_id: ids.trace(),
        span_id: ids.span(),
        method: request.method,
        path: request.path,
        user_id: request.user_id,
    }
}

impl Contestant for BySerde {
    fn name(&self) -> &'static str {
        "serde_json, a struct"
    }

    fn remark(&self) -> &'static str {
        "the fields in an object of their own; U+007F to U+009F, U+2028 and U+2029 are not escaped; the timestamp by hand"
    }

    fn can(&self, work: Work) -> bool {
        work != Work::Off
    }

    fn run(&self, work: Work, times: u64) {
        let service = Service { name: "shop", instance: "1" };
        let line = Vec::with_capacity(1024);
        let mut out = Out { target: &self.0, line, stamp: Stamp::new(), service };
        let made = context(&input::CONTEXT.1);
        for _ in 0..times {
            match work {
                Work::Off => {}
                Work::Message => out.write("cache.warmed", "Cache warmed", None, NoFields {}),
                Work::Fields => {
                    let e = input::shipped();
                    let fields = Shipped {
                        user: e.user,
                        zone: e.zone,
                        via: e.via,
                        items: e.items,
                        order: e.order,
                        due: e.due,
                        price: e.price,
                        load: e.load,
                        fast: e.fast,
                        note: e.note,
                    };
                    out.write("order.shipped", "Shipped", None, fields);
                }
                Work::Context => out.missed(made),
                Work::Request => {
                    let ids = Ids::mint();
                    for _ in 0..3 {
                        out.missed(context(&ids));
                    }
                }
            }
        }
    }
}
