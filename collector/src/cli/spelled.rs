//! How people write sizes, times and the like, on the command line and in a file.
use std::{fmt, net::SocketAddr, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, de::Error as _};

#[cfg(feature = "otlp")]
use crate::OtlpProtocol;
use crate::SyncPolicy;

/// A number of bytes: `64MiB`, or plain digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size(pub(super) u64);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (number, unit) = split(text);
        let shift = match unit {
            "" | "B" => 0,
            "KiB" => 10,
            "MiB" => 20,
            "GiB" => 30,
            "TiB" => 40,
            _ => return Err("write it in bytes, or with KiB, MiB, GiB or TiB".into()),
        };
        let number: u64 = number.parse().map_err(|_| "write it like 64MiB")?;
        let size = number.checked_mul(1 << shift).filter(|size| *size > 0);
        size.map(Self).ok_or_else(|| "it has to be more than nothing, and fit 64 bits".into())
    }
}

/// A time: `7d`, `12h`, `30m`, `10s`, `200ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span(pub(super) Duration);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "write it like 7d, 12h, 30m, 10s or 200ms".to_owned();
        let (number, unit) = split(text);
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let millis = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong()),
        };
        let millis = number.checked_mul(millis).filter(|millis| *millis > 0).ok_or_else(wrong)?;
        Ok(Self(Duration::from_millis(millis)))
    }
}

fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let (number, unit) =
        text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    (number, unit.trim_start())
}

/// When events are flushed: `each`, `never`, or so often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flush(pub(super) SyncPolicy);

impl FromStr for Flush {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "each" => Ok(Self(SyncPolicy::EachBatch)),
            "never" => Ok(Self(SyncPolicy::Never)),
            _ => match text.parse() {
                Ok(Span(interval)) => Ok(Self(SyncPolicy::Interval(interval))),
                Err(_) => Err("write each, never, or how often, like 200ms".into()),
            },
        }
    }
}

/// How an endpoint is spoken to: `grpc` or `http/protobuf`.
#[cfg(feature = "otlp")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Protocol(pub(super) OtlpProtocol);

#[cfg(feature = "otlp")]
impl FromStr for Protocol {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [OtlpProtocol::Grpc, OtlpProtocol::HttpProtobuf];
        match all.into_iter().find(|protocol| protocol.to_string() == text) {
            Some(protocol) => Ok(Self(protocol)),
            None if text == "http/json" => {
                Err("it is not spoken here: write grpc or http/protobuf".into())
            }
            None => Err("write grpc or http/protobuf".into()),
        }
    }
}

/// Permissions, in octal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mode(pub(super) u32);

impl FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match u32::from_str_radix(text, 8) {
            Ok(mode) if mode <= 0o777 => Ok(Self(mode)),
            _ => Err("write it like 0660".into()),
        }
    }
}

/// An address to listen on, of this host unless it says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Address(pub(super) SocketAddr);

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let address = match text.parse::<u16>() {
            Ok(port) => Ok(SocketAddr::from(([127, 0, 0, 1], port))),
            Err(_) => text.parse(),
        };
        address.map(Self).map_err(|_| "write a port, or like 127.0.0.1:9090".into())
    }
}

/// Reads from a file what is spelled as on the command line. Plain numbers need no quotes.
pub(super) fn spelled<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Raw {
        Number(u64),
        Text(String),
    }
    let text = match Raw::deserialize(deserializer)? {
        Raw::Number(number) => number.to_string(),
        Raw::Text(text) => text,
    };
    text.parse().map(Some).map_err(D::Error::custom)
}

/// As [`spelled`], for what has to be in quotes.
pub(super) fn quoted<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_are_written_with_units() {
        let size = |text: &str| text.parse::<Size>().ok().map(|Size(size)| size);
        assert_eq!(size("1"), Some(1));
        assert_eq!(size("64MiB"), Some(64 << 20));
        assert_eq!(size("2 TiB"), Some(2 << 40));
        for wrong in ["", "MiB", "0", "-1", "1.5GiB", "1MB", "1mib", "99999999999TiB"] {
            assert_eq!(size(wrong), None, "{wrong}");
        }
        let span = |text: &str| text.parse::<Span>().ok().map(|Span(span)| span.as_millis());
        assert_eq!(span("200ms"), Some(200));
        assert_eq!(span("7d"), Some(7 * 86_400_000));
        for wrong in ["", "7", "0s", "d", "1w", "-1s", "99999999999999999999s"] {
            assert_eq!(span(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_rest_is_written_as_elsewhere() {
        let flush = |text: &str| text.parse::<Flush>().ok().map(|Flush(sync)| sync);
        assert_eq!(flush("each"), Some(SyncPolicy::EachBatch));
        assert_eq!(flush("never"), Some(SyncPolicy::Never));
        assert_eq!(flush("1s"), Some(SyncPolicy::Interval(Duration::from_secs(1))));
        assert_eq!(flush("often"), None);
        assert_eq!("0640".parse(), Ok(Mode(0o640)));
        assert!("0999".parse::<Mode>().is_err() && "1777".parse::<Mode>().is_err());
        let address = |text: &str| text.parse::<Address>().ok().map(|a| a.0.to_string());
        assert_eq!(address("9090").as_deref(), Some("127.0.0.1:9090"));
        assert_eq!(address("[::]:9090").as_deref(), Some("[::]:9090"));
        assert_eq!(address("localhost"), None);
    }

    #[cfg(feature = "otlp")]
    #[test]
    fn protocols_have_the_names_of_opentelemetry() {
        assert_eq!("grpc".parse(), Ok(Protocol(OtlpProtocol::Grpc)));
        assert_eq!("http/protobuf".parse(), Ok(Protocol(OtlpProtocol::HttpProtobuf)));
        assert!("http/json".parse::<Protocol>().is_err_and(|said| said.contains("not spoken")));
        assert!("http".parse::<Protocol>().is_err());
    }
}
