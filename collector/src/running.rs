use std::{
    io,
    path::{Path, PathBuf},
    thread::{self, JoinHandle},
};

use tokio::{runtime, sync::oneshot};

use crate::{Collector, Error, Summary, error::Kind};

/// A collector that runs on a thread of its own. Dropping it stops it, too.
#[derive(Debug)]
pub struct Running {
    socket: PathBuf,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<Summary, Error>>>,
}

impl Running {
    pub(crate) fn start(collector: Collector) -> Result<Self, Error> {
        let socket = collector.socket().to_owned();
        let failed = |source| Error::io(Kind::Runtime, &socket, source);
        let runtime = runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(failed)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = thread::Builder::new()
            .name("throughline-collector".into())
            .spawn(move || {
                runtime.block_on(collector.run(async {
                    let _ = stopped.await;
                }))
            })
            .map_err(failed)?;
        Ok(Self { socket, stop: Some(stop), thread: Some(thread) })
    }

    /// Where clients connect.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Stops: reads what clients have written so far, makes it durable, acknowledges it, and removes the socket.
    ///
    /// # Errors
    ///
    /// As [`Collector::run`].
    pub fn stop(mut self) -> Result<Summary, Error> {
        self.end().unwrap_or_else(|| Ok(Summary::default()))
    }

    fn end(&mut self) -> Option<Result<Summary, Error>> {
        drop(self.stop.take());
        let thread = self.thread.take()?;
        Some(thread.join().unwrap_or_else(|_| {
            let source = io::Error::other("its thread panicked");
            Err(Error::io(Kind::Runtime, &self.socket, source))
        }))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.end();
    }
}
