use std::collections::BTreeMap;
use std::env;
use std::process::Command;

use super::{Extractor, Injector};

/// The environment of this process as a carrier: how a job hands its context to a program that it starts.
///
/// A header's name becomes upper case with underscores: `TRACEPARENT`, `TRACESTATE`, `BAGGAGE`, `X_REQUEST_ID`. A [`Command`] takes a context onward:
///
/// ```no_run
/// use std::process::Command;
/// use throughline_ctx::Context;
/// use throughline_ctx::propagation::Environment;
///
/// // In the program that is started:
/// let ctx = Context::extract(&Environment::read());
/// // And if it starts another:
/// let mut command = Command::new("resize");
/// ctx.inject(&mut command);
/// command.status()?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Environment(BTreeMap<String, Vec<u8>>);

impl Environment {
    /// The environment as it is now.
    pub fn read() -> Environment {
        let variables = env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_encoded_bytes()))
        });
        Environment(variables.collect())
    }
}

impl Extractor for Environment {
    fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.0.get(&variable(name)).map(Vec::as_slice).into_iter()
    }
}

impl Injector for Command {
    fn set(&mut self, name: &str, value: &str) {
        self.env(variable(name), value);
    }

    fn remove(&mut self, name: &str) {
        self.env_remove(variable(name));
    }
}

fn variable(header: &str) -> String {
    header.to_ascii_uppercase().replace('-', "_")
}
