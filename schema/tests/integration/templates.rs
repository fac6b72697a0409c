//! Messages with placeholders.

use std::error::Error;

use throughline_schema::{AsDisplay, Event, Field, Fields, MessageVisitor, Value};

use crate::Plain;

/// Someone could not log in.
#[derive(Event)]
#[event(
    name = "templates.login_failed",
    version = 1,
    level = "warn",
    message = "login of {user} to {{{app.host}}} failed: {reason} ({attempts}, {last}, {why}, {shown})"
)]
struct LoginFailed<'a> {
    /// Who.
    user: &'a str,
    /// Where.
    #[event(rename = "app.host")]
    host: &'a str,
    /// Why.
    #[event(error)]
    reason: &'a dyn Error,
    /// How often.
    attempts: u8,
    /// When last.
    last: Option<u8>,
    /// Why once more.
    #[event(error)]
    why: Option<Box<dyn Error + Send + Sync>>,
    /// As it shows itself.
    #[event(with = AsDisplay)]
    shown: std::num::NonZero<u8>,
    /// Not a part of the message.
    #[event(class = "secret")]
    token: &'a str,
}

#[derive(Default)]
struct Text(String);

impl MessageVisitor for Text {
    fn text(&mut self, text: &'static str) {
        self.0.push_str(text);
    }

    fn value<T: Value + ?Sized>(&mut self, field: &'static Field, value: &T) {
        self.0.push_str(field.name);
        self.0.push('=');
        if value.is_absent() {
            self.0.push('-');
        } else {
            value.write(Plain(&mut self.0));
        }
    }
}

#[test]
fn a_template_is_filled_in_with_the_values_of_its_fields() {
    let descriptor = LoginFailed::DESCRIPTOR;
    assert!(descriptor.is_template());
    assert!(descriptor.head().ends_with(r#""version":1,"message":""#), "{}", descriptor.head());
    assert!(descriptor.message.starts_with("login of {user} to {{{app.host}}} failed"));
    let mut event = LoginFailed {
        user: "ada",
        host: "db",
        reason: &std::fmt::Error,
        attempts: 3,
        last: None,
        why: None,
        shown: std::num::NonZero::<u8>::MIN,
        token: "hunter2",
    };
    let message = |event: &LoginFailed<'_>| {
        let mut text = Text::default();
        event.visit_message(&mut text);
        text.0
    };
    let expected = concat!(
        "login of user=\"ada\" to {app.host=\"db\"} failed: ",
        "reason=an error occurred when formatting an argument (attempts=3, last=-, why=-, shown=1)"
    );
    assert_eq!(message(&event), expected);
    (event.last, event.why) = (Some(1), Some("because".into()));
    assert!(message(&event).ends_with("(attempts=3, last=1, why=because, shown=1)"));
}

/// Nothing to fill in.
#[derive(Event)]
#[event(name = "templates.none", version = 1, level = "info", message = "{{none}}")]
struct Plainly;

#[test]
fn a_message_without_placeholders_is_a_constant() {
    assert!(Plainly::DESCRIPTOR.head().ends_with(r#","message":"{none}""#));
    let mut text = Text::default();
    Plainly.visit_message(&mut text);
    assert_eq!(text.0, "");
}
