//! What an event type states about itself.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use throughline_schema::{
    AsDebug, AsDisplay, Delivery, Event, Field, Integer, Outcome, Range, Type, Value, registered,
};

use crate::listing;

/// Why it was refused.
#[derive(Value, Clone, Copy, Debug)]
enum Reason {
    /// The password is wrong.
    InvalidPassword,
    /// Too many attempts.
    #[event(rename = "rate-limit")]
    RateLimited,
}

struct Celsius(f32);

fn kelvin(celsius: &Celsius) -> f64 {
    f64::from(celsius.0) + 273.15
}

fn first(names: &[String]) -> Option<&str> {
    names.first()?.get(..1)
}

/// One of each.
#[derive(Event)]
#[event(name = "facts", version = 2, level = "warn", message = "{{Facts}}", delivery = "must")]
struct Facts<'a> {
    /// A truth.
    truth: &'a bool,
    /// A byte.
    #[event(range = "1..")]
    byte: u8,
    /// A size.
    size: Option<usize>,
    /// A large one.
    #[event(range = -5..10)]
    large: i128,
    /// A share.
    #[event(unit = "1", range = 0..=0.4999999999)]
    share: f32,
    /// Text.
    #[event(max_len = 64)]
    text: Cow<'a, str>,
    /// A letter.
    letter: char,
    /// How long.
    #[event(unit = "s", range = ..=30)]
    lasted: Duration,
    /// When.
    at: Option<SystemTime>,
    /// Where.
    ip: IpAddr,
    /// Where exactly.
    peer: SocketAddr,
    /// Why.
    reason: Reason,
    /// How.
    outcomes: [Outcome; 2],
    /// Some.
    #[event(max_len = 2)]
    list: Option<Arc<Vec<&'a str>>>,
    /// How warm.
    #[event(with = kelvin, unit = "K")]
    warm: Celsius,
    /// The first.
    #[event(with = first)]
    first: Vec<String>,
    /// As it shows itself.
    #[event(with = AsDisplay)]
    shown: std::num::NonZero<u8>,
    /// As programmers see it.
    #[event(with = AsDebug)]
    seen: Option<&'a str>,
    /// What happened.
    #[event(error, max_len = 10)]
    error: std::fmt::Error,
}

fn field(name: &str) -> Field {
    *Facts::DESCRIPTOR.fields.iter().find(|field| field.name == name).unwrap()
}

#[test]
fn fields_state_their_types() {
    let types: Vec<_> = Facts::DESCRIPTOR.fields.iter().map(|field| field.value_type).collect();
    let integer = |integer| Some(Type::Integer(integer));
    let text = Some(Type::Text);
    assert_eq!(
        types[..4],
        [Some(Type::Bool), integer(Integer::U8), integer(Integer::U64), integer(Integer::I128)]
    );
    assert_eq!(types[4..8], [Some(Type::F32), text, text, Some(Type::Duration)]);
    assert_eq!(types[8..11], [Some(Type::Time), Some(Type::IpAddress), Some(Type::SocketAddress)]);
    assert_eq!(types[12], Some(Type::List(&Outcome::TYPE)));
    assert_eq!(types[13], Some(Type::List(&Type::Text)));
    assert_eq!(types[14..18], [Some(Type::F64), text, text, text]);
    assert_eq!(types[18..], [Some(Type::Error), Some(Type::List(&Type::Error))]);
    let optional = Facts::DESCRIPTOR.fields.iter().filter(|field| field.optional);
    let optional: Vec<_> = optional.map(|field| field.name).collect();
    assert_eq!(optional, ["size", "at", "list", "first", "error.causes"]);
}

#[test]
fn closed_sets_state_their_members() {
    assert_eq!(Reason::TYPE, <Option<&Reason>>::TYPE);
    let Some(Type::Set(members)) = field("reason").value_type else { panic!() };
    let members: Vec<_> = members.iter().map(|member| (member.name, member.description)).collect();
    let expected =
        [("invalid_password", "The password is wrong."), ("rate-limit", "Too many attempts.")];
    assert_eq!(members, expected);
    let Type::Set(outcomes) = Outcome::TYPE else { panic!() };
    let all = [Outcome::Ok, Outcome::Error, Outcome::Timeout, Outcome::Cancelled];
    assert!(outcomes.iter().map(|member| member.name).eq(all.map(Outcome::as_str)));
}

#[test]
fn fields_state_their_units_and_limits() {
    assert_eq!((field("share").unit, field("text").unit), (Some("1"), None));
    assert_eq!(field("text").limits.unwrap().max_len, Some(64));
    assert_eq!(field("error").limits.unwrap().max_len, Some(10));
    assert_eq!(field("error.causes").limits, None);
    assert_eq!(field("truth").limits, None);
    let range = |name| field(name).limits.unwrap().range.unwrap();
    assert_eq!(range("byte"), Range::Integer { min: Some(1), max: None });
    assert_eq!(range("large"), Range::Integer { min: Some(-5), max: Some(9) });
    assert_eq!(range("share"), Range::Float { min: Some(0.0), max: Some(0.4999999999) });
    assert_eq!(range("lasted"), Range::Float { min: None, max: Some(30.0) });
}

#[test]
fn an_event_states_its_delivery() {
    assert_eq!(Facts::DESCRIPTOR.delivery, Delivery::Must);
    assert_eq!(Facts::DESCRIPTOR.message, "{Facts}");
    assert!(!Facts::DESCRIPTOR.is_template());
}

#[test]
fn values_are_what_functions_make_of_fields() {
    let facts = Facts {
        truth: &true,
        byte: 1,
        size: None,
        large: -1,
        share: 0.5,
        text: "t".into(),
        letter: 'l',
        lasted: Duration::ZERO,
        at: None,
        ip: IpAddr::from([127, 0, 0, 1]),
        peer: SocketAddr::from(([127, 0, 0, 1], 80)),
        reason: Reason::RateLimited,
        outcomes: [Outcome::Ok, Outcome::Timeout],
        list: None,
        warm: Celsius(0.0),
        first: vec!["Ada".into()],
        shown: std::num::NonZero::<u8>::MIN,
        seen: Some("x"),
        error: std::fmt::Error,
    };
    let listing = listing(&facts);
    let why = Facts { reason: Reason::InvalidPassword, ..facts };
    assert_eq!(crate::listing(&why)[9], "reason=\"invalid_password\"");
    assert_eq!(listing[9..11], ["reason=\"rate-limit\"", "outcomes=\"ok\";\"timeout\";"]);
    assert_eq!(listing[11..15], ["warm=273.15", "first=\"A\"", "shown=1", "seen=Some(\"x\")"]);
}

#[test]
fn event_types_register_themselves_and_generic_ones_are_registered() {
    let find = |name| registered().filter(move |event| event.descriptor.name == name);
    let facts: Vec<_> = find("facts").collect();
    assert!(matches!(facts[..], [event] if event.path == "integration::facts::Facts"));
    assert_eq!(facts[0].descriptor.fields.len(), Facts::DESCRIPTOR.fields.len());
    assert_eq!(find("read").count(), 0);
}

#[cfg(feature = "uuid-1")]
#[test]
fn a_uuid_is_text_in_lower_case_with_hyphens() {
    use uuid_1::Uuid;

    assert_eq!(<Option<Uuid> as Value>::TYPE, Type::Uuid);
    let id = Uuid::from_u128(0x1234_5678_9ABC_DEF0_1234_5678_9ABC_DEF0);
    let mut text = String::new();
    id.write(crate::Plain(&mut text));
    assert_eq!(text, "\"12345678-9abc-def0-1234-56789abcdef0\"");
}
