//! What the macro was given, as far as it could be read.

use proc_macro2::Span;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Fields, Generics, Ident, Path, Type};

use crate::attr::{FieldAttrs, TypeAttrs};
use crate::description::Description;

/// A struct: an event type, or a group of fields.
pub(crate) struct Input {
    pub(crate) is_event: bool,
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    pub(crate) description: Description,
    pub(crate) attrs: TypeAttrs,
    pub(crate) fields: Vec<FieldInput>,
    /// The path of the schema crate.
    pub(crate) root: Path,
}

/// One of its fields.
pub(crate) struct FieldInput {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    pub(crate) description: Description,
    pub(crate) attrs: FieldAttrs,
    /// The name in the line, or the prefix of a group, and where it was given.
    pub(crate) name: (String, Span),
}

/// All that is wrong with the input, so that it is said at once.
#[derive(Default)]
pub(crate) struct Faults(Option<syn::Error>);

impl Faults {
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    pub(crate) fn on(&mut self, span: Span, message: impl std::fmt::Display) {
        self.push(syn::Error::new(span, message));
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(all) => all.combine(error),
            none => *none = Some(error),
        }
    }

    pub(crate) fn all(self) -> Option<syn::Error> {
        self.0
    }
}

pub(crate) fn read(input: &DeriveInput, is_event: bool, root: Path, faults: &mut Faults) -> Input {
    let read = if is_event { TypeAttrs::of_event } else { TypeAttrs::of_other };
    let mut attrs = read(&input.attrs, faults);
    Input {
        is_event,
        ident: input.ident.clone(),
        generics: input.generics.clone(),
        description: Description::read(&input.attrs),
        fields: fields(input, if is_event { "an event" } else { "a group of fields" }, faults),
        root: attrs.root.take().unwrap_or(root),
        attrs,
    }
}

fn fields(input: &DeriveInput, what: &str, faults: &mut Faults) -> Vec<FieldInput> {
    let fields = match &input.data {
        Data::Struct(data) => &data.fields,
        _ => {
            faults.at(&input.ident, format!("{what} is a struct"));
            return Vec::new();
        }
    };
    if let Fields::Unnamed(_) = fields {
        faults.at(fields, format!("the fields of {what} have names"));
        return Vec::new();
    }
    let mut read = Vec::new();
    for field in fields {
        let Some(ident) = field.ident.clone() else { continue };
        let attrs = FieldAttrs::read(&field.attrs, faults);
        let name = match attrs.rename.as_ref().or(attrs.prefix.as_ref()) {
            Some(name) => (name.value(), name.span()),
            None => (ident.unraw().to_string(), ident.span()),
        };
        let description = Description::read(&field.attrs);
        read.push(FieldInput { ident, ty: field.ty.clone(), description, attrs, name });
    }
    read
}
