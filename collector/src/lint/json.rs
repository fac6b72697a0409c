//! A line as JSON, read in one pass: its members, those of the objects in it, and the items of its lists. What is nested deeper is read and not kept, since no line has it.

use std::{borrow::Cow, ops::Range};

use super::text::Text;

/// Objects and lists within each other, at most.
const MAX_DEPTH: usize = 128;

#[derive(Debug, Clone)]
pub(super) enum Value<'a> {
    Null,
    Bool,
    Number(&'a str),
    Text(Text<'a>),
    /// Which of the [items](Object::items) are in it.
    List(Range<u32>),
    /// Which of the [nested](Object::nested) members are in it.
    Object(Range<u32>),
    /// A list or an object that is deeper than any that a line has.
    Deep,
}

#[derive(Debug)]
pub(super) struct Member<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) value: Value<'a>,
    /// The value as it stands there.
    pub(super) raw: &'a str,
}

/// The object that a line is.
#[derive(Debug)]
pub(super) struct Object<'a> {
    pub(super) members: Vec<Member<'a>>,
    nested: Vec<Member<'a>>,
    items: Vec<Value<'a>>,
    /// Where the first character stands that has to be escaped, which JSON does not ask for.
    pub(super) unescaped: Option<usize>,
}

impl<'a> Object<'a> {
    pub(super) fn nested(&self, range: &Range<u32>) -> &[Member<'a>] {
        &self.nested[range.start as usize..range.end as usize]
    }

    pub(super) fn items(&self, range: &Range<u32>) -> &[Value<'a>] {
        &self.items[range.start as usize..range.end as usize]
    }
}

/// What JSON has at which byte, and the line has not.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotJson {
    pub(super) expected: &'static str,
    pub(super) at: usize,
}

/// Reads a line.
pub(super) fn read(line: &str) -> Result<Object<'_>, NotJson> {
    let object = Object {
        members: Vec::with_capacity(24),
        nested: Vec::with_capacity(12),
        items: Vec::new(),
        unescaped: None,
    };
    let mut reader = Reader { line, bytes: line.as_bytes(), at: 0, object };
    reader.space();
    if reader.peek() != Some(b'{') {
        return reader.fault("a JSON object");
    }
    reader.object(0)?;
    reader.space();
    if reader.at < line.len() { reader.fault("the end of the line") } else { Ok(reader.object) }
}

struct Reader<'a> {
    line: &'a str,
    bytes: &'a [u8],
    at: usize,
    object: Object<'a>,
}

impl<'a> Reader<'a> {
    fn fault<T>(&self, expected: &'static str) -> Result<T, NotJson> {
        Err(NotJson { expected, at: self.at })
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(byte @ (b' ' | b'\t' | b'\r' | b'\n')) = self.peek() {
            if byte != b' ' {
                self.must_be_escaped();
            }
            self.at += 1;
        }
    }

    fn must_be_escaped(&mut self) {
        self.object.unescaped.get_or_insert(self.at);
    }

    /// Reads a value that stands in so many objects and lists.
    fn value(&mut self, depth: usize) -> Result<Value<'a>, NotJson> {
        match self.peek() {
            Some(b'"') => Ok(Value::Text(self.text()?)),
            Some(b'-' | b'0'..=b'9') => Ok(Value::Number(self.number()?)),
            Some(b't') => self.word("true", Value::Bool),
            Some(b'f') => self.word("false", Value::Bool),
            Some(b'n') => self.word("null", Value::Null),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            _ => self.fault("a value"),
        }
    }

    fn word(&mut self, word: &'static str, value: Value<'a>) -> Result<Value<'a>, NotJson> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return self.fault(word);
        }
        self.at += word.len();
        Ok(value)
    }

    fn object(&mut self, depth: usize) -> Result<Value<'a>, NotJson> {
        if depth == MAX_DEPTH {
            return self.fault("no more than 128 levels");
        }
        let first = self.object.nested.len();
        self.at += 1;
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
        } else {
            loop {
                self.space();
                if self.peek() != Some(b'"') {
                    return self.fault("the name of a member");
                }
                let name = self.text()?.decode();
                self.space();
                if self.peek() != Some(b':') {
                    return self.fault("a colon");
                }
                self.at += 1;
                self.space();
                let start = self.at;
                let value = self.value(depth + 1)?;
                let raw = &self.line[start..self.at];
                match depth {
                    0 => self.object.members.push(Member { name, value, raw }),
                    1 => self.object.nested.push(Member { name, value, raw }),
                    _ => {}
                }
                self.space();
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b'}') => break,
                    _ => return self.fault("a comma or the end of the object"),
                }
            }
            self.at += 1;
        }
        let range = index(first)..index(self.object.nested.len());
        Ok(if depth == 1 { Value::Object(range) } else { Value::Deep })
    }

    fn list(&mut self, depth: usize) -> Result<Value<'a>, NotJson> {
        if depth == MAX_DEPTH {
            return self.fault("no more than 128 levels");
        }
        let first = self.object.items.len();
        self.at += 1;
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
        } else {
            loop {
                self.space();
                let value = self.value(depth + 1)?;
                if depth == 1 {
                    self.object.items.push(value);
                }
                self.space();
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b']') => break,
                    _ => return self.fault("a comma or the end of the list"),
                }
            }
            self.at += 1;
        }
        let range = index(first)..index(self.object.items.len());
        Ok(if depth == 1 { Value::List(range) } else { Value::Deep })
    }

    fn number(&mut self) -> Result<&'a str, NotJson> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(&self.line[start..self.at])
    }

    fn digits(&mut self) -> Result<(), NotJson> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start { self.fault("a digit") } else { Ok(()) }
    }

    /// Reads a string, whose quote is at hand.
    fn text(&mut self) -> Result<Text<'a>, NotJson> {
        self.at += 1;
        let start = self.at;
        let mut is_escaped = false;
        loop {
            self.plain();
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    is_escaped = true;
                    self.escape()?;
                }
                Some(0x7f..) => {
                    // U+0080 to U+009F, U+2028 and U+2029, as valid UTF-8 has them.
                    if let [0x7f, ..] | [0xc2, 0x80..=0x9f, ..] | [0xe2, 0x80, 0xa8 | 0xa9, ..] =
                        self.bytes[self.at..]
                    {
                        self.must_be_escaped();
                    }
                    self.at += 1;
                }
                _ => return self.fault("the end of the string"),
            }
        }
        let raw = &self.line[start..self.at];
        self.at += 1;
        Ok(Text { raw, is_escaped })
    }

    /// Goes on to the next byte that is not plain text.
    fn plain(&mut self) {
        while let Some(word) = self.bytes[self.at..].first_chunk() {
            let special = special(u64::from_le_bytes(*word));
            if special != 0 {
                self.at += special.trailing_zeros() as usize / 8;
                return;
            }
            self.at += 8;
        }
        while let Some(0x20..=0x7e) = self.peek() {
            if let Some(b'"' | b'\\') = self.peek() {
                return;
            }
            self.at += 1;
        }
    }

    fn escape(&mut self) -> Result<(), NotJson> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => match self.unit()? {
                0xd800..=0xdbff => {
                    if !self.bytes[self.at..].starts_with(b"\\u") {
                        return self.fault("the second half of a surrogate pair");
                    }
                    if !(0xdc00..=0xdfff).contains(&self.unit()?) {
                        return self.fault("the second half of a surrogate pair");
                    }
                }
                0xdc00..=0xdfff => return self.fault("the first half of a surrogate pair"),
                _ => {}
            },
            _ => return self.fault("an escape that JSON has"),
        }
        Ok(())
    }

    /// Reads a `\u` and four hexadecimal digits.
    fn unit(&mut self) -> Result<u32, NotJson> {
        let digits = self.bytes.get(self.at + 2..self.at + 6).unwrap_or_default();
        let unit = digits
            .iter()
            .try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)?));
        let Some(unit) = unit.filter(|_| digits.len() == 4) else {
            return self.fault("four hexadecimal digits");
        };
        self.at += 6;
        Ok(unit)
    }
}

/// Has the top bit of the lowest byte of `word` set that is a quote, a backslash, a control character or no ASCII. What is above that byte is of no account.
fn special(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 0xff;
    const TOPS: u64 = ONES << 7;
    let is_zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let is = |byte: u8| is_zero(word ^ (ONES * u64::from(byte)));
    let is_control = word.wrapping_sub(ONES * 0x20) & !word;
    (is(b'"') | is(b'\\') | is(0x7f) | is_control | word) & TOPS
}

/// Lines are much shorter than 4 GiB.
fn index(at: usize) -> u32 {
    at as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_json_says_where_and_what_was_expected() {
        for (line, expected, at) in [
            ("", "a JSON object", 0),
            ("[]", "a JSON object", 0),
            ("{", "the name of a member", 1),
            (r#"{"a"}"#, "a colon", 4),
            (r#"{"a":}"#, "a value", 5),
            (r#"{"a":1,}"#, "the name of a member", 7),
            (r#"{"a":01}"#, "a comma or the end of the object", 6),
            (r#"{"a":1.}"#, "a digit", 7),
            (r#"{"a":-}"#, "a digit", 6),
            (r#"{"a":[1 2]}"#, "a comma or the end of the list", 8),
            (r#"{"a":nul}"#, "null", 5),
            (r#"{"a":"\x"}"#, "an escape that JSON has", 6),
            (r#"{"a":"\u00g0"}"#, "four hexadecimal digits", 6),
            (r#"{"a":"\ud800"}"#, "the second half of a surrogate pair", 12),
            (r#"{"a":"\udc00"}"#, "the first half of a surrogate pair", 12),
            ("{\"a\":\"\t\"}", "the end of the string", 6),
            ("{\"a\":\"12345678\t\"}", "the end of the string", 14),
            (r#"{"a":"b"#, "the end of the string", 7),
            ("{} x", "the end of the line", 3),
        ] {
            assert_eq!(read(line).unwrap_err(), NotJson { expected, at }, "{line}");
        }
        let deep = format!("{{\"a\":{}", "[".repeat(1_000_000));
        assert_eq!(read(&deep).unwrap_err().expected, "no more than 128 levels");
    }

    #[test]
    fn characters_that_have_to_be_escaped_are_found() {
        for c in ['\u{7f}', '\u{80}', '\u{9f}', '\u{2028}', '\u{2029}'] {
            let line = format!("{{\"a\":\"1234567é{c}\"}}");
            assert_eq!(read(&line).unwrap().unescaped, Some(15), "{c:?}");
        }
        assert_eq!(read("{\"a\":\t1}").unwrap().unescaped, Some(5));
        assert_eq!(read("{\"a\": \"é\u{a0}€\u{202a}😀\"}").unwrap().unescaped, None);
    }

    /// What a value means, as another parser has it.
    fn means(object: &Object<'_>, value: &Value<'_>) -> serde_json::Value {
        use serde_json::Value as Json;
        match value {
            Value::Null => Json::Null,
            Value::Bool => Json::Bool(true),
            Value::Number(number) => serde_json::from_str(number).unwrap(),
            Value::Text(text) => Json::String(text.decode().into_owned()),
            Value::List(range) => {
                object.items(range).iter().map(|item| means(object, item)).collect()
            }
            Value::Object(range) => all(object, object.nested(range)),
            Value::Deep => Json::Null,
        }
    }

    fn all(object: &Object<'_>, members: &[Member<'_>]) -> serde_json::Value {
        let member = |member: &Member<'_>| (member.name.to_string(), means(object, &member.value));
        members.iter().map(member).collect()
    }

    /// The same with what is not kept left out.
    fn kept(value: serde_json::Value, depth: usize) -> serde_json::Value {
        use serde_json::Value as Json;
        match value {
            Json::Bool(_) => Json::Bool(true),
            Json::Array(_) | Json::Object(_) if depth > 1 => Json::Null,
            Json::Array(items) => items.into_iter().map(|item| kept(item, depth + 1)).collect(),
            Json::Object(members) => {
                let kept = members.into_iter().map(|(name, value)| (name, kept(value, depth + 1)));
                kept.collect()
            }
            other => other,
        }
    }

    proptest! {
        #[test]
        fn another_parser_reads_the_same_or_refuses_the_same(line in bits()) {
            let theirs = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&line);
            match (read(&line), theirs) {
                (Ok(ours), Ok(theirs)) => {
                    prop_assert_eq!(all(&ours, &ours.members), kept(theirs.into(), 0));
                }
                (Err(_), Err(_)) => {}
                // It has no numbers beyond floats.
                (Ok(_), Err(error)) if error.to_string().contains("out of range") => {}
                (ours, theirs) => prop_assert!(false, "{line}: {ours:?} {theirs:?}"),
            }
        }
    }

    /// What JSON is made of, in an order that often is JSON.
    fn bits() -> impl Strategy<Value = String> {
        let text = prop_oneof![
            Just("a".to_owned()),
            ".{0,12}".prop_map(|text| serde_json::to_string(&text).unwrap_or_default()),
            r#""(\\u[0-9a-fA-F]{4}|\\["\\/bfnrtx]|[ -!#-\[\]-~é€😀]{1,9}){0,4}""#,
            r#""\\ud83d\\ude0[0-9]""#,
        ];
        let scalar = prop_oneof![
            text.clone(),
            "-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,2})?",
            "-?[0-9.eE+]{1,4}",
            prop_oneof![Just("true"), Just("false"), Just("null"), Just("nulL"), Just("")]
                .prop_map(str::to_owned),
        ];
        let value = scalar.prop_recursive(4, 24, 4, move |inner| {
            let member =
                (text.clone(), inner.clone()).prop_map(|(name, value)| format!("{name}:{value}"));
            prop_oneof![
                prop::collection::vec(inner, 0..4)
                    .prop_map(|items| format!("[{}]", items.join(","))),
                prop::collection::vec(member, 0..4)
                    .prop_map(|all| format!("{{ {}}}", all.join(" ,"))),
            ]
        });
        let member =
            ("[a-z]{1,3}", value).prop_map(|(name, value)| format!("\"{name}\" : {value}"));
        prop::collection::vec(member, 0..5).prop_map(|members| format!("{{{}}}", members.join(",")))
    }
}
