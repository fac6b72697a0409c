use std::borrow::Cow;

/// `text` with each character that could steer a terminal, or reorder what stands around it, spelled as `\u` and its number.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(steers) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        push(c, &mut out);
    }
    Cow::Owned(out)
}

/// `text` as a value after a `=`: as it is where it is one plain word, else in quotes.
pub(crate) fn word(text: &str) -> Cow<'_, str> {
    let plain = |c: char| !c.is_whitespace() && !matches!(c, '"' | '=' | '\\') && !steers(c);
    if !text.is_empty() && text.chars().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        push(c, &mut out);
    }
    out.push('"');
    Cow::Owned(out)
}

fn push(c: char, out: &mut String) {
    match c {
        '\n' => out.push_str("\\n"),
        '\t' => out.push_str("\\t"),
        c if steers(c) => out.push_str(&format!("\\u{:04x}", u32::from(c))),
        c => out.push(c),
    }
}

/// Control characters, Unicode's line ends, and marks of direction.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_remains() {
        let all: String = (0..0x3000).filter_map(char::from_u32).collect();
        for text in [clean(&all), word(&all)] {
            assert!(!text.chars().any(steers));
        }
        assert_eq!(clean("\x1b[31m£\u{202e}\n"), r"\u001b[31m£\u202e\n");
    }

    #[test]
    fn only_what_is_no_word_is_quoted() {
        assert_eq!(word("tylertreat"), "tylertreat");
        assert_eq!(word("/a/b?c"), "/a/b?c");
        assert_eq!(word(""), r#""""#);
        assert_eq!(word("a b"), r#""a b""#);
        assert_eq!(word(r#"say "a\b""#), r#""say \"a\\b\"""#);
        assert_eq!(word("a\tb"), r#""a\tb""#);
    }
}
