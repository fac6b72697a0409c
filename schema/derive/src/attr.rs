//! The `#[event(…)]` attributes.

use proc_macro2::{Span, TokenTree};
use syn::meta::ParseNestedMeta;
use syn::{Attribute, Expr, LitInt, LitStr, Path, Token};

use crate::input::Faults;
use crate::range::Range;

const LEVELS: &[(&str, &str)] = &[
    ("trace", "Trace"),
    ("debug", "Debug"),
    ("info", "Info"),
    ("warn", "Warn"),
    ("error", "Error"),
];
const KINDS: &[(&str, &str)] = &[("log", "Log"), ("span", "Span"), ("metric", "Metric")];
const DELIVERIES: &[(&str, &str)] = &[("must", "Must")];
const CLASSES: &[(&str, &str)] =
    &[("public", "Public"), ("personal", "Personal"), ("secret", "Secret")];

/// What stands on the type. What is `None` was not given, or could not be read and is a fault already.
#[derive(Default)]
pub(crate) struct TypeAttrs {
    pub(crate) name: Option<LitStr>,
    pub(crate) version: Option<LitInt>,
    pub(crate) level: Option<&'static str>,
    pub(crate) kind: Option<&'static str>,
    pub(crate) delivery: Option<&'static str>,
    pub(crate) message: Option<LitStr>,
    pub(crate) root: Option<Path>,
    /// The names that were given, readable or not.
    pub(crate) given: Vec<String>,
}

/// What stands on a field.
#[derive(Default)]
pub(crate) struct FieldAttrs {
    pub(crate) class: Option<&'static str>,
    pub(crate) error: bool,
    pub(crate) rename: Option<LitStr>,
    pub(crate) unit: Option<LitStr>,
    pub(crate) max_len: Option<LitInt>,
    pub(crate) range: Option<Range>,
    pub(crate) with: Option<Path>,
    pub(crate) flatten: bool,
    /// With `flatten`: the prefix, if it is not the field's name.
    pub(crate) prefix: Option<LitStr>,
    /// The names that were given, and where.
    pub(crate) given: Vec<(String, Span)>,
}

impl FieldAttrs {
    /// Where an attribute of this name was given.
    pub(crate) fn span_of(&self, name: &str) -> Option<Span> {
        self.given.iter().find(|(given, _)| given == name).map(|(_, span)| *span)
    }
}

impl TypeAttrs {
    pub(crate) fn of_event(attrs: &[Attribute], faults: &mut Faults) -> TypeAttrs {
        let known = ["name", "version", "level", "message", "kind", "delivery", "crate"];
        TypeAttrs::read(attrs, &known, faults)
    }

    pub(crate) fn of_other(attrs: &[Attribute], faults: &mut Faults) -> TypeAttrs {
        TypeAttrs::read(attrs, &["crate"], faults)
    }

    fn read(attrs: &[Attribute], known: &[&str], faults: &mut Faults) -> TypeAttrs {
        let mut read = TypeAttrs::default();
        each(attrs, known, faults, |name, meta, faults| {
            read.given.push(name.to_owned());
            match name {
                "name" => read.name = value(meta, faults)?,
                "version" => read.version = value(meta, faults)?,
                "level" => read.level = choice(meta, LEVELS, faults)?,
                "kind" => read.kind = choice(meta, KINDS, faults)?,
                "delivery" => read.delivery = choice(meta, DELIVERIES, faults)?,
                "message" => read.message = value(meta, faults)?,
                _ => {
                    let path: Option<LitStr> = value(meta, faults)?;
                    read.root = path.map(|path| path.parse()).transpose()?;
                }
            }
            Ok(())
        });
        read
    }
}

impl FieldAttrs {
    pub(crate) fn read(attrs: &[Attribute], faults: &mut Faults) -> FieldAttrs {
        let known = ["class", "error", "rename", "unit", "max_len", "range", "with", "flatten"];
        let mut read = FieldAttrs::default();
        each(attrs, &known, faults, |name, meta, faults| {
            read.given.push((name.to_owned(), meta.path.segments[0].ident.span()));
            match name {
                "class" => read.class = choice(meta, CLASSES, faults)?,
                "rename" => read.rename = value(meta, faults)?,
                "unit" => read.unit = value(meta, faults)?,
                "max_len" => read.max_len = value(meta, faults)?,
                "range" => read.range = Some(Range::read(meta.value()?)?),
                "with" => read.with = Some(path(meta)?),
                "error" => read.error = true,
                _ => {
                    read.flatten = true;
                    if meta.input.peek(Token![=]) {
                        read.prefix = value(meta, faults)?;
                    }
                }
            }
            Ok(())
        });
        read
    }
}

/// The name that a member of a set was given.
pub(crate) fn of_member(attrs: &[Attribute], faults: &mut Faults) -> Option<LitStr> {
    let mut rename = None;
    each(attrs, &["rename"], faults, |_, meta, faults| {
        rename = value(meta, faults)?;
        Ok(())
    });
    rename
}

/// Calls `read` for each item of each `#[event(…)]` that is known and comes once.
fn each(
    attrs: &[Attribute],
    known: &[&str],
    faults: &mut Faults,
    mut read: impl FnMut(&str, &ParseNestedMeta<'_>, &mut Faults) -> syn::Result<()>,
) {
    let mut seen = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("event")) {
        let result = attr.parse_nested_meta(|meta| {
            let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
            let result = if !known.contains(&name.as_str()) {
                faults
                    .at(&meta.path, format!("unknown attribute; known here: {}", known.join(", ")));
                Ok(())
            } else if seen.contains(&name) {
                faults.at(&meta.path, format!("`{name}` is given twice"));
                Ok(())
            } else {
                read(&name, &meta, faults)
            };
            seen.push(name);
            if let Err(error) = result {
                faults.push(error);
            }
            // What nobody read: the value of an item that is unknown, repeated or wrong.
            while !meta.input.is_empty() && !meta.input.peek(Token![,]) {
                meta.input.parse::<TokenTree>()?;
            }
            Ok(())
        });
        if let Err(error) = result {
            faults.push(error);
        }
    }
}

/// The value of an item, if it is a literal of that sort.
fn value<T: Literal>(meta: &ParseNestedMeta<'_>, faults: &mut Faults) -> syn::Result<Option<T>> {
    let value: Expr = meta.value()?.parse()?;
    let literal = match peel(&value) {
        Expr::Lit(expr) => T::from_lit(&expr.lit),
        _ => None,
    };
    if literal.is_none() {
        faults.at(&value, format!("expected {}", T::WHAT));
    }
    Ok(literal)
}

/// The expression within the invisible groups in which it stands if a macro took it as a parameter.
pub(crate) fn peel(mut expr: &Expr) -> &Expr {
    while let Expr::Group(group) = expr {
        expr = &group.expr;
    }
    expr
}

/// The value of an item, if it is one of a set.
fn choice(
    meta: &ParseNestedMeta<'_>,
    choices: &'static [(&str, &str)],
    faults: &mut Faults,
) -> syn::Result<Option<&'static str>> {
    let Some(text) = value::<LitStr>(meta, faults)? else { return Ok(None) };
    let found = choices.iter().find(|(name, _)| *name == text.value());
    if found.is_none() {
        let names: Vec<_> = choices.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let expected = if names.len() > 1 { "expected one of" } else { "expected" };
        faults.at(&text, format!("{expected} {}", names.join(", ")));
    }
    Ok(found.map(|(_, variant)| *variant))
}

/// The value of an item that names something.
fn path(meta: &ParseNestedMeta<'_>) -> syn::Result<Path> {
    let value = meta.value()?;
    let span = value.span();
    value.parse().map_err(|_| {
        syn::Error::new(span, "expected the path of a function that takes the field by reference")
    })
}

trait Literal: Sized {
    const WHAT: &'static str;
    fn from_lit(lit: &syn::Lit) -> Option<Self>;
}

impl Literal for LitStr {
    const WHAT: &'static str = "a string in quotes";

    fn from_lit(lit: &syn::Lit) -> Option<LitStr> {
        if let syn::Lit::Str(lit) = lit { Some(lit.clone()) } else { None }
    }
}

impl Literal for LitInt {
    const WHAT: &'static str = "an integer";

    fn from_lit(lit: &syn::Lit) -> Option<LitInt> {
        if let syn::Lit::Int(lit) = lit { Some(lit.clone()) } else { None }
    }
}
