use std::{error, fmt};

use super::{
    level::Level,
    value::{Members, Value, find},
};
use crate::clock::Moment;

/// An event, read from its line.
#[derive(Debug, Clone)]
pub struct Record {
    pub(crate) timestamp: String,
    pub(crate) moment: Option<Moment>,
    pub(crate) level: String,
    pub(crate) event: String,
    pub(crate) message: String,
    pub(crate) service: String,
    pub(crate) span: Option<Span>,
    pub(crate) context: Vec<(String, Value)>,
    pub(crate) fields: Vec<(String, Value)>,
}

/// What an event of the kind `span` says besides.
#[derive(Debug, Clone)]
pub(crate) struct Span {
    pub(crate) duration_us: i64,
    pub(crate) outcome: String,
}

impl Record {
    /// Reads an event from `line`.
    ///
    /// # Errors
    ///
    /// If the line is not a JSON object, or lacks what every event has.
    pub fn parse(line: &str) -> Result<Self, ParseError> {
        let Members(members) = serde_json::from_str(line).map_err(ParseError::json)?;
        let mut record = Self {
            timestamp: String::new(),
            moment: None,
            level: String::new(),
            event: String::new(),
            message: String::new(),
            service: String::new(),
            span: None,
            context: Vec::new(),
            fields: Vec::new(),
        };
        let (mut kind, mut duration, mut outcome) = (None, None, None);
        for (name, value) in members {
            match (name.as_str(), value) {
                ("timestamp", Value::Text(text)) => record.timestamp = text,
                ("level", Value::Text(text)) => record.level = text,
                ("event", Value::Text(text)) => record.event = text,
                ("message", Value::Text(text)) => record.message = text,
                ("kind", Value::Text(text)) => kind = Some(text),
                ("outcome", Value::Text(text)) => outcome = Some(text),
                ("duration_us", Value::Json(json)) => duration = json.parse::<u64>().ok(),
                ("service", Value::Json(json)) => record.service = service_name(&json),
                ("context", Value::Json(json)) => record.context = object(&json),
                ("version" | "target", _) => {}
                (_, value) => record.fields.push((name, value)),
            }
        }
        if record.timestamp.is_empty() || record.level.is_empty() || record.event.is_empty() {
            return Err(ParseError::incomplete());
        }
        record.moment = Moment::parse(&record.timestamp);
        if kind.as_deref() == Some("span") {
            record.span = Some(Span {
                duration_us: duration.map_or(0, |us| i64::try_from(us).unwrap_or(i64::MAX)),
                outcome: outcome.unwrap_or_default(),
            });
        }
        Ok(record)
    }

    /// The name of the event.
    pub fn event(&self) -> &str {
        &self.event
    }

    /// The id of the request that it belongs to, if there is one.
    pub fn request_id(&self) -> Option<&str> {
        self.in_context("id")
    }

    pub(crate) fn level(&self) -> Option<Level> {
        Level::parse(&self.level)
    }

    pub(crate) fn in_context(&self, name: &str) -> Option<&str> {
        find(&self.context, name).map(Value::as_str)
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        find(&self.fields, name).map(Value::as_str)
    }

    /// The field `name`, or else the entry of the context.
    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        self.field(name).or_else(|| self.in_context(name))
    }

    /// When it began: a span says when it ended, and how long it took.
    pub(crate) fn start(&self) -> Option<i64> {
        let Moment(end) = self.moment?;
        let took = self.span.as_ref().map_or(0, |span| span.duration_us);
        Some(end.saturating_sub(took))
    }
}

fn object(json: &str) -> Vec<(String, Value)> {
    serde_json::from_str(json).map_or_else(|_| Vec::new(), |Members(members)| members)
}

fn service_name(json: &str) -> String {
    let service = object(json);
    find(&service, "name").map_or_else(String::new, |name| name.as_str().to_owned())
}

/// A line is not an event.
#[derive(Debug)]
pub struct ParseError(Option<serde_json::Error>);

impl ParseError {
    fn json(error: serde_json::Error) -> Self {
        Self(Some(error))
    }

    fn incomplete() -> Self {
        Self(None)
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Some(_) => "the line is not a JSON object",
            None => "the line has no timestamp, level or event",
        })
    }
}

impl error::Error for ParseError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.0.as_ref().map(|error| error as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_their_order_and_digits() {
        let record = Record::parse(
            r#"{"timestamp":"2026-11-21T09:28:31.123456Z","level":"INFO","event":"a","service":{"name":"s"},"context":{"id":"r","z":1},"z":340282366920938463463374607431768211455,"a":"x","duration_us":"odd"}"#,
        )
        .unwrap();
        let names: Vec<_> = record.fields.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["z", "a", "duration_us"]);
        assert_eq!(record.find("z"), Some("340282366920938463463374607431768211455"));
        assert_eq!((record.service.as_str(), record.request_id()), ("s", Some("r")));
    }

    #[test]
    fn strange_members_are_no_danger() {
        for members in [
            r#""kind":"span""#,
            r#""kind":"span","duration_us":-1,"outcome":1"#,
            r#""kind":"span","duration_us":18446744073709551615,"outcome":"ok""#,
            r#""context":[],"service":"me","message":null"#,
            r#""context":{"id":7},"timestamp":"never""#,
        ] {
            let line = format!(
                r#"{{"timestamp":"0000-01-01T00:00:00Z","level":"X","event":"a",{members}}}"#
            );
            let record = Record::parse(&line).unwrap();
            let _ = (record.start(), record.request_id(), record.level());
        }
        assert!(Record::parse("[]").is_err());
        assert!(Record::parse("{}").is_err());
    }
}
