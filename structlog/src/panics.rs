use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::Cell;
use std::panic::{self, PanicHookInfo};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use throughline_ctx::Context;
use throughline_schema::Event;

use crate::global::FLUSH_TIMEOUT;
use crate::{Logger, stderr};

/// How long a thread that panics waits until the event is written.
const WRITE_TIMEOUT: Duration = Duration::from_millis(500);

/// A thread panicked. The names are those of OpenTelemetry's semantic conventions for exceptions, source code and threads.
#[derive(Debug, Event)]
#[event(name = "throughline.panic", version = 1, level = "error", message = "A thread panicked")]
struct Panicked {
    /// Always `panic`.
    #[event(rename = "exception.type")]
    exception: &'static str,
    /// What the panic says. It can quote any value.
    #[event(rename = "exception.message", class = "personal")]
    message: Option<String>,
    /// The frames, if `RUST_BACKTRACE` asks for them.
    #[event(rename = "exception.stacktrace")]
    backtrace: Option<String>,
    /// The source file.
    #[event(rename = "code.file.path")]
    file: Option<String>,
    /// The line of that file, from 1.
    #[event(rename = "code.line.number")]
    line: Option<u32>,
    /// The column of that line, from 1.
    #[event(rename = "code.column.number")]
    column: Option<u32>,
    /// The name of the thread.
    #[event(rename = "thread.name")]
    thread: Option<String>,
}

/// Writes an event `throughline.panic`, level `error`, for every panic from now on, and then calls the panic hook that there was before.
///
/// The event has the thread's [current context](Context::current), the place in the code, the name of the thread, and the message. The message can quote any value, so its class is
/// `personal`: a logger that is not [cleared](crate::Builder::cleared_for) for that writes `"[redacted]"`. The field `exception.stacktrace` is there if `RUST_BACKTRACE` asks for it.
///
/// Where the panic ends the process at once, since it is compiled with `panic = "abort"` or the panic is in a destructor that runs because of another, the hook also flushes, waiting up to
/// 2 seconds. Elsewhere it does not, so that a panic that somebody catches holds up no executor: the [`Guard`](crate::Guard) flushes when `main` unwinds. A hook that ends the process itself has to call
/// [`Logger::flush`] first.
///
/// The event is written by a thread of its own, for which the one that panics waits up to half a second: it may hold a lock that the sink needs.
///
/// ```
/// use throughline_structlog::{Logger, report_panics};
///
/// let log = Logger::builder("accounts").stdout().build();
/// report_panics(&log);
/// ```
///
/// It keeps no handle of the logger: when the last is dropped, panics are reported no more. Two calls write two events for each panic.
///
/// # Panics
///
/// If the thread is panicking.
pub fn report_panics(log: &Logger) {
    let log = log.downgrade();
    let previous = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if let Some(log) = log.upgrade() {
            report(log, info);
        }
        previous(info);
    }));
}

thread_local! {
    /// Whether this thread is one that reports a panic, and would report its own for ever.
    static REPORTING: Cell<bool> = const { Cell::new(false) };
}

fn report(log: Logger, info: &PanicHookInfo<'_>) {
    if REPORTING.get() {
        return;
    }
    let message = message(info.payload());
    let is_last = cfg!(panic = "abort") || message.is_some_and(cannot_unwind);
    let backtrace = Backtrace::capture();
    let event = Panicked {
        exception: "panic",
        message: message.map(str::to_owned),
        backtrace: (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string()),
        file: info.location().map(|location| location.file().to_owned()),
        line: info.location().map(|location| location.line()),
        column: info.location().map(|location| location.column()),
        thread: thread::current().name().map(str::to_owned),
    };
    let ctx = Context::current();
    let (done, wait) = mpsc::channel();
    let reporter = thread::Builder::new().name("throughline".to_owned()).spawn(move || {
        REPORTING.set(true);
        log.emit(ctx.as_ref(), &event);
        let flushed = if is_last { log.flush(FLUSH_TIMEOUT) } else { Ok(()) };
        // If the others were dropped meanwhile this is the last handle, and drops the sink.
        drop(log);
        let _ = done.send(flushed);
    });
    let timeout = if is_last { WRITE_TIMEOUT + FLUSH_TIMEOUT } else { WRITE_TIMEOUT };
    match reporter.map(|_| wait.recv_timeout(timeout)) {
        Ok(Ok(Err(error))) => stderr::say(format_args!("{error}")),
        Ok(_) => {}
        Err(error) => stderr::say(format_args!("a panic is not reported: {error}")),
    }
}

fn message(payload: &dyn Any) -> Option<&str> {
    let literal = payload.downcast_ref::<&'static str>().copied();
    literal.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
}

/// Whether the standard library aborts after a panic that says this. `PanicHookInfo::can_unwind` would tell, but is unstable.
fn cannot_unwind(message: &str) -> bool {
    matches!(
        message,
        "panic in a destructor during cleanup" | "panic in a function that cannot unwind"
    )
}
