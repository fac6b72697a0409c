//! An orderly end of programs that do not care for signals themselves.

#![allow(unsafe_code, reason = "a signal handler, which is safe for what it calls")]

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};
use signal_hook::low_level::{emulate_default_handler, register};

use crate::global::FLUSH_TIMEOUT;
use crate::logger::WeakLogger;
use crate::{Logger, fork, stderr};

/// Lets `SIGTERM` and `SIGINT` flush the logger, waiting up to 2 seconds, before they end the process as they do by default: whoever waits for it sees that the signal ended it. A second
/// signal ends it at once. It is there with the feature `signals`.
///
/// It is for programs that leave these signals alone. A service that shuts down in good order when it is told to does not need it: its `main` returns, and the [`Guard`](crate::Guard) flushes.
///
/// Keep the guard until `main` returns. When it is dropped, the signals end the process at once, as they do in a forked child.
///
/// ```no_run
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let _guard = throughline_structlog::init("accounts")?;
///     let _signals = throughline_structlog::flush_on_signals(throughline_structlog::logger())?;
///     loop {
///         std::thread::park(); // the work of the service
///     }
/// }
/// ```
///
/// # Errors
///
/// If the system lets no handler be installed, or no thread be started.
pub fn flush_on_signals(log: &Logger) -> io::Result<SignalGuard> {
    const SIGNALS: [i32; 2] = [SIGTERM, SIGINT];
    let at_once = Arc::new(AtomicBool::new(false));
    // Handled here, a signal has no effect of its own any more, not even without the thread below: after the guard, and in a forked child.
    for signal in SIGNALS {
        let at_once = at_once.clone();
        let process = fork::generation();
        let end = move || {
            if at_once.load(Ordering::Relaxed) || fork::generation() != process {
                let _ = emulate_default_handler(signal);
            }
        };
        // SAFETY: it loads two atomics, and `emulate_default_handler` is documented to be safe in a signal handler.
        unsafe { register(signal, end) }?;
    }
    let signals = Signals::new(SIGNALS)?;
    let handle = signals.handle();
    let waiting = Waiting { log: log.downgrade(), signals, at_once: at_once.clone() };
    let builder = thread::Builder::new().name("throughline-signals".to_owned());
    let thread = builder.spawn(move || waiting.run())?;
    Ok(SignalGuard { at_once, handle, thread: Some(thread) })
}

/// What [`flush_on_signals`] returns: signals flush the logger for as long as it lives.
#[derive(Debug)]
#[must_use = "signals flush the logger only while the guard lives: keep it until `main` returns"]
pub struct SignalGuard {
    at_once: Arc<AtomicBool>,
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

impl Drop for SignalGuard {
    fn drop(&mut self) {
        self.at_once.store(true, Ordering::Relaxed);
        self.handle.close();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // a signal that came before ends the process in it
        }
    }
}

struct Waiting {
    log: WeakLogger,
    signals: Signals,
    at_once: Arc<AtomicBool>,
}

impl Waiting {
    fn run(mut self) {
        if let Some(signal) = self.signals.forever().next() {
            self.at_once.store(true, Ordering::Relaxed);
            if let Some(log) = self.log.upgrade()
                && let Err(error) = log.flush(FLUSH_TIMEOUT)
            {
                stderr::say(format_args!("{error}"));
            }
            let _ = emulate_default_handler(signal);
        }
    }
}
