use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, KeyValue, KeyValueList, any_value::Value,
};
use serde_json::value::RawValue;

use super::json::{Members, text};

/// How deep a value may be nested. Readers of protocol buffers give up at a hundred messages within each other, and a level is
/// up to three of them.
const MAX_DEPTH: usize = 16;

/// JSON as a value of OpenTelemetry, by the rules of its specification ("Mapping Arbitrary Data to OTLP AnyValue").
pub(super) fn any(json: &RawValue) -> AnyValue {
    nested(json, MAX_DEPTH)
}

/// A text as a value of OpenTelemetry.
pub(super) fn string(text: impl Into<String>) -> AnyValue {
    AnyValue { value: Some(Value::StringValue(text.into())) }
}

/// An attribute.
pub(super) fn attribute(key: impl Into<String>, value: AnyValue) -> KeyValue {
    KeyValue { key: key.into(), value: Some(value), ..KeyValue::default() }
}

fn nested(json: &RawValue, depth: usize) -> AnyValue {
    let raw = json.get();
    let value = match raw.as_bytes().first() {
        Some(b'n') => None,
        Some(b't') => Some(Value::BoolValue(true)),
        Some(b'f') => Some(Value::BoolValue(false)),
        Some(b'"') => text(json).map(|text| Value::StringValue(text.into_owned())),
        Some(b'[') if depth > 0 => array(raw, depth - 1),
        Some(b'{') if depth > 0 => object(raw, depth - 1),
        Some(b'-' | b'0'..=b'9') => Some(number(raw)),
        _ => return string(raw),
    };
    match value {
        // What cannot be read is kept as it stands.
        None if raw != "null" => string(raw),
        value => AnyValue { value },
    }
}

fn array(raw: &str, depth: usize) -> Option<Value> {
    let items: Vec<&RawValue> = serde_json::from_str(raw).ok()?;
    let values = items.into_iter().map(|item| nested(item, depth)).collect();
    Some(Value::ArrayValue(ArrayValue { values }))
}

fn object(raw: &str, depth: usize) -> Option<Value> {
    let Members(members) = Members::of(raw)?;
    let values = members.into_iter().map(|(name, value)| attribute(name, nested(value, depth)));
    Some(Value::KvlistValue(KeyValueList { values: values.collect() }))
}

fn number(raw: &str) -> Value {
    let exact = match raw.contains(['.', 'e', 'E']) {
        false => raw.parse().ok().map(Value::IntValue),
        true => raw.parse().ok().filter(|float| is_exact(raw, *float)).map(Value::DoubleValue),
    };
    exact.unwrap_or_else(|| Value::StringValue(raw.to_owned()))
}

/// Whether `float` has all the digits of `raw`, of which it is the nearest one.
fn is_exact(raw: &str, float: f64) -> bool {
    // Every number of up to 15 digits is read back from the nearest float, unless it is beyond the range.
    if raw.len() <= 16 && !raw.contains(['e', 'E']) {
        return true;
    }
    float.is_finite() && digits(raw) == digits(&format!("{float:e}"))
}

/// The digits that count: those of the mantissa, without zeros at either end.
fn digits(number: &str) -> String {
    let mantissa = number.split(['e', 'E']).next().unwrap_or_default();
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    digits.trim_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{
        num,
        prelude::{prop_assert, prop_assert_eq, proptest},
    };

    fn of(json: &str) -> Option<Value> {
        any(serde_json::from_str(json).unwrap()).value
    }

    #[test]
    fn values_have_the_types_that_they_have_in_json() {
        assert_eq!(of("true"), Some(Value::BoolValue(true)));
        assert_eq!(of("false"), Some(Value::BoolValue(false)));
        assert_eq!(of("null"), None);
        assert_eq!(of("-7"), Some(Value::IntValue(-7)));
        assert_eq!(of("-9223372036854775808"), Some(Value::IntValue(i64::MIN)));
        assert_eq!(of("1.0"), Some(Value::DoubleValue(1.0)));
        assert_eq!(of("1e3"), Some(Value::DoubleValue(1000.0)));
        assert_eq!(of("0.000"), Some(Value::DoubleValue(0.0)));
        assert_eq!(of(r#""\u00e9 \"""#), Some(Value::StringValue("é \"".into())));
        let list = ArrayValue { values: vec![string("a"), AnyValue::default()] };
        assert_eq!(of(r#"["a",null]"#), Some(Value::ArrayValue(list)));
        let members = KeyValueList { values: vec![attribute("a", string("c"))] };
        assert_eq!(of(r#"{"a":1,"a":"c"}"#), Some(Value::KvlistValue(members)));
        assert_eq!(of("[ ]"), Some(Value::ArrayValue(ArrayValue::default())));
    }

    #[test]
    fn numbers_that_do_not_fit_keep_their_digits_as_text() {
        for digits in [
            "9223372036854775808",
            "340282366920938463463374607431768211455",
            "-170141183460469231731687303715884105728",
            "1e400",
            "1e-400",
            "0.12345678901234567890",
            "123456789.123456789",
            "1.2345678e-320",
        ] {
            assert_eq!(of(digits), Some(Value::StringValue(digits.into())), "{digits}");
        }
        for digits in ["0.1", "12345678.12345678", "5e-324", "1.7976931348623157e308", "0e999"] {
            assert_eq!(of(digits), Some(Value::DoubleValue(digits.parse().unwrap())), "{digits}");
        }
    }

    #[test]
    fn what_is_nested_too_deep_or_cannot_be_read_stands_as_json() {
        let deep = |depth: usize| "[".repeat(depth) + "1" + &"]".repeat(depth);
        let mut value = of(&deep(100_000));
        for _ in 0..MAX_DEPTH {
            let Some(Value::ArrayValue(mut list)) = value else { panic!("{value:?}") };
            value = list.values.remove(0).value;
        }
        assert_eq!(value, Some(Value::StringValue(deep(100_000 - MAX_DEPTH))));
        assert_eq!(of(r#""\ud800""#), Some(Value::StringValue(r#""\ud800""#.into())));
        assert_eq!(of(r#"{"\ud800":1}"#), Some(Value::StringValue(r#"{"\ud800":1}"#.into())));
    }

    proptest! {
        #[test]
        fn every_float_is_the_same_float(float in num::f64::NORMAL | num::f64::SUBNORMAL | num::f64::ZERO) {
            let json = serde_json::to_string(&float).unwrap();
            prop_assert_eq!(of(&json), Some(Value::DoubleValue(float)));
        }

        #[test]
        fn every_integer_keeps_its_digits(integer in num::i128::ANY) {
            let text = match of(&integer.to_string()) {
                Some(Value::IntValue(value)) => value.to_string(),
                Some(Value::StringValue(text)) => {
                    prop_assert!(i64::try_from(integer).is_err());
                    text
                }
                other => panic!("{other:?}"),
            };
            prop_assert_eq!(text, integer.to_string());
        }
    }
}
