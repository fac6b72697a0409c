use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer as _,
    de::{IgnoredAny, MapAccess, Visitor},
};

/// Names longer than this, in bytes, are cut: the contract allows no longer ones, and a server closes the connection of whoever
/// sends it a subject that is too long.
const MAX_NAME: usize = 128;

/// Writes the subject of an event into `out`: `PREFIX.SERVICE.EVENT`.
///
/// The service is one token. The dots of the event's name stay, so that a consumer can ask for `events.*.user.>`. Whatever is
/// not a letter or a digit of ASCII, `-` or `_`, is written as `%` and two hexadecimal digits for each byte; a name, or a part
/// of one, that is empty or missing is a single `%`. So every line has a valid subject without wildcards, and two names of at
/// most 128 bytes never have the same.
pub(super) fn write(prefix: &str, line: &[u8], out: &mut String) {
    let Names { service, event } = Names::of(line);
    out.clear();
    out.push_str(prefix);
    token(cut(&service), out);
    for part in cut(&event).split('.') {
        token(part, out);
    }
}

fn token(part: &str, out: &mut String) {
    out.push('.');
    if part.is_empty() {
        out.push('%');
    }
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            out.push(char::from(byte));
        } else {
            const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
            let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
            out.extend(['%', digit(byte >> 4), digit(byte & 0xf)]);
        }
    }
}

fn cut(name: &str) -> &str {
    let fits = (0..=name.len().min(MAX_NAME)).rev().find(|at| name.is_char_boundary(*at));
    &name[..fits.unwrap_or(0)]
}

/// What a line says of who wrote it and what it is.
#[derive(Debug, Default)]
struct Names<'a> {
    service: Cow<'a, str>,
    event: Cow<'a, str>,
}

impl<'a> Names<'a> {
    /// Reads as little of the line as it has to: both stand at its beginning.
    fn of(line: &'a [u8]) -> Self {
        let mut names = Self::default();
        // An error says that the rest was not read, or cannot be.
        let _ = serde_json::Deserializer::from_slice(line).deserialize_map(Into(&mut names));
        names
    }
}

struct Into<'n, 'a>(&'n mut Names<'a>);

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Member {
    Event,
    Service,
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Service<'a> {
    Named {
        #[serde(borrow)]
        name: Cow<'a, str>,
    },
    Other(IgnoredAny),
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Visitor<'a> for Into<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut members: A) -> Result<(), A::Error> {
        let (mut event, mut service) = (false, false);
        while !(event && service) {
            match members.next_key()? {
                Some(Member::Event) => {
                    self.0.event = members.next_value::<Text<'a>>()?.0;
                    event = true;
                }
                Some(Member::Service) => {
                    if let Service::Named { name } = members.next_value()? {
                        self.0.service = name;
                    }
                    service = true;
                }
                Some(Member::Other) => {
                    members.next_value::<IgnoredAny>()?;
                }
                None => break,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(service: &str, event: &str) -> String {
        let line = serde_json::json!({"timestamp": "t", "level": "INFO", "event": event, "version": 1,
            "service": {"version": "1", "name": service}, "x": {"event": "no"}});
        let mut out = String::new();
        write("events", line.to_string().as_bytes(), &mut out);
        out
    }

    #[test]
    fn names_of_the_contract_stand_as_they_are() {
        assert_eq!(subject("accounts", "user.login_failed"), "events.accounts.user.login_failed");
        assert_eq!(subject("my-service_2", "log"), "events.my-service_2.log");
    }

    #[test]
    fn every_other_name_is_a_valid_subject() {
        assert_eq!(subject("a.b", "x"), "events.a%2Eb.x");
        assert_eq!(subject("*", ">"), "events.%2A.%3E");
        assert_eq!(subject("a b", "\t\r\n\0"), "events.a%20b.%09%0D%0A%00");
        assert_eq!(subject("", ".a..b."), "events.%.%.a.%.b.%");
        assert_eq!(subject("%", "ü"), "events.%25.%C3%BC");
        let long = subject(&"ü".repeat(1000), &".".repeat(100_000));
        assert!(long.len() < 1500, "{}", long.len());
    }

    #[test]
    fn a_line_that_lacks_a_name_has_a_subject() {
        for (line, expected) in [
            (r#"{"event":"a"}"#, "events.%.a"),
            (r#"{"service":"s","event":"a"}"#, "events.%.a"),
            (r#"{"service":{"name":7},"event":"a"}"#, "events.%.a"),
            (r#"{"service":{"name":"\u0073"},"event":"\u0061"}"#, "events.s.a"),
            (r#"{}"#, "events.%.%"),
            ("no event", "events.%.%"),
        ] {
            let mut out = String::new();
            write("events", line.as_bytes(), &mut out);
            assert_eq!(out, expected, "{line}");
        }
    }
}
