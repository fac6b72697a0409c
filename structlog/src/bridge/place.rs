use throughline_schema::{Class, Descriptor, Field, Kind, Level};

use super::name;
use crate::encode::{push_str, written};
use crate::logger::Origin;

/// A place in the code where another library's macro stands, or as much of it as is known.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) descriptor: Descriptor,
    target: &'static str,
    /// `,"target":"…"`
    member: Box<str>,
}

impl Place {
    /// `saying` is what a `throughline.suppressed` event says of it.
    pub(super) fn new(level: Level, target: &'static str, saying: &'static str) -> Place {
        let what = "An event without a type.";
        let head = head(level, "log", Kind::Log);
        let descriptor = Descriptor::new("log", 1, level, Kind::Log, saying, what, &[], head);
        Place { descriptor: descriptor.with_template(), target, member: member(target) }
    }

    pub(super) fn origin(&self) -> Origin<'_> {
        Origin { name: self.target, member: &self.member }
    }

    #[cfg(feature = "log")]
    pub(super) fn target(&self) -> &'static str {
        self.target
    }
}

/// What a line says of a target, which is escaped here, once.
pub(super) fn member(target: &str) -> Box<str> {
    let bytes = written(|room| {
        room.push(b",\"target\":");
        push_str(room, target);
    });
    String::from_utf8_lossy(&bytes).into()
}

/// The head of a [`Descriptor`] whose message is a template. It lives as long as the program, as the place does.
pub(super) fn head(level: Level, name: &str, kind: Kind) -> &'static str {
    let kind = match kind {
        Kind::Log => String::new(),
        other => format!(",\"kind\":\"{}\"", other.as_str()),
    };
    let level = level.as_str();
    format!("\",\"level\":\"{level}\",\"event\":\"{name}\",\"version\":1{kind},\"message\":\"")
        .leak()
}

/// A field of this name, which the line may have under another.
pub(super) fn field(theirs: &str) -> Field {
    named(name::of_field(theirs))
}

/// A field of a name that is known to be one.
pub(super) fn named(name: String) -> Field {
    let key = format!(",\"{name}\":").leak();
    Field::new(name.leak(), "", Class::Public, key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use throughline_schema::__private::Head;

    #[test]
    fn a_head_is_the_one_that_the_derive_makes() {
        const LEN: usize = Head::<0>::of_template(Level::Warn, "a.b", 1, Kind::Span).needs();
        const HEAD: Head<LEN> = Head::of_template(Level::Warn, "a.b", 1, Kind::Span);
        assert_eq!(head(Level::Warn, "a.b", Kind::Span), HEAD.as_str());
    }

    #[test]
    fn a_target_is_escaped() {
        assert_eq!(&*member("a\"b\n"), r#","target":"a\"b\n""#);
    }
}
