//! What an event type must not say.

use std::collections::HashSet;

use syn::{Type, TypePath};

use crate::input::{EventInput, Faults, FieldInput};

/// The members of the line that are not fields (`spec/event.md`, "Members").
const RESERVED: [&str; 13] = [
    "timestamp",
    "level",
    "event",
    "version",
    "kind",
    "message",
    "service",
    "context",
    "target",
    "duration_us",
    "outcome",
    "weight",
    "violations",
];

/// The reserved members that an event of kind `span` has, as its first fields.
const OF_SPANS: [&str; 2] = ["duration_us", "outcome"];

const NAME_RULE: &str =
    "is lower case, in parts joined by dots, each beginning with a letter: `user.login_failed`";

pub(crate) fn check(event: &EventInput, faults: &mut Faults) {
    required(event, faults);
    if event.description.is_empty() {
        faults.at(&event.ident, "an event needs a doc comment that says what it means");
    }
    if let Some(name) = event.attrs.name.as_ref().filter(|name| !is_name(&name.value())) {
        faults.at(name, format!("the name of an event {NAME_RULE}, at most 128 bytes long"));
    }
    if let Some(version) = &event.attrs.version
        && !version.base10_parse::<u32>().is_ok_and(|version| version >= 1)
    {
        faults.at(version, "a version is an integer from 1");
    }
    fields(event, faults);
}

fn required(event: &EventInput, faults: &mut Faults) {
    for name in ["name", "version", "level", "message"] {
        if !event.attrs.given.iter().any(|given| given == name) {
            let example = match name {
                "name" => "name = \"user.login_failed\"",
                "version" => "version = 1",
                "level" => "level = \"info\"",
                _ => "message = \"User login failed\"",
            };
            faults.at(&event.ident, format!("`{name}` is missing: #[event({example})]"));
        }
    }
}

fn fields(event: &EventInput, faults: &mut Faults) {
    let is_span = event.attrs.kind == Some("Span");
    let first: Vec<_> = event.fields.iter().map(|field| field.name.0.as_str()).take(2).collect();
    if is_span && first != OF_SPANS {
        let what = "the first fields of an event of kind `span` are `duration_us: u64` and `outcome: Outcome`";
        faults.at(&event.ident, what);
    }
    let mut names = HashSet::new();
    for (index, field) in event.fields.iter().enumerate() {
        let (name, span) = (field.name.0.as_str(), field.name.1);
        if field.description.is_empty() {
            faults.on(field.ident.span(), "a field needs a doc comment that says what it is");
        }
        if !is_name(name) {
            faults.on(span, format!("the name of a field {NAME_RULE}, at most 128 bytes long"));
        }
        let of_span = is_span && index < 2 && OF_SPANS.contains(&name);
        if RESERVED.contains(&name) && !of_span {
            faults.on(
                span,
                format!("`{name}` is reserved: every line has, or may have, one already"),
            );
        }
        let causes = field.attrs.error.map(|_| format!("{name}.causes"));
        for name in [Some(name.to_owned()), causes].into_iter().flatten() {
            if !names.insert(name.clone()) {
                faults.on(span, format!("there is a field `{name}` already"));
            }
        }
    }
}

pub(crate) fn is_name(name: &str) -> bool {
    let is_part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_lowercase())
            && part.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '_'))
    };
    name.len() <= 128 && name.split('.').all(is_part)
}

/// Whether the field may have no value, as far as its type's name tells.
pub(crate) fn is_option(field: &FieldInput) -> bool {
    let Type::Path(TypePath { path, .. }) = &field.ty else { return false };
    path.segments.last().is_some_and(|last| last.ident == "Option")
}
