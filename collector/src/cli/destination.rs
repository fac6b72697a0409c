use super::{Failure, nats::NatsSettings, otlp::OtlpSettings};
use crate::Forward;

/// The destination that `text` names.
pub(super) fn destination(
    text: &str,
    nats: &NatsSettings,
    otlp: &OtlpSettings,
) -> Result<Forward, Failure> {
    match text.split_once(':') {
        _ if text == "stdout" => Ok(Forward::Stdout),
        Some(("file", path)) => Ok(Forward::File(plain(path)?.into())),
        Some(("unix", path)) => Ok(Forward::Collector(plain(path)?.into())),
        Some(("nats" | "tls", _)) => nats.forward(text),
        Some(("otlp", endpoint)) => otlp.forward(endpoint),
        _ => Err(Failure::usage(format_args!(
            "cannot forward to {text:?}: write nats://HOST:PORT, tls://HOST:PORT, otlp:http://HOST:PORT, unix:SOCKET, file:PATH or stdout"
        ))),
    }
}

/// The path of a URL that may or may not have an empty host.
fn plain(path: &str) -> Result<&str, Failure> {
    match path.strip_prefix("//").unwrap_or(path) {
        "" => Err(Failure::usage("a destination lacks its path")),
        path => Ok(path),
    }
}
