use std::{
    future::Future,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, ValueEnum};
use tokio::{
    runtime,
    signal::unix::{SignalKind, signal},
};

use super::{Failure, folder::default_dir};
use crate::{Collector, Config, Sync, stderr::say};

/// Listen on a socket, and store the events that services write to it
///
/// Runs until it receives SIGTERM or SIGINT. Then it stores what its clients have written so far, within 5 seconds.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 stopped as asked; 1 could not start, or could not write; 2 wrong usage"
)]
pub(super) struct Arguments {
    /// The folder to store events in [default: /var/lib/throughline for root, else ~/.local/state/throughline]
    #[arg(long, env = "THROUGHLINE_DIR")]
    dir: Option<PathBuf>,

    /// The Unix socket to listen on [default: throughline.sock in the folder]
    #[arg(long, env = "THROUGHLINE_SOCKET")]
    socket: Option<PathBuf>,

    /// The longest line to accept, in bytes [default: 1 MiB]
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(1..))]
    max_line: Option<u32>,

    /// Begin a new file of events after so many bytes [default: 64 MiB]
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1..))]
    segment_bytes: Option<u64>,

    /// When events are flushed to the disk
    #[arg(long, value_enum, default_value_t = Flush::Each)]
    sync: Flush,

    /// The permissions of the socket, in octal [default: 0660]
    #[arg(long, value_parser = octal)]
    mode: Option<u32>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Flush {
    /// Before they are acknowledged: they survive a loss of power
    Each,
    /// When the kernel sees fit
    Never,
}

fn octal(text: &str) -> Result<u32, String> {
    match u32::from_str_radix(text, 8) {
        Ok(mode) if mode <= 0o777 => Ok(mode),
        _ => Err("write it like 0660".into()),
    }
}

pub(super) fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let config = arguments.config();
    let dir = absolute(&config.dir);
    let runtime =
        runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::new)?;
    let summary = runtime.block_on(async {
        let asked = asked_to_stop().map_err(Failure::new)?;
        let collector = Collector::bind(config)?;
        welcome(&absolute(collector.socket()), &dir);
        Ok::<_, Failure>(collector.run(asked).await?)
    })?;
    say(format_args!("stopped: {summary}"));
    Ok(ExitCode::SUCCESS)
}

impl Arguments {
    fn config(self) -> Config {
        let dir = self.dir.unwrap_or_else(default_dir);
        let socket = self.socket.unwrap_or_else(|| dir.join("throughline.sock"));
        let mut config = Config::new(socket, dir).sync(match self.sync {
            Flush::Each => Sync::EachBatch,
            Flush::Never => Sync::Never,
        });
        if let Some(bytes) = self.max_line {
            config = config.max_line(bytes as usize);
        }
        if let Some(bytes) = self.segment_bytes {
            config = config.segment_bytes(bytes);
        }
        if let Some(mode) = self.mode {
            config = config.mode(mode);
        }
        config
    }
}

/// Takes over the two signals now, and resolves at the first of them.
fn asked_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

fn welcome(socket: &Path, dir: &Path) {
    say(format_args!("listening on {}", socket.display()));
    say(format_args!("storing in {}", dir.display()));
    say(format_args!("for services:  export THROUGHLINE_SOCKET={}", quoted(socket)));
    say(format_args!("to watch:      throughline tail --dir {}", quoted(dir)));
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// `path` as a shell reads it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+@:,=".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
