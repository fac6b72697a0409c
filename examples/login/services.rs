//! The two services, each with a logger of its own, on loopback.

use std::net::SocketAddr;
use std::path::Path;

use throughline::{Class, Level, Logger, Service};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::{Result, accounts, gateway};

pub(crate) struct Services {
    pub(crate) gateway: SocketAddr,
    stop: watch::Sender<bool>,
    running: JoinSet<std::result::Result<(), String>>,
    loggers: [Logger; 2],
}

impl Services {
    pub(crate) async fn start(socket: &Path) -> Result<Services> {
        let logger = |name: &str| {
            let service = Service::new(name).version(env!("CARGO_PKG_VERSION"));
            let builder = Logger::builder(service).filter(Level::Debug);
            builder.cleared_for(Class::Personal).socket(socket).build()
        };
        let loggers = [logger("gateway"), logger("accounts")];
        let (stop, stopped) = watch::channel(false);
        let mut running = JoinSet::new();

        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let accounts = listener.local_addr()?;
        running.spawn(accounts::serve(listener, loggers[1].clone(), wait(stopped.clone())));

        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let gateway = listener.local_addr()?;
        running.spawn(gateway::serve(listener, accounts, loggers[0].clone(), wait(stopped)));

        Ok(Services { gateway, stop, running, loggers })
    }

    /// Stops both, once the requests in progress have ended, and returns their loggers.
    pub(crate) async fn stop(mut self) -> Result<[Logger; 2]> {
        self.stop.send_replace(true);
        while let Some(ended) = self.running.join_next().await {
            ended??;
        }
        Ok(self.loggers)
    }
}

async fn wait(mut stopped: watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await; // an error says that the sender is gone, which is a stop as well
}
