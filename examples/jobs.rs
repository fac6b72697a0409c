//! Work behind the requests: a task, a blocking pool, a queue and a schedule. Whatever becomes of a job is said, also if it is given up.

use std::error::Error;
use std::time::{Duration, Instant};

use throughline::ctx::InContextOf;
use throughline::{Context, Event, InContextExt, Key, Level, Outcome, info, logger};
use tokio::{sync::mpsc, task, time};

type Result<T = ()> = std::result::Result<T, Box<dyn Error + Send + Sync>>;
const CAUSE: Key<str> = Key::local("job.cause", "Id of the request that asked for the job");

/// A job has ended.
#[derive(Event)]
#[event(name = "job.ended", version = 1, level = "info", kind = "span", message = "Job ended")]
struct JobEnded<'a> {
    /// How long it took, in microseconds.
    duration_us: u64,
    /// How it ended.
    outcome: Outcome,
    /// Which job.
    job: &'a str,
    /// What went wrong.
    #[event(error)]
    error: Option<&'a (dyn Error + Send + Sync)>,
}

/// A job in progress. It is reported when it is dropped: as cancelled, unless it came to an end before.
struct Job(&'static str, Context, Instant, Option<Result>);

impl Drop for Job {
    fn drop(&mut self) {
        let (level, outcome, error) = match &self.3 {
            Some(Ok(())) => (Level::Info, Outcome::Ok, None),
            Some(Err(error)) => (Level::Error, Outcome::Error, Some(&**error)),
            None if std::thread::panicking() => (Level::Error, Outcome::Error, None),
            None => (Level::Warn, Outcome::Cancelled, None),
        };
        let duration_us = self.2.elapsed().as_micros() as u64;
        logger().emit_at(level, &self.1, &JobEnded { duration_us, outcome, job: self.0, error });
    }
}

fn job(name: &'static str, ctx: Context) -> Job {
    Job(name, ctx, Instant::now(), None)
}

async fn run(mut job: Job, work: impl Future<Output = Result>) {
    job.3 = Some(work.in_context(job.1.clone()).await);
}

#[tokio::main]
async fn main() -> Result {
    let _guard = throughline::init("shop")?;
    let request = Context::root().with_timeout(Duration::from_secs(1)); // as a handler has it
    eprintln!("A task, and a thread: of the request, and not bound by its deadline.");
    let ctx = request.detached();
    let render = task::spawn_blocking(ctx.wrap(|| info!("mail rendered")));
    task::spawn(run(job("mail", ctx), async { Ok(render.await?) })).await?;
    eprintln!("What a queue brings: a trace of its own, which says what caused it. It fails.");
    let (queue, mut queued) = mpsc::unbounded_channel();
    queue.send(InContextOf::new(request.clone(), "parcel"))?;
    if let (what, Some(from)) = queued.recv().await.ok_or("no queue")?.into_parts() {
        let ctx = Context::root().with(&CAUSE, from.request_id().as_str());
        run(job("pack", ctx), async { Err(format!("no {what} is big enough"))? }).await;
    }
    eprintln!("A schedule, which nobody asked for: each run is a request of its own.");
    let mut ticks = time::interval(Duration::from_millis(10));
    for _ in 0..2 {
        ticks.tick().await;
        run(job("tidy", Context::root()), async { Ok(()) }).await;
    }
    eprintln!("A job that is given up.");
    let report = task::spawn(run(job("report", request.detached()), std::future::pending()));
    report.abort();
    _ = report.await;
    eprintln!("Next: a context that crosses a queue between hosts, `cargo run --example nats`.");
    Ok(())
}
