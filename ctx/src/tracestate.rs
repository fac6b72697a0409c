use std::fmt;
use std::sync::Arc;

use crate::ows;

/// A `tracestate` header: what tracing systems on the way have to say to each other (W3C Trace Context, level 2, "Tracestate Header").
///
/// We have nothing to say in it, and carry it onward in its order.
#[derive(Clone, PartialEq, Eq)]
pub struct TraceState(Arc<str>);

impl TraceState {
    /// The most members that a list can have.
    pub const MAX_MEMBERS: usize = 32;

    /// Reads the values of all `tracestate` headers, in order, as one list. Empty members and spaces and tabs around members are no part of it.
    ///
    /// `None` if there is no member, or one is malformed, or there are more than 32: then the whole list counts for nothing.
    pub fn parse<'a>(headers: impl IntoIterator<Item = &'a [u8]>) -> Option<TraceState> {
        let mut list = String::new();
        let mut count = 0;
        let members = headers.into_iter().flat_map(|header| header.split(|&byte| byte == b','));
        for member in members.map(ows::trim).filter(|member| !member.is_empty()) {
            count += 1;
            if count > TraceState::MAX_MEMBERS || !is_member(member) {
                return None;
            }
            if count > 1 {
                list.push(',');
            }
            list.push_str(str::from_utf8(member).ok()?);
        }
        (count > 0).then(|| TraceState(list.into()))
    }

    /// The header's value: members separated by commas.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What one tracing system says: the value of the first member with its key.
    pub fn get(&self, key: &str) -> Option<&str> {
        let mut members = self.0.split(',').filter_map(|member| member.split_once('='));
        members.find(|(name, _)| *name == key).map(|(_, value)| value)
    }
}

/// `key "=" value`, both of up to 256 characters.
fn is_member(member: &[u8]) -> bool {
    let Some(equals) = member.iter().position(|&byte| byte == b'=') else { return false };
    let (key, value) = (&member[..equals], &member[equals + 1..]);
    is_key(key) && is_value(value)
}

fn is_key(key: &[u8]) -> bool {
    let is_first = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_other = |byte: u8| is_first(byte) || matches!(byte, b'_' | b'-' | b'*' | b'/' | b'@');
    let Some((&first, others)) = key.split_first() else { return false };
    is_first(first) && others.len() < 256 && others.iter().all(|&byte| is_other(byte))
}

fn is_value(value: &[u8]) -> bool {
    let is_char = |byte: u8| matches!(byte, b' '..=b'~') && byte != b',' && byte != b'=';
    (1..=256).contains(&value.len()) && value.iter().all(|&byte| is_char(byte))
}

impl fmt::Debug for TraceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(headers: &[&str]) -> Option<String> {
        let parsed = TraceState::parse(headers.iter().map(|header| header.as_bytes()));
        parsed.map(|state| state.as_str().to_owned())
    }

    #[test]
    fn several_headers_are_one_list_in_order() {
        let joined = parse(&["foo=1 \t, \t bar=2", "", ",,", "baz=3\t"]);
        assert_eq!(joined.as_deref(), Some("foo=1,bar=2,baz=3"));
        assert_eq!(parse(&["", " , "]), None);
        assert_eq!(parse(&[]), None);
    }

    #[test]
    fn keys_follow_the_grammar_of_level_2() {
        let long = "z".repeat(256);
        for key in ["a", "0", "foo@@bar", "foo@bar@baz", "foo@", "a_-*/@", &long] {
            let member = format!("{key}=1");
            assert_eq!(parse(&[&member]).as_ref(), Some(&member));
        }
        let too_long = "z".repeat(257);
        for key in ["", "@foo", "FOO", "foo.bar", "foo ", "_a", "é", &too_long] {
            assert_eq!(parse(&["good=1", &format!("{key}=1")]), None, "{key:?}");
        }
    }

    #[test]
    fn values_are_printable_without_commas_and_equal_signs() {
        let long = "v".repeat(256);
        for value in ["1", " x y", "!\"#~", &long] {
            let member = format!("foo={value}");
            assert_eq!(parse(&[&member]).as_ref(), Some(&member));
        }
        let too_long = "v".repeat(257);
        for value in ["", "bar=baz", "a\u{7f}", "a\tb", "é", "a\nb", &too_long] {
            assert_eq!(parse(&["good=1", &format!("foo={value}")]), None, "{value:?}");
        }
    }

    #[test]
    fn a_33rd_member_is_one_too_many() {
        let members: Vec<_> = (0..33).map(|number| format!("bar{number}={number}")).collect();
        assert!(parse(&[&members[..32].join(",")]).is_some());
        assert_eq!(parse(&[&members.join(",")]), None);
    }

    #[test]
    fn a_member_is_found_by_its_key() {
        let state = TraceState::parse([&b"foo=1,bar=2,foo=3"[..]]).unwrap();
        assert_eq!(
            (state.get("foo"), state.get("bar"), state.get("baz")),
            (Some("1"), Some("2"), None)
        );
    }
}
