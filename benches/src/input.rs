//! What the events say: the same for every contestant.

use std::hint::black_box;
use std::sync::LazyLock;

use throughline_ctx::{Context, Key};
use throughline_schema::Event;

use crate::ids::Ids;

/// What is switched off.
#[derive(Debug, Event)]
#[event(name = "cache.probed", version = 1, level = "debug", message = "Cache probed")]
pub struct CacheProbed<'a> {
    /// What was looked for.
    pub key: &'a str,
}

/// Only a message.
#[derive(Debug, Event)]
#[event(name = "cache.warmed", version = 1, level = "info", message = "Cache warmed")]
pub struct CacheWarmed {}

/// Ten fields: three short strings, three integers, two floats, a boolean, and text that needs escapes.
#[derive(Debug, Event)]
#[event(name = "order.shipped", version = 1, level = "info", message = "Shipped")]
pub struct OrderShipped<'a> {
    /// Who ordered it.
    pub user: &'a str,
    /// Where it is sent from.
    pub zone: &'a str,
    /// Who carries it.
    pub via: &'a str,
    /// The number of items.
    pub items: u32,
    /// The number of the order.
    pub order: u64,
    /// What is left to pay, or below zero to pay back.
    pub due: i64,
    /// What it costs.
    pub price: f64,
    /// The part of the van that it fills.
    pub load: f64,
    /// Whether it is in a hurry.
    pub fast: bool,
    /// What the customer said.
    pub note: &'a str,
}

/// Four fields.
#[derive(Debug, Event)]
#[event(name = "cache.missed", version = 1, level = "info", message = "Cache missed")]
pub struct CacheMissed<'a> {
    /// What was looked for.
    pub key: &'a str,
    /// The number of entries.
    pub entries: u64,
    /// The part of lookups that find something.
    pub hits: f64,
    /// Whether the cache was filled before.
    pub warm: bool,
}

/// The request that context is about.
pub struct Request<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub user_id: &'a str,
}

pub const METHOD: Key<str> = Key::local("method", "Method of the request");
pub const PATH: Key<str> = Key::local("path", "Path of the request");
pub const USER_ID: Key<str> = Key::local("user_id", "Who asks");

const PROBED: CacheProbed<'_> = CacheProbed { key: "user:81724" };

const SHIPPED: OrderShipped<'_> = OrderShipped {
    user: "tylertreat",
    zone: "eu-west-1",
    via: "swiftpost",
    items: 3,
    order: 841_297,
    due: -1_250,
    price: 1963.25,
    load: 0.8682280765465323,
    fast: true,
    note: "Please ring at the \"back door\".\nThe front one was painted today.",
};

const MISSED: CacheMissed<'_> =
    CacheMissed { key: "user:81724", entries: 16_384, hits: 0.975, warm: true };

const REQUEST: Request<'_> = Request { method: "POST", path: "/orders/ship", user_id: "81724" };

/// The context of the request, made once, and its ids.
pub static CONTEXT: LazyLock<(Context, Ids)> = LazyLock::new(|| {
    let ctx = Context::root()
        .with(&METHOD, REQUEST.method)
        .with(&PATH, REQUEST.path)
        .with(&USER_ID, REQUEST.user_id);
    let ids = Ids::of(&ctx);
    (ctx, ids)
});

// Each is opaque to the compiler, so that nobody's line is made when the program is compiled.

#[inline]
pub fn probed() -> &'static CacheProbed<'static> {
    black_box(&PROBED)
}

#[inline]
pub fn shipped() -> &'static OrderShipped<'static> {
    black_box(&SHIPPED)
}

#[inline]
pub fn missed() -> &'static CacheMissed<'static> {
    black_box(&MISSED)
}

#[inline]
pub fn request() -> &'static Request<'static> {
    black_box(&REQUEST)
}
