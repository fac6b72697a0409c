use std::{
    future::Future,
    os::unix::net::UnixListener,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use listenfd::ListenFd;
use tokio::{
    runtime,
    signal::unix::{SignalKind, signal},
};

use super::{Failure, settings::Settings};
use crate::{Collector, Config, Forward, stderr::say};

/// Listen on a socket, and store the events that services write to it
///
/// Runs until it receives SIGTERM or SIGINT. Then it stores what its clients have written so far, and forwards
/// what it can, within 10 seconds.
#[derive(Debug, Args)]
#[command(
    after_help = "SIGHUP has the file of --forward file:PATH made anew, if it was moved away.\n\nExit codes: 0 stopped as asked; 1 could not start, or could not write; 2 wrong usage"
)]
pub(super) struct Arguments {
    /// A TOML file with these settings, each with the name of its flag, `_` for `-`. Flags come first
    #[arg(long, value_name = "FILE", env = "THROUGHLINE_CONFIG")]
    config: Option<PathBuf>,

    /// Say whether the settings can be used, and end
    #[arg(long)]
    check: bool,

    #[command(flatten)]
    settings: Settings,
}

pub(super) fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let mut settings = arguments.settings;
    if let Some(path) = &arguments.config {
        settings = settings.or(Settings::load(path)?);
    }
    let mut config = settings.config()?;
    config.check()?;
    if arguments.check {
        say(format_args!("the settings can be used"));
        return Ok(ExitCode::SUCCESS);
    }
    let given = given_by_systemd(&mut config)?;
    let dir = absolute(&config.dir);
    let forward = config.forward.clone();
    let runtime =
        runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::new)?;
    let summary = runtime.block_on(async {
        let asked = asked_to_stop().map_err(Failure::new)?;
        let collector = match given {
            Some(listener) => Collector::bind_to(config, listener)?,
            None => Collector::bind(config)?,
        };
        welcome(&collector, &dir, &forward);
        Ok::<_, Failure>(collector.run(asked).await?)
    })?;
    say(format_args!("stopped: {summary}"));
    Ok(ExitCode::SUCCESS)
}

/// The socket that systemd made for this process, if it did (`sd_listen_fds(3)`).
fn given_by_systemd(config: &mut Config) -> Result<Option<UnixListener>, Failure> {
    let given = ListenFd::from_env().take_unix_listener(0);
    let given = given.map_err(|error| {
        Failure::new(format_args!("what systemd gave us is no listening Unix socket: {error}"))
    })?;
    if let Some(listener) = &given {
        let address = listener.local_addr().map_err(Failure::new)?;
        config.socket = address.as_pathname().unwrap_or(Path::new("@")).to_owned();
    }
    Ok(given)
}

/// Takes over the signals now, and resolves at the first that says so.
fn asked_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    // The forwarder looks by itself whether its file was moved away: this one only must not end the process.
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => return,
                _ = interrupt.recv() => return,
                _ = hangup.recv() => {}
            }
        }
    })
}

fn welcome(collector: &Collector, dir: &Path, forward: &[Forward]) {
    let socket = absolute(collector.socket());
    say(format_args!("listening on {}", socket.display()));
    say(format_args!("storing in {}", dir.display()));
    for to in forward {
        say(format_args!("forwarding to {to}"));
    }
    if let Some(address) = collector.http() {
        say(format_args!("answering http://{address}/metrics and /healthz"));
    }
    say(format_args!("for services:  export THROUGHLINE_SOCKET={}", quoted(&socket)));
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
