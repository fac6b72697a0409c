//! Messages, and those with placeholders: `login of {user} failed`.

use crate::check::is_name;

/// A piece of a message.
#[derive(Debug, PartialEq)]
pub(crate) enum Piece {
    Text(String),
    /// The name of a field in the line.
    Field(String),
}

/// The pieces of a message: one text, or none if it is empty, unless it is a template.
pub(crate) fn parse(message: &str) -> Result<Vec<Piece>, &'static str> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut rest = message;
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let (brace, after) = rest[at..].split_at(1);
        if let Some(after) = after.strip_prefix(brace) {
            text.push_str(brace);
            rest = after;
            continue;
        }
        let inside = after.split_once('}').filter(|_| brace == "{");
        let Some((name, after)) = inside else {
            return Err("a brace has no partner: write `{{` and `}}` for braces as such");
        };
        if !is_name(name) {
            return Err("between braces stands the name of a field: `login of {user} failed`");
        }
        if !text.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut text)));
        }
        pieces.push(Piece::Field(name.to_owned()));
        rest = after;
    }
    text.push_str(rest);
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::Piece::{Field, Text};
    use super::*;

    #[test]
    fn placeholders_are_told_from_text() {
        let (text, field) = (|text: &str| Text(text.into()), |name: &str| Field(name.into()));
        assert_eq!(parse(""), Ok(vec![]));
        assert_eq!(parse("a b"), Ok(vec![text("a b")]));
        assert_eq!(parse("{{a}} }}{{"), Ok(vec![text("{a} }{")]));
        assert_eq!(parse("{a}{b.c}"), Ok(vec![field("a"), field("b.c")]));
        assert_eq!(parse("x{{{a}}}y"), Ok(vec![text("x{"), field("a"), text("}y")]));
    }

    #[test]
    fn braces_that_mean_nothing_are_refused() {
        for bad in ["{", "}", "a } b", "{a", "a}", "{{}", "{}", "{a:?}", "{ a }", "{A}", "{{{a}}"] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }
}
