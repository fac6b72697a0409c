//! One login, across two services, seen whole at the collector.
//!
//! Starts a collector and two services, sends requests that end in every way, and prints what the collector stored. With `--keep`, the services go on running.

mod accounts;
mod callers;
mod gateway;
mod services;

use std::error::Error;
use std::io::IsTerminal;
use std::path::Path;

use services::Services;
use throughline_collector::spool::Reader;
use throughline_collector::tail::{Record, Style, tree};
use throughline_collector::{Collector, Config};
use tokio::signal::unix::{SignalKind, signal};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result {
    let keep = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("--keep") => true,
        Some(other) => {
            return Err(format!("unknown argument {other}; the only one is --keep").into());
        }
    };
    let folder = tempfile::Builder::new().prefix("throughline-login-").tempdir()?;
    let (socket, events) = (folder.path().join("socket"), folder.path().join("events"));
    let collector = Collector::spawn(Config::new(&socket, &events))?;

    let runtime = tokio::runtime::Runtime::new()?;
    let services = runtime.block_on(async {
        let services = Services::start(&socket).await?;
        callers::call_all(services.gateway).await?;
        if keep {
            let mut interrupt = signal(SignalKind::interrupt())?; // before anybody is told to send one
            print_how_to_go_on(&services, &events);
            interrupt.recv().await;
        }
        services.stop().await
    })?;
    drop(services); // the last handles of their loggers: what they hold is delivered
    collector.stop()?;

    print!("{}", stored(&events)?);
    Ok(())
}

/// What the collector stored, as one tree for each request.
fn stored(events: &Path) -> Result<String> {
    let mut records = Vec::new();
    for line in Reader::open(events)? {
        records.push(Record::parse(&line?)?);
    }
    let terminal = std::io::stdout().is_terminal();
    Ok(tree::render(&records, &if terminal { Style::new(true, Some(120)) } else { Style::plain() }))
}

fn print_how_to_go_on(services: &Services, events: &Path) {
    println!("Log in (ada, or grace, whose password takes too long to check):");
    println!("  curl -i -d user=ada -d password=lovelace http://{}/login", services.gateway);
    println!("Follow the events in a second terminal:");
    println!("  cargo run -q -p throughline-collector -- tail --dir {}", events.display());
    println!("Stop with ctrl-c; what was stored is printed then.");
}
