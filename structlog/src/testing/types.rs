//! The types of values (`spec/event.md`, "Values").

use std::net::{IpAddr, SocketAddr};

use throughline_schema::{Class, Field, Integer, Type};

use super::Json;

/// Whether this is a value of the field, or what is written in place of one.
pub(super) fn fits(value: &Json, field: &Field) -> bool {
    let is_hash = |json: &Json| json.as_str().is_some_and(|text| text.starts_with("[hash:"));
    let is_withheld = match value {
        // Of a list, each item is hashed.
        Json::Array(items) => items.iter().all(is_hash),
        value => is_hash(value) || *value == "[redacted]",
    };
    let stands_for_one = is_withheld && field.class != Class::Public || *value == "[unprintable]";
    stands_for_one || field.value_type.is_none_or(|value_type| is_of(value, value_type))
}

fn is_of(value: &Json, value_type: Type) -> bool {
    let text = value.as_str();
    match value_type {
        Type::Bool => matches!(value, Json::Bool(_)),
        Type::Integer(integer) => is_integer(value, integer),
        Type::F32 => *value == Json::Null || value.number::<f32>().is_some_and(f32::is_finite),
        Type::F64 => *value == Json::Null || value.number::<f64>().is_some_and(f64::is_finite),
        Type::Text | Type::Error => text.is_some(),
        Type::Duration => value.number().is_some_and(|seconds: f64| seconds >= 0.0),
        Type::Time => is_time(value),
        Type::Uuid => text.is_some_and(is_uuid),
        Type::IpAddress => text.is_some_and(|text| text.parse::<IpAddr>().is_ok()),
        Type::SocketAddress => text.is_some_and(|text| text.parse::<SocketAddr>().is_ok()),
        Type::Set(members) => text.is_some_and(|text| members.iter().any(|is| is.name == text)),
        Type::List(item) => {
            matches!(value, Json::Array(items) if items.iter().all(|value| is_of(value, *item)))
        }
        // A type that a later version of the schema knows.
        _ => true,
    }
}

fn is_integer(value: &Json, integer: Integer) -> bool {
    match value.number::<i128>() {
        Some(value) if value < 0 => value >= integer.min(),
        _ => value.number::<u128>().is_some_and(|value| value <= integer.max()),
    }
}

/// RFC 9562, in lower case.
fn is_uuid(text: &str) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let fits =
        |(at, byte)| if matches!(at, 8 | 13 | 18 | 23) { byte == b'-' } else { is_digit(byte) };
    text.len() == 36 && text.bytes().enumerate().all(fits)
}

/// RFC 3339, in UTC, with 6 or 9 digits of a second.
pub(super) fn is_time(json: &Json) -> bool {
    const FORM: &[u8] = b"0000-00-00T00:00:00.000000000";
    let Some(text) = json.as_str().and_then(|text| text.strip_suffix('Z')) else { return false };
    let fits =
        |(byte, form): (u8, &u8)| if *form == b'0' { byte.is_ascii_digit() } else { byte == *form };
    if !matches!(text.len(), 26 | 29) || !text.bytes().zip(FORM).all(fits) {
        return false;
    }
    let number = |range: std::ops::Range<usize>| text[range].parse().unwrap_or(u32::MAX);
    let year = number(0..4);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match number(5..7) {
        2 => 28 + u32::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&number(8..10))
        && number(11..13) < 24
        && number(14..16) < 60
        && number(17..19) < 60
}

#[cfg(test)]
mod tests {
    use super::*;
    use throughline_schema::Member;

    #[test]
    fn values_are_told_by_their_types() {
        const SET: &[Member] = &[Member::new("on", "It is."), Member::new("off", "It is not.")];
        let types: [(Type, &[&str], &[&str]); 13] = [
            (Type::Bool, &["true"], &["1", "null", "\"true\""]),
            (Type::Integer(Integer::I8), &["-128", "127"], &["-129", "128", "1.0", "1e1", "\"1\""]),
            (
                Type::Integer(Integer::U128),
                &["0", "340282366920938463463374607431768211455"],
                &["-1"],
            ),
            (Type::F32, &["0.1", "null", "-1e30"], &["1e39", "\"0.1\""]),
            (Type::F64, &["0.1", "null", "-1e300"], &["1e309", "true"]),
            (Type::Text, &["\"\""], &["null", "1"]),
            (Type::Duration, &["0", "1.5"], &["-1", "null", "\"1s\""]),
            (
                Type::Time,
                &["\"2024-02-29T00:00:00.000000Z\""],
                &["\"2023-02-29T00:00:00.000000Z\"", "0"],
            ),
            (
                Type::Uuid,
                &["\"0193f7a0-0000-7000-8000-00000000000a\""],
                &[
                    "\"0193F7A0-0000-7000-8000-00000000000A\"",
                    "\"0193f7a000007000800000000000000a\"",
                ],
            ),
            (Type::IpAddress, &["\"192.0.2.1\"", "\"::1\""], &["\"192.0.2.1:80\""]),
            (Type::SocketAddress, &["\"192.0.2.1:80\"", "\"[::1]:80\""], &["\"192.0.2.1\""]),
            (Type::Set(SET), &["\"on\""], &["\"On\"", "true"]),
            (Type::List(&Type::Bool), &["[]", "[true]"], &["true", "[1]", "[true,null]"]),
        ];
        for (value_type, good, bad) in types {
            let is = |text: &&str| is_of(&text.parse().unwrap(), value_type);
            assert!(good.iter().all(is), "{value_type:?} of {good:?}");
            assert!(!bad.iter().any(is), "{value_type:?} of {bad:?}");
        }
    }

    #[test]
    fn only_what_is_not_public_is_redacted() {
        let field = |class| Field::new("a", "A.", class, ",\"a\":").with_type(Type::Bool, false);
        for text in ["[redacted]", "[hash:00]"] {
            assert!(fits(&Json::String(text.into()), &field(Class::Secret)));
            assert!(!fits(&Json::String(text.into()), &field(Class::Public)));
        }
        assert!(fits(&Json::String("[unprintable]".into()), &field(Class::Public)));
    }
}
