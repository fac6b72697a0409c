//! The syntax of units: codes of UCUM, as OpenTelemetry uses them (<https://ucum.org/ucum>, "Grammar of units and unit terms").

/// What is wrong with a unit, if something is.
pub(crate) fn fault(unit: &str) -> Option<String> {
    if let Some((_, code)) = WORDS.iter().find(|(word, _)| *word == unit) {
        return Some(format!("a unit is a UCUM code: `{code}` instead of `{unit}`"));
    }
    let mut term = Term { rest: unit.as_bytes() };
    let is_unit = term.main() && term.rest.is_empty();
    (!is_unit).then(|| {
        "a unit is a UCUM code: `ms`, `By`, `By/s`, `%`, `{request}`, or `1` for a plain number"
            .to_owned()
    })
}

/// What people write who do not know the codes.
const WORDS: &[(&str, &str)] = &[
    ("bits", "bit"),
    ("byte", "By"),
    ("bytes", "By"),
    ("count", "1"),
    ("day", "d"),
    ("days", "d"),
    ("hour", "h"),
    ("hours", "h"),
    ("kilobytes", "kBy"),
    ("megabytes", "MBy"),
    ("micros", "us"),
    ("microseconds", "us"),
    ("millis", "ms"),
    ("milliseconds", "ms"),
    ("minute", "min"),
    ("minutes", "min"),
    ("msec", "ms"),
    ("nanos", "ns"),
    ("nanoseconds", "ns"),
    ("percent", "%"),
    ("sec", "s"),
    ("second", "s"),
    ("seconds", "s"),
];

struct Term<'a> {
    rest: &'a [u8],
}

impl Term<'_> {
    fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.rest.first() == Some(&byte);
        if is_next {
            self.rest = &self.rest[1..];
        }
        is_next
    }

    fn digits(&mut self) -> usize {
        let len = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.rest = &self.rest[len..];
        len
    }

    fn main(&mut self) -> bool {
        self.eat(b'/');
        self.term()
    }

    fn term(&mut self) -> bool {
        loop {
            if !self.component() {
                return false;
            }
            if !self.eat(b'.') && !self.eat(b'/') {
                return true;
            }
        }
    }

    fn component(&mut self) -> bool {
        if self.eat(b'(') {
            return self.term() && self.eat(b')');
        }
        if self.rest.first() == Some(&b'{') {
            return self.annotation();
        }
        let digits = self.digits();
        let symbol = self.symbol();
        if digits == 0 && symbol == 0 {
            return false;
        }
        if symbol > 0 {
            // An exponent. Without a sign its digits are read already, where they end the symbol: `m2`.
            let signed = self.eat(b'+') || self.eat(b'-');
            if self.digits() == 0 && signed {
                return false;
            }
        }
        self.rest.first() != Some(&b'{') || self.annotation()
    }

    /// Text in braces, which says what is counted.
    fn annotation(&mut self) -> bool {
        self.eat(b'{');
        let is_inside = |byte: &&u8| byte.is_ascii_graphic() && !matches!(**byte, b'{' | b'}');
        let len = self.rest.iter().take_while(is_inside).count();
        self.rest = &self.rest[len..];
        len > 0 && self.eat(b'}')
    }

    /// The symbol of a unit with its prefix, which may have a part in brackets: `ms`, `m[H2O]`, `10*`.
    fn symbol(&mut self) -> usize {
        let before = self.rest.len();
        loop {
            match self.rest {
                [byte, ..] if byte.is_ascii_alphabetic() || b"%'*^_".contains(byte) => {
                    self.rest = &self.rest[1..];
                }
                [b'[', inside @ ..] => {
                    let is_inside =
                        |byte: &&u8| byte.is_ascii_graphic() && !b"[]{}()".contains(*byte);
                    let len = inside.iter().take_while(is_inside).count();
                    if len == 0 || inside.get(len) != Some(&b']') {
                        return 0;
                    }
                    self.rest = &inside[len + 1..];
                }
                _ => return before - self.rest.len(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn codes_of_ucum_are_units() {
        for unit in [
            "1",
            "ms",
            "By",
            "{request}",
            "%",
            "By/s",
            "kg.m2/s2",
            "m.s-2",
            "10*3",
            "10*-3/ul",
            "/min",
            "Cel",
            "m[H2O]",
            "[degF]",
            "(kg.m)/s",
            "{packet}/s",
            "m{apple}",
            "1/(s.m)",
            "kW.h",
            "s+1",
            "10^6",
            "100/s",
        ] {
            assert_eq!(fault(unit), None, "{unit}");
        }
    }

    #[test]
    fn words_and_what_is_no_term_are_not() {
        assert!(fault("bytes").unwrap().contains("`By` instead of `bytes`"));
        for unit in [
            "", " ", "m s", "/", "m/", "m//s", ".m", "(m", "m)", "()", "{}", "{a", "a}", "m[",
            "m[]", "{a}{b}", "m-", "é", "{é}", "\n", "a\"b", "m=2", "m,s", "+1",
        ] {
            assert!(fault(unit).is_some(), "{unit:?}");
        }
    }
}
