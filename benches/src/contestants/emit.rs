#![allow(clippy::too_many_arguments, reason = "what the macros expand to, one for each field")]

use std::cell::RefCell;
use std::fmt::Display;
use std::io::Write;
use std::ops::ControlFlow;
use std::time::Duration;

use emit::event::ToEvent;
use emit::platform::{system_clock::SystemClock, thread_local_ctxt::ThreadLocalCtxt};
use emit::runtime::Runtime;
use emit::{Emitter, Empty, Frame, Props};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::Contestant;
use crate::ids::Ids;
use crate::input::{self, Request};
use crate::{Target, Work};

/// `emit`, with an emitter of JSON by `serde_json`: its own write to files, or to OTLP.
pub(super) struct Emit(Rt);

type Rt = Runtime<Json, emit::level::MinLevelFilter, ThreadLocalCtxt, SystemClock, Empty>;

impl Emit {
    pub(super) fn new(target: &Target) -> Emit {
        Emit(Runtime::build(
            Json(target.clone()),
            emit::level::min_filter(emit::Level::Info),
            ThreadLocalCtxt::new(),
            SystemClock::new(),
            Empty,
        ))
    }
}

struct Json(Target);

impl Emitter for Json {
    fn emit<E: ToEvent>(&self, event: E) {
        thread_local! {
            static LINE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
        }
        let event = event.to_event();
        LINE.with_borrow_mut(|line| {
            line.clear();
            let mut json = serde_json::Serializer::new(&mut *line);
            let mut map = json.serialize_map(None).unwrap();
            if let Some(ts) = event.ts() {
                map.serialize_entry("timestamp", &Shown(ts)).unwrap();
            }
            map.serialize_entry("module", &Shown(event.mdl())).unwrap();
            map.serialize_entry("message", &Shown(&event.msg())).unwrap();
            let _ = event.props().for_each(|key, value| {
                map.serialize_entry(key.get(), &value).unwrap();
                ControlFlow::Continue(())
            });
            SerializeMap::end(map).unwrap();
            line.write_all(b"\n").unwrap();
            self.0.take(line);
        });
    }

    fn blocking_flush(&self, _: Duration) -> bool {
        true
    }
}

struct Shown<'a, T>(&'a T);

impl<T: Display> Serialize for Shown<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self.0)
    }
}

impl Contestant for Emit {
    fn name(&self) -> &'static str {
        "emit"
    }

    fn remark(&self) -> &'static str {
        "with the module; no event name, version or service; 9 digits of a second; the emitter of JSON is 20 lines of these benches"
    }

    fn run(&self, work: Work, times: u64) {
        let rt = &self.0;
        let mut made = frame(rt, &input::CONTEXT.1, input::request());
        for _ in 0..times {
            match work {
                Work::Off => {
                    let key = input::probed().key;
                    emit::debug!(rt: rt, "Cache probed", key);
                }
                Work::Message => emit::info!(rt: rt, "Cache warmed"),
                Work::Fields => {
                    let e = input::shipped();
                    emit::info!(rt: rt, "Shipped",
                        user: e.user, zone: e.zone, via: e.via,
                        items: e.items, order: e.order, due: e.due,
                        price: e.price, load: e.load, fast: e.fast, note: e.note);
                }
                Work::Context => {
                    let _entered = made.enter();
                    missed(rt);
                }
                Work::Request => {
                    let mut frame = frame(rt, &Ids::mint(), input::request());
                    let _entered = frame.enter();
                    for _ in 0..3 {
                        missed(rt);
                    }
                }
            }
        }
    }
}

fn frame<'a>(rt: &'a Rt, ids: &Ids, request: &Request<'_>) -> Frame<&'a ThreadLocalCtxt> {
    Frame::push(
        rt.ctxt(),
        emit::props! {
            id: ids.request(),
            trace_id: ids.trace(),
            span_id: ids.span(),
            method: request.method,
            path: request.path,
            user_id: request.user_id,
        },
    )
}

#[inline]
fn missed(rt: &Rt) {
    let e = input::missed();
    emit::info!(rt: rt, "Cache missed", key: e.key, entries: e.entries, hits: e.hits, warm: e.warm);
}
