//! A strict reader of JSON (RFC 8259), which also refuses a name that stands twice.

use super::{Json, Malformed};

/// How deep values may be nested.
const MAX_DEPTH: usize = 32;

pub(super) fn read(text: &str) -> Read<Json> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(MAX_DEPTH)?;
    reader.space();
    if reader.at == text.len() { Ok(value) } else { reader.fail("the end") }
}

type Read<T> = Result<T, Malformed>;

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn fail<T>(&self, expected: &str) -> Read<T> {
        Err(Malformed(format!("no JSON: expected {expected} at byte {}", self.at)))
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Takes `text` if it is what comes next.
    fn take(&mut self, text: &str) -> bool {
        let is_next = self.text.as_bytes()[self.at..].starts_with(text.as_bytes());
        self.at += if is_next { text.len() } else { 0 };
        is_next
    }

    fn expect(&mut self, text: &str) -> Read<()> {
        if self.take(text) { Ok(()) } else { self.fail(text) }
    }

    /// Takes what fits, and returns how much.
    fn while_(&mut self, fits: impl Fn(u8) -> bool) -> usize {
        let start = self.at;
        while self.peek().is_some_and(&fits) {
            self.at += 1;
        }
        self.at - start
    }

    fn space(&mut self) {
        self.while_(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    }

    fn value(&mut self, depth: usize) -> Read<Json> {
        if depth == 0 {
            return self.fail("less depth");
        }
        self.space();
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(Json::String),
            Some(b'-' | b'0'..=b'9') => self.number().map(Json::Number),
            _ if self.take("null") => Ok(Json::Null),
            _ if self.take("true") => Ok(Json::Bool(true)),
            _ if self.take("false") => Ok(Json::Bool(false)),
            _ => self.fail("a value"),
        }
    }

    fn object(&mut self, depth: usize) -> Read<Json> {
        let mut members: Vec<(String, Json)> = Vec::new();
        self.items("{", "}", |reader| {
            reader.space();
            let name = reader.string()?;
            if members.iter().any(|(other, _)| *other == name) {
                return Err(Malformed(format!("`{name}` stands twice")));
            }
            reader.space();
            reader.expect(":")?;
            members.push((name, reader.value(depth - 1)?));
            Ok(())
        })?;
        Ok(Json::Object(members))
    }

    fn array(&mut self, depth: usize) -> Read<Json> {
        let mut items = Vec::new();
        self.items("[", "]", |reader| {
            items.push(reader.value(depth - 1)?);
            Ok(())
        })?;
        Ok(Json::Array(items))
    }

    /// Reads what stands between brackets, with commas between.
    fn items(
        &mut self,
        open: &str,
        close: &str,
        mut item: impl FnMut(&mut Self) -> Read<()>,
    ) -> Read<()> {
        self.expect(open)?;
        self.space();
        if self.take(close) {
            return Ok(());
        }
        loop {
            item(self)?;
            self.space();
            if self.take(close) {
                return Ok(());
            }
            self.expect(",")?;
        }
    }

    fn number(&mut self) -> Read<String> {
        let start = self.at;
        self.take("-");
        if !self.take("0") && self.while_(|byte| byte.is_ascii_digit()) == 0 {
            return self.fail("a digit");
        }
        if self.take(".") && self.while_(|byte| byte.is_ascii_digit()) == 0 {
            return self.fail("a digit");
        }
        if self.take("e") || self.take("E") {
            let _ = self.take("+") || self.take("-");
            if self.while_(|byte| byte.is_ascii_digit()) == 0 {
                return self.fail("a digit");
            }
        }
        Ok(self.text[start..self.at].to_owned())
    }

    fn string(&mut self) -> Read<String> {
        self.expect("\"")?;
        let mut text = String::new();
        loop {
            let start = self.at;
            self.while_(|byte| byte >= 0x20 && !matches!(byte, b'"' | b'\\'));
            // Neither end is within a character: what ends it is ASCII.
            text.push_str(&self.text[start..self.at]);
            if self.take("\"") {
                return Ok(text);
            }
            self.expect("\\")?;
            text.push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Read<char> {
        let escape = self.peek();
        self.at += usize::from(escape.is_some_and(|byte| byte.is_ascii()));
        Ok(match escape {
            Some(byte @ (b'"' | b'\\' | b'/')) => byte.into(),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let first = self.hex()?;
                let is_high = (0xd800..0xdc00).contains(&first);
                let second = if is_high && self.take("\\u") { Some(self.hex()?) } else { None };
                let units = [first].into_iter().chain(second);
                let mut read = char::decode_utf16(units);
                match (read.next(), read.next()) {
                    (Some(Ok(character)), None) => character,
                    _ => return self.fail("a whole surrogate pair"),
                }
            }
            _ => return self.fail("an escape"),
        })
    }

    fn hex(&mut self) -> Read<u16> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4);
        let mut code = 0;
        for digit in digits.unwrap_or_default() {
            let Some(digit) = char::from(*digit).to_digit(16) else {
                return self.fail("a hex digit");
            };
            code = code << 4 | digit as u16;
        }
        if digits.is_none() {
            return self.fail("four hex digits");
        }
        self.at += 4;
        Ok(code)
    }
}
