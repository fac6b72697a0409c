use std::borrow::Cow;

use serde::Deserialize;

use crate::stream::StreamId;

/// The first line of a client that understands acknowledgements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hello {
    pub(crate) stream: StreamId,
    /// The offset of the line that follows.
    pub(crate) offset: u64,
}

/// No stream gets as far as this, so that nothing added to an offset overflows.
const MAX_OFFSET: u64 = 1 << 62;

#[derive(Deserialize)]
struct Members<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow)]
    stream: Cow<'a, str>,
    offset: u64,
}

impl Hello {
    /// The hello that `line`, an event, says; `None` if it is any other event.
    pub(crate) fn parse(line: &[u8]) -> Option<Self> {
        let members: Members<'_> = serde_json::from_slice(line).ok()?;
        if members.event != "throughline.hello" || members.offset > MAX_OFFSET {
            return None;
        }
        let stream = StreamId::parse(&members.stream)?;
        // Nobody else can name what a collector made up.
        (!stream.is_own()).then_some(Self { stream, offset: members.offset })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_hello_is_one() {
        let hello = |event: &str, stream: &str, offset: &str| {
            Hello::parse(
                format!(r#"{{"event":"{event}","stream":"{stream}","offset":{offset}}}"#)
                    .as_bytes(),
            )
        };
        let stream = "0193f6c2-7d3e-7bb4-9c1e-2f0d3a1b5c6d";
        assert_eq!(
            hello("throughline.hello", stream, "73310"),
            Some(Hello { stream: StreamId::parse(stream).unwrap(), offset: 73310 })
        );
        assert_eq!(hello("log", stream, "0"), None);
        assert_eq!(hello("throughline.hello", "me", "0"), None);
        assert_eq!(hello("throughline.hello", stream, "-1"), None);
        assert_eq!(hello("throughline.hello", stream, "1.0"), None);
        assert_eq!(hello("throughline.hello", stream, "18446744073709551615"), None);
        assert_eq!(hello("throughline.hello", &StreamId::own().to_string(), "0"), None);
        assert_eq!(Hello::parse(br#"{"event":"throughline.hello"}"#), None);
    }
}
