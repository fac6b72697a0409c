use std::ops::Index;
use std::str::FromStr;

use throughline_schema::Level;

use super::{Json, Malformed, check};

/// One event, read from its line, which keeps the contract (`spec/event.md`).
///
/// Members are had by name: `record["attempts"]`, `record["context"]["user"]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    line: String,
    json: Json,
    level: Level,
}

impl Record {
    pub(super) fn from_bytes(line: &[u8]) -> Result<Record, Malformed> {
        let text = str::from_utf8(line).map_err(|error| Malformed(error.to_string()))?;
        match text.strip_suffix('\n') {
            Some(text) => text.parse(),
            None => Err(Malformed("no line feed at the end".to_owned())),
        }
    }

    /// The line, without the line feed.
    pub fn line(&self) -> &str {
        &self.line
    }

    pub(super) fn into_line(self) -> String {
        self.line
    }

    /// The level at which it was written.
    pub fn level(&self) -> Level {
        self.level
    }

    /// The name of the event.
    pub fn event(&self) -> &str {
        self.text("event")
    }

    /// The version of the event's shape.
    pub fn version(&self) -> u32 {
        self["version"].number().unwrap_or_default()
    }

    /// The sentence for people.
    pub fn message(&self) -> &str {
        self.text("message")
    }

    /// The request to which it belongs, if it belongs to one.
    pub fn context(&self) -> Option<&Json> {
        self.get("context")
    }

    /// What the event says: the members that not every line may have, in their order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.members().filter(|(name, _)| !throughline_schema::is_reserved(name))
    }

    /// The member of this name, if there is one.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.json.get(name)
    }

    pub(super) fn members(&self) -> impl Iterator<Item = (&str, &Json)> {
        let members = if let Json::Object(members) = &self.json { members.as_slice() } else { &[] };
        members.iter().map(|(name, value)| (name.as_str(), value))
    }

    fn text(&self, name: &str) -> &str {
        self[name].as_str().unwrap_or_default()
    }
}

impl FromStr for Record {
    type Err = Malformed;

    /// Reads a line without its line feed, and checks it.
    fn from_str(line: &str) -> Result<Record, Malformed> {
        check::characters(line)?;
        let json: Json = line.parse()?;
        check::members(&json)?;
        let level = json["level"].as_str().and_then(|level| level.parse().ok());
        let level = level.ok_or_else(|| Malformed("`level` is none".to_owned()))?;
        Ok(Record { line: line.to_owned(), json, level })
    }
}

impl Index<&str> for Record {
    type Output = Json;

    /// # Panics
    ///
    /// If there is no member of this name.
    #[track_caller]
    fn index(&self, name: &str) -> &Json {
        self.get(name).unwrap_or_else(|| panic!("there is no `{name}` in {}", self.line))
    }
}
