use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::{Verbosity, ows};

/// A `baggage` header: what the services on the way say of a request (W3C Baggage).
///
/// It holds at most 64 members and 8192 bytes. What is malformed or does not fit is left out, a whole member at a time, and [counted](Baggage::dropped).
/// Everything else is carried onward as it came, properties included.
///
/// ```
/// use throughline_ctx::Baggage;
///
/// let baggage = Baggage::parse(["tenant=acme;weight=1, path=a%2Fb==".as_bytes()]);
/// assert_eq!(baggage.get("path").as_deref(), Some("a/b=="));
/// assert_eq!(baggage.with("user", "Ada L").as_str(), "tenant=acme;weight=1,path=a%2Fb==,user=Ada%20L");
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Baggage {
    list: Option<Arc<str>>,
    dropped: u32,
}

impl Baggage {
    /// The most members that it holds.
    pub const MAX_MEMBERS: usize = 64;
    /// The most bytes that it holds, commas included.
    pub const MAX_BYTES: usize = 8192;

    /// Reads the values of all `baggage` headers, in order, as one list.
    pub fn parse<'a>(headers: impl IntoIterator<Item = &'a [u8]>) -> Baggage {
        let mut list = List::default();
        let members = headers.into_iter().flat_map(|header| header.split(|&byte| byte == b','));
        for member in members.map(ows::trim).filter(|member| !member.is_empty()) {
            match str::from_utf8(member).ok().and_then(Member::parse) {
                Some(member) => list.push(member.text),
                None => list.drop_one(),
            }
        }
        list.into()
    }

    /// The header's value: members separated by commas. Empty if there is none.
    pub fn as_str(&self) -> &str {
        self.list.as_deref().unwrap_or_default()
    }

    /// How many members were left out, here and on the way to here within this service.
    pub fn dropped(&self) -> u32 {
        self.dropped
    }

    /// The members in order: key, value as text, and properties as they came. What a value has that is not UTF-8 is U+FFFD.
    pub fn members(&self) -> impl Iterator<Item = (&str, Cow<'_, str>, &str)> {
        let members = self.as_str().split(',').filter_map(Member::parse);
        members.map(|member| (member.key, decode(member.value), member.properties))
    }

    /// The value of a key, as text. Of several members with it, the last counts.
    pub fn get(&self, key: &str) -> Option<Cow<'_, str>> {
        self.members().filter(|(name, ..)| *name == key).last().map(|(_, value, _)| value)
    }

    /// The same baggage with one more member, in place of all that have its key. If it does not fit, or the key is no token (RFC 9110), it is left out and counted.
    #[must_use]
    pub fn with(&self, key: &str, value: &str) -> Baggage {
        let mut list = self.keep(|other| other != key);
        list.push_pair(key, value, "");
        list.into()
    }

    /// What it says of the request's verbosity.
    pub(crate) fn verbosity(&self) -> Option<Verbosity> {
        // Mostly it says nothing of it, and its members are not worth being taken apart.
        if !self.as_str().contains(Verbosity::KEY) {
            return None;
        }
        self.get(Verbosity::KEY)?.parse().ok()
    }

    /// The same baggage, with this to say of the request's verbosity. It takes the room of no other member: where there is none, it is left out and counted.
    pub(crate) fn with_verbosity(&self, verbosity: Option<Verbosity>) -> Baggage {
        match verbosity {
            same if same == self.verbosity() => self.clone(),
            Some(verbosity) => self.with(Verbosity::KEY, verbosity.as_str()),
            None => self.keep(|key| key != Verbosity::KEY).into(),
        }
    }

    /// The members of those keys that are kept.
    fn keep(&self, keep: impl Fn(&str) -> bool) -> List {
        let mut list = List { dropped: self.dropped, ..List::default() };
        for member in self.as_str().split(',').filter_map(Member::parse) {
            if keep(member.key) {
                list.push(member.text);
            }
        }
        list
    }

    /// The same baggage with those members only whose keys are kept, and then others: key, value as text, and properties. What is malformed or does not fit is
    /// left out and counted.
    #[cfg(feature = "opentelemetry-0_33")]
    pub(crate) fn rebuild<'a>(
        &self,
        keep: impl Fn(&str) -> bool,
        others: impl IntoIterator<Item = (&'a str, &'a str, &'a str)>,
    ) -> Baggage {
        let mut list = self.keep(keep);
        for (key, value, properties) in others {
            list.push_pair(key, value, properties);
        }
        list.into()
    }
}

impl fmt::Debug for Baggage {
    /// Says how much there is, not what: nobody knows the classes of what strangers put there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Baggage")
            .field("bytes", &self.as_str().len())
            .field("dropped", &self.dropped)
            .finish()
    }
}

/// A list that is being made.
#[derive(Default)]
struct List {
    text: String,
    members: usize,
    dropped: u32,
}

impl List {
    fn push(&mut self, member: &str) {
        let comma = usize::from(self.members > 0);
        let fits = self.text.len() + comma + member.len() <= Baggage::MAX_BYTES;
        if !fits || self.members == Baggage::MAX_MEMBERS {
            return self.drop_one();
        }
        if comma > 0 {
            self.text.push(',');
        }
        self.text.push_str(member);
        self.members += 1;
    }

    /// The member of a key, a value as text, and properties.
    fn push_pair(&mut self, key: &str, value: &str, properties: &str) {
        let mut text = encode(key, value);
        if !properties.is_empty() {
            text.push(';');
            text.push_str(properties);
        }
        match Member::parse(&text).filter(|member| member.key == key) {
            Some(member) => self.push(member.text),
            None => self.drop_one(),
        }
    }

    fn drop_one(&mut self) {
        self.dropped = self.dropped.saturating_add(1);
    }
}

impl From<List> for Baggage {
    fn from(list: List) -> Baggage {
        let text = (!list.text.is_empty()).then(|| list.text.into());
        Baggage { list: text, dropped: list.dropped }
    }
}

/// `key "=" value *( ";" property )`, with optional white space around each part. Under the key that is reserved for the verbosity, any other value is malformed.
struct Member<'a> {
    text: &'a str,
    key: &'a str,
    value: &'a str,
    properties: &'a str,
}

impl<'a> Member<'a> {
    fn parse(text: &'a str) -> Option<Member<'a>> {
        let (pair, properties) = match text.split_once(';') {
            Some((pair, properties)) => (pair, Some(properties)),
            None => (text, None),
        };
        let (key, value) = pair.split_once('=')?;
        let (key, value) = (trim(key), trim(value));
        let well_formed = is_token(key)
            && value.bytes().all(is_octet)
            && properties.is_none_or(|properties| properties.split(';').all(is_property))
            && (key != Verbosity::KEY || decode(value).parse::<Verbosity>().is_ok());
        let properties = properties.unwrap_or_default();
        well_formed.then_some(Member { text, key, value, properties })
    }
}

fn is_property(property: &str) -> bool {
    match property.split_once('=') {
        Some((key, value)) => is_token(trim(key)) && trim(value).bytes().all(is_octet),
        None => is_token(trim(property)),
    }
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// `token` (RFC 9110).
fn is_token(text: &str) -> bool {
    let is_char = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_char)
}

/// `baggage-octet`: visible ASCII but the quote, the comma, the semicolon and the backslash.
fn is_octet(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\')
}

/// The member of a key and a text. `%` is encoded since it begins a code, and `+` and `=` since some take the one for a space, and cut the value at the other.
fn encode(key: &str, value: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut member = String::with_capacity(key.len() + 1 + value.len());
    member.push_str(key);
    member.push('=');
    for byte in value.bytes() {
        if is_octet(byte) && !matches!(byte, b'%' | b'+' | b'=') {
            member.push(char::from(byte));
        } else {
            member.push('%');
            member.push(char::from(HEX[usize::from(byte >> 4)]));
            member.push(char::from(HEX[usize::from(byte & 0x0f)]));
        }
    }
    member
}

/// The text that a value is. A `%` that begins no code stands for itself.
fn decode(value: &str) -> Cow<'_, str> {
    if !value.contains('%') {
        return Cow::Borrowed(value);
    }
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'%', [high, low, after @ ..])
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or_default() as u8;
                bytes.push(digit(*high) << 4 | digit(*low));
                rest = after;
            }
            _ => bytes.push(byte),
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(header: &str) -> Baggage {
        Baggage::parse([header.as_bytes()])
    }

    #[test]
    fn members_come_from_all_headers_and_keep_their_properties() {
        let headers = ["a = 1 ;p;q = 2 , b=2", "", ",c=", " d=x=y== "];
        let baggage = Baggage::parse(headers.map(str::as_bytes));
        let members: Vec<_> = baggage.members().collect();
        let expected = [("a", "1", "p;q = 2"), ("b", "2", ""), ("c", "", ""), ("d", "x=y==", "")];
        assert_eq!(
            members,
            expected.map(|(key, value, properties)| (key, value.into(), properties))
        );
        assert_eq!(baggage.as_str(), "a = 1 ;p;q = 2,b=2,c=,d=x=y==");
        assert_eq!(baggage.dropped(), 0);
    }

    #[test]
    fn values_are_decoded_and_what_is_not_utf_8_is_replaced() {
        let decoded = |value: &str| parse(&format!("k={value}")).get("k").unwrap().into_owned();
        assert_eq!(decoded("a%20b%2Cc"), "a b,c");
        assert_eq!(decoded("%C3%A9%ff"), "é\u{fffd}");
        assert_eq!(decoded("100%"), "100%");
        assert_eq!(decoded("%zz%4"), "%zz%4");
        assert_eq!(decoded("a+b"), "a+b");
    }

    #[test]
    fn malformed_members_are_dropped_and_counted_and_their_neighbours_are_not() {
        for bad in
            ["b", "=1", "b b=1", "b=\"1\"", "b=a b", "b=a\\", "b=é", "b=1;", "b=1;;p", "b\u{7f}=1"]
        {
            let baggage = parse(&format!("a=1,{bad},c=3"));
            assert_eq!((baggage.as_str(), baggage.dropped()), ("a=1,c=3", 1), "{bad:?}");
        }
        let not_text = Baggage::parse([&b"a=1,b=\xff,c=3"[..]]);
        assert_eq!((not_text.as_str(), not_text.dropped()), ("a=1,c=3", 1));
    }

    #[test]
    fn what_is_beyond_the_limits_is_dropped_by_whole_members() {
        let list =
            |count: usize| (0..count).map(|n| format!("k{n}=v")).collect::<Vec<_>>().join(",");
        assert_eq!(parse(&list(64)).dropped(), 0);
        assert_eq!(parse(&list(64)).members().count(), 64);
        assert_eq!((parse(&list(70)).members().count(), parse(&list(70)).dropped()), (64, 6));

        let exact = format!("a={},b={}", "x".repeat(4000), "y".repeat(8192 - 4000 - 5));
        assert_eq!(exact.len(), 8192);
        assert_eq!(parse(&exact).as_str(), exact);
        let over = parse(&format!("{exact}y,c=1"));
        assert_eq!((over.members().count(), over.dropped()), (2, 1));
        assert!(over.get("b").is_none() && over.get("c").is_some());
    }

    #[test]
    fn a_member_replaces_those_of_its_key_and_counts_when_it_does_not_fit() {
        let baggage = parse("a=1,b=2;p,a=3").with("a", "4");
        assert_eq!(baggage.as_str(), "b=2;p,a=4");
        assert_eq!(baggage.get("a").as_deref(), Some("4"));
        let full = baggage.with("c", &"x".repeat(9000));
        assert_eq!((full.as_str(), full.dropped()), ("b=2;p,a=4", 1));
        assert_eq!(baggage.with("no token", "x").dropped(), 1);
    }

    #[test]
    fn a_verbosity_stands_behind_what_others_put_there_and_takes_no_room_from_it() {
        let debug = parse("a=1").with_verbosity(Some(Verbosity::Debug));
        assert_eq!(debug.as_str(), "a=1,throughline.verbosity=debug");
        let trace = debug.with("b", "2").with_verbosity(Some(Verbosity::Trace));
        assert_eq!(trace.as_str(), "a=1,b=2,throughline.verbosity=trace");
        assert_eq!(trace.verbosity(), Some(Verbosity::Trace));
        assert_eq!(trace.with_verbosity(None).as_str(), "a=1,b=2");

        let full = parse(&(0..64).map(|n| format!("k{n}=v")).collect::<Vec<_>>().join(","));
        let same = full.with_verbosity(Some(Verbosity::Debug));
        assert_eq!((same.as_str(), same.dropped()), (full.as_str(), 1));
        let long = parse(&format!("k={}", "v".repeat(8192 - 2)));
        let same = long.with_verbosity(Some(Verbosity::Debug));
        assert_eq!((same.as_str(), same.dropped()), (long.as_str(), 1));
    }

    #[test]
    fn the_reserved_key_has_no_other_values() {
        for (header, verbosity) in [
            ("throughline.verbosity = debug ;p", Some(Verbosity::Debug)),
            ("throughline.verbosity=%74race", Some(Verbosity::Trace)),
            ("throughline.verbosity=debug,a=1,throughline.verbosity=info", Some(Verbosity::Info)),
            ("a=throughline.verbosity,throughline.verbosity.x=debug", None),
        ] {
            let baggage = parse(header);
            assert_eq!((baggage.verbosity(), baggage.dropped()), (verbosity, 0), "{header:?}");
            assert_eq!(baggage.as_str(), header);
        }
        for value in ["", "DEBUG", "off", "debug debug", "%ff", "6"] {
            let baggage = parse(&format!("a=1,throughline.verbosity={value}"));
            assert_eq!(baggage.verbosity(), None, "{value:?}");
            assert_eq!((baggage.as_str(), baggage.dropped()), ("a=1", 1), "{value:?}");
            assert_eq!(baggage.with("throughline.verbosity", value).dropped(), 2, "{value:?}");
        }
    }

    #[test]
    fn its_debug_form_tells_nothing_of_what_is_in_it() {
        assert!(!format!("{:?}", parse("password=hunter2")).contains("hunter2"));
    }

    proptest! {
        #[test]
        fn a_value_that_is_written_reads_back(value in ".{0,200}", other in "[a-z]{1,8}") {
            let baggage = Baggage::default().with(&other, "1").with("key", &value);
            let again = Baggage::parse([baggage.as_str().as_bytes()]);
            prop_assert_eq!(&again, &baggage);
            prop_assert_eq!(again.get("key").unwrap(), value);
            prop_assert!(baggage.as_str().bytes().all(|byte| byte.is_ascii_graphic() && byte != b'+'));
        }

        #[test]
        fn no_bytes_break_it(header: Vec<u8>) {
            let baggage = Baggage::parse([&header[..]]);
            let again = Baggage::parse([baggage.as_str().as_bytes()]);
            prop_assert_eq!(again.as_str(), baggage.as_str());
        }

        /// The parser again, as the standard's grammar reads, member by member and with a regular language spelt out by hand.
        #[test]
        fn it_agrees_with_a_naive_twin(header in "[a=;, %\\\\\"\u{e9}2]{0,24}") {
            let naive: Vec<String> = header.split(',').map(trim).filter(|m| naive_member(m)).map(str::to_owned).collect();
            let parsed = parse(&header);
            prop_assert_eq!(parsed.as_str(), naive.join(","));
        }
    }

    fn naive_member(member: &str) -> bool {
        let parts: Vec<_> = member.split(';').collect();
        parts.iter().enumerate().all(|(index, part)| {
            let (key, value) = match part.find('=') {
                Some(at) => (&part[..at], Some(&part[at + 1..])),
                None => (*part, None),
            };
            let key_ok = !trim(key).is_empty() && trim(key).chars().all(|c| "a2%".contains(c));
            let value_ok =
                value.is_none_or(|value| trim(value).chars().all(|c| "a=%2".contains(c)));
            key_ok && value_ok && (index > 0 || value.is_some())
        })
    }
}
