//! `log` and `tracing` have one logger and one subscriber in a process: here both are the logger of these tests, whose sink itself uses a library that logs.

mod both;
mod log;

use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use throughline_schema::Level;
use throughline_structlog::testing::{Captured, Record};
use throughline_structlog::{FlushError, Guard, Line, Logger, Lost, Sink, install, tracing};
use tracing_subscriber::layer::SubscriberExt;

/// Says through `tracing` and `log` what it does, as a sink that uses an HTTP client would.
struct Talks(Captured);

impl Sink for Talks {
    fn write(&self, line: Line<'_>) {
        ::log::warn!("a line is sent");
        self.0.write(line);
        ::tracing::warn!("a line was sent");
    }

    fn flush(&self, timeout: Duration) -> Result<(), FlushError> {
        self.0.flush(timeout)
    }

    fn lost(&self) -> Lost {
        self.0.lost()
    }
}

static GLOBAL: LazyLock<(Captured, Guard)> = LazyLock::new(|| {
    let captured = Captured::default();
    let log = Logger::builder("test").filter(Level::Trace).sink(Talks(captured.clone())).build();
    let guard = install(log.clone()).unwrap();
    throughline_structlog::log::install(&log).unwrap();
    let subscriber = tracing_subscriber::registry().with(tracing::layer(&log));
    ::tracing::subscriber::set_global_default(subscriber).unwrap();
    (captured, guard)
});

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// The logger of all, for one test at a time.
struct Global {
    _one_at_a_time: MutexGuard<'static, ()>,
}

fn global() -> Global {
    let _one_at_a_time = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    GLOBAL.0.take();
    throughline_structlog::logger().set_filter(Level::Trace);
    Global { _one_at_a_time }
}

impl Global {
    fn lines(&self) -> Vec<Record> {
        GLOBAL.0.take()
    }

    #[track_caller]
    fn line(&self) -> Record {
        let [line] = <[Record; 1]>::try_from(self.lines()).expect("one line");
        line
    }
}
