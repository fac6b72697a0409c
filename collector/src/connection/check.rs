use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};

use crate::spool::Reason;

/// Whether `line` is an event: one JSON object in UTF-8, without control characters, with what every event has.
pub(crate) fn check(line: &[u8]) -> Result<(), Reason> {
    let text = std::str::from_utf8(line).map_err(|_| Reason::NotUtf8)?;
    if has_control(line) {
        return Err(Reason::ControlCharacter);
    }
    match serde_json::from_str::<Event>(text) {
        Ok(_) => Ok(()),
        Err(error) if error.is_data() && text.trim_start().starts_with('{') => {
            Err(Reason::NotAnEvent)
        }
        Err(_) => Err(Reason::NotAJsonObject),
    }
}

/// Whether valid UTF-8 has one of U+0000 to U+001F or U+007F to U+009F, the latter of which begin with the byte `C2`.
fn has_control(text: &[u8]) -> bool {
    if text.iter().any(|byte| *byte < 0x20 || *byte == 0x7f) {
        return true;
    }
    text.contains(&0xc2) && text.windows(2).any(|pair| pair[0] == 0xc2 && pair[1] < 0xa0)
}

/// An object with the strings `timestamp`, `level` and `event`. Keeps nothing.
struct Event;

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Member {
    Timestamp,
    Level,
    Event,
    #[serde(other)]
    Other,
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EventVisitor)
    }
}

struct EventVisitor;

impl<'de> Visitor<'de> for EventVisitor {
    type Value = Event;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Event, A::Error> {
        let (mut timestamp, mut level, mut event) = (false, false, false);
        while let Some(member) = members.next_key::<Member>()? {
            let seen = match member {
                Member::Timestamp => &mut timestamp,
                Member::Level => &mut level,
                Member::Event => &mut event,
                Member::Other => {
                    members.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            members.next_value::<Text>()?;
            *seen = true;
        }
        if timestamp && level && event {
            Ok(Event)
        } else {
            Err(serde::de::Error::custom("a member is missing"))
        }
    }
}

/// Any string.
struct Text;

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl Visitor<'_> for TextVisitor {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<Text, E> {
                Ok(Text)
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_pass() {
        for line in [
            r#"{"timestamp":"t","level":"INFO","event":"a.b","version":1}"#,
            r#" { "event" : "a" , "level":"","x":{"deep":[1,{"y":null}]}, "timestamp":"t" } "#,
            r#"{"timestamp":"t","level":"INFO","event":"a","event":"b","n":340282366920938463463374607431768211455}"#,
            r#"{"timestamp":"t","level":"INFO","event":"a","é":"\u001b\ud83d\ude00 £ x"}"#,
        ] {
            assert_eq!(check(line.as_bytes()), Ok(()), "{line}");
        }
    }

    #[test]
    fn the_rest_is_refused_for_its_reason() {
        use Reason::{ControlCharacter, NotAJsonObject, NotAnEvent, NotUtf8};
        let event = r#""timestamp":"t","level":"INFO","event":"a""#;
        for (line, reason) in [
            (String::new(), NotAJsonObject),
            ("plain text".into(), NotAJsonObject),
            (format!("[{{{event}}}]"), NotAJsonObject),
            (format!("{{{event}"), NotAJsonObject),
            (format!("{{{event}}} x"), NotAJsonObject),
            (format!("{{{event},}}"), NotAJsonObject),
            (format!("{{{event},\"a\":01}}"), NotAJsonObject),
            (format!("{{{event},\"a\":\"\\x\"}}"), NotAJsonObject),
            ("42".into(), NotAJsonObject),
            ("{}".into(), NotAnEvent),
            (r#"{"timestamp":"t","level":"INFO"}"#.into(), NotAnEvent),
            (r#"{"timestamp":1,"level":"INFO","event":"a"}"#.into(), NotAnEvent),
            (format!("{{{event},\"a\":\"\t\"}}"), ControlCharacter),
            (format!("{{{event},\"a\":\"\x1b[2J\"}}"), ControlCharacter),
            (format!("{{{event},\"a\":\"\u{9b}2J\"}}"), ControlCharacter),
            (format!("{{{event},\"a\":\"\x7f\"}}"), ControlCharacter),
        ] {
            assert_eq!(check(line.as_bytes()), Err(reason), "{line}");
        }
        assert_eq!(check(b"{\"\xff\":1}"), Err(NotUtf8));
    }

    #[test]
    fn depth_is_no_danger() {
        let deep = format!(
            r#"{{"timestamp":"t","level":"INFO","event":"a","x":{}{}}}"#,
            "[".repeat(400_000),
            "]".repeat(400_000)
        );
        let _ = check(deep.as_bytes());
        let _ = check("[".repeat(1_000_000).as_bytes());
    }
}
