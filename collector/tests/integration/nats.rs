//! Real NATS servers on the loopback interface.
//!
//! Without `nats-server` on the `PATH` (Debian package `nats-server`) tests that need one say that they are skipped, or, where
//! `CI` is set, fail.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use async_nats::{
    ConnectOptions, ServerAddr,
    jetstream::{self, Context, stream::Stream},
};
use futures_util::StreamExt;
use tokio::runtime::{Builder, Runtime};

use crate::support::{self, PATIENCE};

/// A server with JetStream. Killing it leaves its store; starting it again goes on with that.
pub(crate) struct Server {
    process: Option<Child>,
    port: u16,
    folder: tempfile::TempDir,
    arguments: Vec<String>,
}

/// A port that is free now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Whether there is a server to start. Says so if there is none.
pub(crate) fn is_available() -> bool {
    support::is_available("nats-server")
}

impl Server {
    /// Starts one, or says that there is none to start.
    pub(crate) fn start() -> Option<Self> {
        is_available().then(|| Self::with(free_port(), &[]))
    }

    /// One on this port that does not run yet, with further arguments.
    pub(crate) fn stopped(port: u16, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|argument| argument.to_string()).collect();
        Self { process: None, port, folder: tempfile::tempdir().unwrap(), arguments }
    }

    pub(crate) fn with(port: u16, arguments: &[&str]) -> Self {
        let mut server = Self::stopped(port, arguments);
        server.run();
        server
    }

    pub(crate) fn add_argument(&mut self, argument: &str) {
        self.arguments.push(argument.to_owned());
    }

    /// Starts it, and waits until it is ready.
    pub(crate) fn run(&mut self) {
        let mut process = Command::new("nats-server")
            .args(["--addr", "127.0.0.1", "--port", &self.port.to_string(), "--jetstream"])
            .arg("--store_dir")
            .arg(self.folder.path())
            .args(&self.arguments)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap());
        let mut line = String::new();
        let mut said = String::new();
        while !line.contains("Server is ready") {
            line.clear();
            log.read_line(&mut line).unwrap();
            assert!(!line.is_empty(), "nats-server ended before it was ready: {said}");
            said += &line;
        }
        // Nobody reads the rest, and the server must not wait for that.
        thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        self.process = Some(process);
    }

    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// A file in its folder.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// A message of a JetStream stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) subject: String,
    pub(crate) id: String,
    pub(crate) line: String,
}

/// Looks at JetStream as anybody else would.
pub(crate) struct Observer {
    runtime: Runtime,
    context: Context,
}

impl Observer {
    pub(crate) fn new(url: &str) -> Self {
        Self::with(url, ConnectOptions::new())
    }

    pub(crate) fn with(url: &str, options: ConnectOptions) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let start = Instant::now();
        let inside = runtime.enter();
        let servers: Vec<ServerAddr> = url.split(',').map(|url| url.parse().unwrap()).collect();
        let client = loop {
            match runtime.block_on(options.clone().connect(&servers[..])) {
                Ok(client) => break client,
                Err(error) => assert!(start.elapsed() < PATIENCE, "{error}"),
            }
            thread::sleep(Duration::from_millis(20));
        };
        let context = jetstream::new(client);
        drop(inside);
        Self { runtime, context }
    }

    fn stream(&self, name: &str) -> Option<Stream> {
        self.runtime.block_on(self.context.get_stream(name)).ok()
    }

    pub(crate) fn create(&self, config: jetstream::stream::Config) {
        self.runtime.block_on(self.context.create_stream(config)).unwrap();
    }

    pub(crate) fn config(&self, name: &str) -> jetstream::stream::Config {
        self.stream(name).unwrap().cached_info().config.clone()
    }

    /// The server that leads the stream.
    pub(crate) fn leader(&self, name: &str) -> Option<String> {
        self.stream(name)?.cached_info().cluster.as_ref()?.leader.clone()
    }

    /// How many messages the stream has; none if there is no such stream.
    pub(crate) fn count(&self, name: &str) -> u64 {
        self.stream(name).map_or(0, |stream| stream.cached_info().state.messages)
    }

    /// All messages of the stream, in its order.
    pub(crate) fn messages(&self, name: &str) -> Vec<Message> {
        let start = Instant::now();
        loop {
            match self.runtime.block_on(self.read(name)) {
                Ok(messages) => return messages,
                // A cluster that has just lost a server takes its time.
                Err(error) => assert!(start.elapsed() < PATIENCE, "{error}"),
            }
        }
    }

    async fn read(&self, name: &str) -> Result<Vec<Message>, async_nats::Error> {
        let stream = self.context.get_stream(name).await?;
        let count = stream.cached_info().state.messages as usize;
        let config = jetstream::consumer::pull::OrderedConfig::default();
        let consumer = stream.create_consumer(config).await?;
        let mut messages = consumer.messages().await?;
        let mut all = Vec::with_capacity(count);
        while all.len() < count {
            let message = messages.next().await.ok_or("it ended")??;
            let headers = message.headers.clone().unwrap_or_default();
            all.push(Message {
                subject: message.subject.to_string(),
                id: headers.get("Nats-Msg-Id").map(ToString::to_string).unwrap_or_default(),
                line: String::from_utf8(message.payload.to_vec())?,
            });
        }
        Ok(all)
    }
}
