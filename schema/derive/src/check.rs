//! What an event type or a group of fields must not say.

use std::collections::HashSet;

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{GenericParam, Generics, Type, TypePath};

use crate::input::{Faults, FieldInput, Input};
use crate::template::{self, Piece};
use crate::unit;

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

pub(crate) fn check(input: &Input, faults: &mut Faults) {
    if input.is_event {
        event(input, faults);
    }
    fields(input, faults);
    if let Some(message) = &input.attrs.message {
        match template::parse(&message.value()) {
            Ok(pieces) => placeholders(input, message, &pieces, faults),
            Err(what) => faults.at(message, what),
        }
    }
}

fn event(event: &Input, faults: &mut Faults) {
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
    if event.description.is_empty() {
        faults.at(&event.ident, "an event needs a doc comment that says what it means");
    }
    if let Some(name) = event.attrs.name.as_ref().filter(|name| !is_name(&name.value())) {
        faults.at(name, format!("the name of an event {NAME_RULE}, at most 128 bytes long"));
    }
    if let Some(name) = event.attrs.name.as_ref().filter(|name| name.value() == "log") {
        faults.at(name, "`log` is the name of the events without a type");
    }
    if let Some(version) = &event.attrs.version
        && !version.base10_parse::<u32>().is_ok_and(|version| version >= 1)
    {
        faults.at(version, "a version is an integer from 1");
    }
    let is_span = event.attrs.kind == Some("Span");
    let first: Vec<_> = event.fields.iter().map(|field| field.name.0.as_str()).take(2).collect();
    if is_span && first != OF_SPANS {
        let what = "the first fields of an event of kind `span` are `duration_us: u64` and `outcome: Outcome`";
        faults.at(&event.ident, what);
    }
    for field in event.fields.iter().filter(|field| is_of_span(event, field)) {
        of_span(field, faults);
    }
}

/// Whether the field is `duration_us` or `outcome` of an event of kind `span`.
pub(crate) fn is_of_span(input: &Input, field: &FieldInput) -> bool {
    input.attrs.kind == Some("Span") && OF_SPANS.contains(&field.name.0.as_str())
}

/// What may stand on a field of a span that `spec/event.md` describes: nothing that changes its value.
fn of_span(field: &FieldInput, faults: &mut Faults) {
    let name = &field.name.0;
    for (given, span) in &field.attrs.given {
        let is_duration = name == "duration_us";
        match given.as_str() {
            "rename" => {}
            "unit" if is_duration => {
                if let Some(unit) = field.attrs.unit.as_ref().filter(|unit| unit.value() != "us") {
                    faults.at(unit, "the unit of `duration_us` is `us`");
                }
            }
            _ => {
                let known = if is_duration { "`rename` and `unit`" } else { "`rename`" };
                faults.on(
                    *span,
                    format!("`{name}` is the same in every span: it takes {known} only"),
                );
            }
        }
    }
}

fn fields(input: &Input, faults: &mut Faults) {
    let mut names = HashSet::new();
    for (index, field) in input.fields.iter().enumerate() {
        together(field, faults);
        if field.attrs.flatten {
            group(input, field, faults);
            continue;
        }
        let (name, span) = (field.name.0.as_str(), field.name.1);
        if field.description.is_empty() {
            faults.on(field.ident.span(), "a field needs a doc comment that says what it is");
        }
        if !is_name(name) {
            faults.on(span, format!("the name of a field {NAME_RULE}, at most 128 bytes long"));
        }
        let of_span = index < 2 && is_of_span(input, field);
        if input.is_event && RESERVED.contains(&name) && !of_span {
            faults.on(
                span,
                format!("`{name}` is reserved: every line has, or may have, one already"),
            );
        }
        let causes = field.attrs.error.then(|| format!("{name}.causes"));
        for name in [Some(name.to_owned()), causes].into_iter().flatten() {
            if !names.insert(name.clone()) {
                faults.on(span, format!("there is a field `{name}` already"));
            }
        }
        if let Some(unit) = &field.attrs.unit
            && let Some(what) = unit::fault(&unit.value())
        {
            faults.at(unit, what);
        }
        if let Some(max_len) = &field.attrs.max_len
            && max_len.base10_parse::<u32>().is_err()
        {
            faults.at(max_len, "a greatest length is an integer from 0 to 2^32 - 1");
        }
    }
}

/// What stands on a field and does not go together.
fn together(field: &FieldInput, faults: &mut Faults) {
    let attrs = &field.attrs;
    let (others, why): (&[_], _) = if attrs.flatten {
        let all = &["class", "error", "rename", "unit", "max_len", "range", "with"];
        (all, "has no place beside `flatten`: the fields of the group say it")
    } else if attrs.error {
        (
            &["unit", "range", "with"],
            "has no place beside `error`: an error is written as its message",
        )
    } else {
        return;
    };
    for other in others {
        if let Some(span) = attrs.span_of(other) {
            let hint = if *other == "rename" {
                "`rename` has no place beside `flatten`: the prefix is `flatten = \"http.request\"`"
                    .to_owned()
            } else {
                format!("`{other}` {why}")
            };
            faults.on(span, hint);
        }
    }
}

fn group(input: &Input, field: &FieldInput, faults: &mut Faults) {
    let (prefix, span) = &field.name;
    let is_empty = prefix.is_empty() && field.attrs.prefix.is_some();
    if !is_empty && !is_name(prefix) {
        faults.on(*span, format!("the prefix of a group {NAME_RULE}, or empty"));
    }
    if mentions(field.ty.to_token_stream(), &parameters(&input.generics)) {
        faults
            .at(&field.ty, "which fields a group has must not depend on a type or const parameter");
    }
}

/// The parameters that an item beside the type cannot name.
pub(crate) fn parameters(generics: &Generics) -> Vec<&Ident> {
    let names = generics.params.iter().map(|param| match param {
        GenericParam::Type(param) => Some(&param.ident),
        GenericParam::Const(param) => Some(&param.ident),
        GenericParam::Lifetime(_) => None,
    });
    names.flatten().collect()
}

/// Whether one of these is named.
pub(crate) fn mentions(tokens: TokenStream, idents: &[&Ident]) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => idents.contains(&&ident),
        TokenTree::Group(group) => mentions(group.stream(), idents),
        _ => false,
    })
}

fn placeholders(event: &Input, message: &syn::LitStr, pieces: &[Piece], faults: &mut Faults) {
    let own = || event.fields.iter().filter(|field| !field.attrs.flatten);
    for piece in pieces {
        let Piece::Field(name) = piece else { continue };
        match own().find(|field| field.name.0 == *name) {
            None => {
                let names: Vec<_> = own().map(|field| field.name.0.as_str()).collect();
                let all = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
                faults.at(
                    message,
                    format!("there is no field `{name}` of its own; the event has: {all}"),
                );
            }
            Some(field) => {
                if let Some(class @ ("Personal" | "Secret")) = field.attrs.class {
                    let class = class.to_lowercase();
                    faults.at(
                        message,
                        format!("`{name}` is {class}: in a message it would be read by everyone"),
                    );
                }
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
    let mut ty = &field.ty;
    // What a macro took as a type is in an invisible group.
    while let Type::Group(group) = ty {
        ty = &group.elem;
    }
    let Type::Path(TypePath { path, .. }) = ty else { return false };
    path.segments.last().is_some_and(|last| last.ident == "Option")
}
