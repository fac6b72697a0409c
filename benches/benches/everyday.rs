//! What a service does all day, each beside what it cannot cost less than.

use std::collections::HashMap;
use std::hint::black_box;
use std::time::SystemTime;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use throughline_benches::input::{self, CacheProbed};
use throughline_ctx::Context;
use throughline_structlog::{Logger, NullSink, Service, info};

fn logger() -> Logger {
    Logger::builder(Service::new("shop").instance("1")).sink(NullSink).build()
}

fn baselines(c: &mut Criterion) {
    let mut group = c.benchmark_group("baseline");
    group.bench_function("clock", |b| b.iter(SystemTime::now));
    let (line, mut to) = (vec![b'x'; 380], Vec::with_capacity(1024));
    group.bench_function("copy 380 bytes", |b| {
        b.iter(|| {
            to.clear();
            to.extend_from_slice(black_box(&line));
            black_box(&to);
        });
    });
    group.bench_function("allocate 256 bytes", |b| b.iter(|| Box::new(black_box([0_u8; 256]))));
    group.finish();
}

fn events(c: &mut Criterion) {
    let mut group = c.benchmark_group("event");
    let (log, ctx) = (logger(), Context::root());
    group.bench_function("switched off", |b| {
        b.iter(|| log.emit(&ctx, black_box(&CacheProbed { key: "user:81724" })));
    });
    group.bench_function("typed, four fields", |b| b.iter(|| log.emit(&ctx, input::missed())));
    group.bench_function("typed, ten fields", |b| b.iter(|| log.emit(&ctx, input::shipped())));
    group.bench_function("macro, four fields", |b| {
        b.iter(|| {
            let e = input::missed();
            info!(logger: log, ctx, "Cache missed",
                key = e.key, entries = e.entries, hits = e.hits, warm = e.warm);
        });
    });
    group.bench_function("first of a context", |b| {
        b.iter_batched(
            Context::root,
            |ctx| {
                log.emit(&ctx, input::missed());
                ctx
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

fn contexts(c: &mut Criterion) {
    let mut group = c.benchmark_group("context");
    let ctx = Context::root().with(&input::METHOD, "POST").with(&input::PATH, "/orders/ship");
    group.bench_function("clone", |b| b.iter(|| ctx.clone()));
    group.bench_function("root", |b| b.iter(Context::root));
    group.bench_function("child", |b| b.iter(|| ctx.child()));
    group.bench_function("with an entry", |b| b.iter(|| ctx.with(&input::USER_ID, "81724")));
    let mut headers = HashMap::<String, String>::new();
    group.bench_function("inject", |b| b.iter(|| ctx.inject(&mut headers)));
    group.bench_function("extract", |b| b.iter(|| Context::extract(black_box(&headers))));
    // What a map costs, which is no part of the context.
    group.bench_function("baseline: set two headers", |b| {
        b.iter(|| {
            headers.insert("traceparent".to_owned(), "0".repeat(55));
            headers.insert("x-request-id".to_owned(), "0".repeat(36));
        });
    });
    group.finish();
}

criterion_group!(benches, baselines, events, contexts);
criterion_main!(benches);
