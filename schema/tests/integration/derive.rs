use std::error::Error;
use std::fmt;

use throughline_schema::{Class, Event, Kind, Level, Outcome};

use crate::listing;

#[derive(Debug)]
struct Refused(std::io::Error);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused")
    }
}

impl Error for Refused {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

/// A login attempt
/// was refused.
#[derive(Event)]
#[event(
    name = "user.login_failed",
    version = 3,
    level = "error",
    message = "User \"login\" failed"
)]
struct LoginFailed<'a, T> {
    /// Account name.
    user: &'a str,
    /// Address on record.
    #[event(class = "personal")]
    email: Option<String>,
    /// A generic value.
    #[event(rename = "app.value")]
    value: T,
    /// Some numbers.
    r#type: Vec<u8>,
    /// Why.
    #[event(error)]
    reason: &'a dyn Error,
    /// Why as well.
    #[event(error)]
    boxed: Option<Box<dyn Error + Send + Sync>>,
    /// Why not.
    #[event(error)]
    io: Option<std::io::Error>,
}

#[test]
fn a_derived_event_states_what_its_attributes_say() {
    let descriptor = LoginFailed::<u8>::DESCRIPTOR;
    assert_eq!(descriptor.name, "user.login_failed");
    assert_eq!((descriptor.version, descriptor.level), (3, Level::Error));
    assert_eq!(descriptor.kind, Kind::Log);
    assert_eq!(descriptor.message, "User \"login\" failed");
    assert_eq!(descriptor.description, "A login attempt was refused.");
    assert_eq!(
        descriptor.head(),
        r#"","level":"ERROR","event":"user.login_failed","version":3,"message":"User \"login\" failed""#
    );
    assert_eq!(
        descriptor.head_after_level(),
        r#"","event":"user.login_failed","version":3,"message":"User \"login\" failed""#
    );
    let names: Vec<_> = descriptor.fields.iter().map(|field| field.name).collect();
    let expected = [
        "user",
        "email",
        "app.value",
        "type",
        "reason",
        "reason.causes",
        "boxed",
        "boxed.causes",
        "io",
        "io.causes",
    ];
    assert_eq!(names, expected);
    assert_eq!(descriptor.fields[1].class, Class::Personal);
    assert_eq!(descriptor.fields[2].key(), r#","app.value":"#);
}

#[test]
fn fields_are_visited_in_order_and_absent_ones_say_so() {
    let reason = Refused(std::io::Error::other("closed"));
    let event = LoginFailed {
        user: "tyler",
        email: None,
        value: 1.5_f32,
        r#type: vec![1, 2],
        reason: &reason,
        boxed: Some("boxed".into()),
        io: None,
    };
    let expected = [
        "user=\"tyler\"",
        "app.value=1.5",
        "type=1;2;",
        "reason=refused",
        "reason.causes=closed",
        "boxed=boxed",
    ];
    assert_eq!(listing(&event), expected);
}

/// Something was done.
#[derive(Event)]
#[event(name = "work.done", version = 1, level = "info", message = "", kind = "span")]
struct Done {
    /// How long it took.
    duration_us: u64,
    /// How it ended.
    outcome: Outcome,
}

#[test]
fn a_span_has_a_duration_and_an_outcome() {
    assert_eq!(Done::DESCRIPTOR.kind, Kind::Span);
    let done = Done { duration_us: 7, outcome: Outcome::Cancelled };
    assert_eq!(listing(&done), ["duration_us=7", "outcome=\"cancelled\""]);
}

/// Nothing more to say.
#[derive(Event)]
#[event(name = "empty", version = 1, level = "trace", message = "Empty")]
struct Empty;

#[test]
fn an_event_may_have_no_fields() {
    assert_eq!(listing(&Empty), [""; 0]);
}

/// A value, several, and an error, of types to be named later.
#[derive(Event)]
#[event(name = "generic", version = 1, level = "info", message = "Generic")]
struct Generic<T, U, E: Error> {
    /// A value.
    value: T,
    /// Several.
    values: Vec<U>,
    /// An error.
    #[event(error)]
    error: E,
}

#[test]
fn type_parameters_need_what_their_fields_need() {
    let event = Generic { value: Some(1), values: vec!["a"], error: fmt::Error };
    let listing = listing(&event);
    assert_eq!(listing[..2], ["value=1", "values=\"a\";"]);
}
