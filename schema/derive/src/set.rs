//! Closed sets: enums whose variants are texts.

use std::collections::HashSet;

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Fields, Path};

use crate::attr::{TypeAttrs, of_member};
use crate::description::Description;
use crate::input::Faults;

struct Member {
    ident: Ident,
    name: String,
    description: Description,
}

/// The implementation of `Value` for an enum.
pub(crate) fn derive(input: &DeriveInput, root: Path) -> TokenStream {
    let mut faults = Faults::default();
    let root = TypeAttrs::of_other(&input.attrs, &mut faults).root.unwrap_or(root);
    let members = read(input, &mut faults);
    let errors = faults.all().map(syn::Error::into_compile_error);
    let (names, idents): (Vec<_>, Vec<_>) =
        members.iter().map(|member| (&member.name, &member.ident)).unzip();
    let constants = members
        .iter()
        .map(|Member { name, description, .. }| quote!(#root::Member::new(#name, #description)));
    let write = if errors.is_some() {
        quote!(let _ = __writer;)
    } else {
        quote!(#root::ValueWriter::str(__writer, match self { #(Self::#idents => #names),* });)
    };
    let ident = &input.ident;
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
    quote! {
        #errors

        #[automatically_derived]
        #[allow(deprecated)]
        impl #impl_generics #root::__private::ValueTrait for #ident #type_generics #where_clause {
            const TYPE: #root::Type = #root::Type::Set(const { &[#(#constants),*] });

            #[inline]
            fn write<__W: #root::ValueWriter>(&self, __writer: __W) {
                #write
            }
        }

        #[automatically_derived]
        #[allow(deprecated)]
        impl #impl_generics #root::Scalar for #ident #type_generics #where_clause {}
    }
}

fn read(input: &DeriveInput, faults: &mut Faults) -> Vec<Member> {
    let Data::Enum(data) = &input.data else {
        faults.at(
            &input.ident,
            "a closed set is an enum; other types of your own implement `Value` by hand",
        );
        return Vec::new();
    };
    if data.variants.is_empty() {
        faults.at(&input.ident, "a closed set has at least one member");
    }
    let mut members = Vec::new();
    let mut names = HashSet::new();
    for variant in &data.variants {
        let rename = of_member(&variant.attrs, faults);
        let description = Description::read(&variant.attrs);
        if description.is_empty() {
            faults.at(
                &variant.ident,
                "a member of a closed set needs a doc comment that says what it means",
            );
        }
        if !matches!(variant.fields, Fields::Unit) {
            faults.at(&variant.fields, "a member of a closed set is a text, and has no fields");
        }
        let (name, span) = match &rename {
            Some(name) => (name.value(), name.span()),
            None => (snake_case(&variant.ident.unraw().to_string()), variant.ident.span()),
        };
        if name.is_empty() || name.len() > 128 || name.chars().any(char::is_control) {
            faults.on(
                span,
                "a member of a closed set has 1 to 128 bytes, none of them a control character",
            );
        } else if !names.insert(name.clone()) {
            faults.on(span, format!("there is a member `{name}` already"));
        }
        members.push(Member { ident: variant.ident.clone(), name, description });
    }
    members
}

/// `InvalidPassword` as `invalid_password`, `HTTPError` as `http_error`.
fn snake_case(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (at, &c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| chars[before]);
        let begins_word = c.is_uppercase()
            && before.is_some_and(|before| {
                let ends = chars.get(at + 1).is_some_and(|next| next.is_lowercase());
                before != '_' && (!before.is_uppercase() || ends)
            });
        if begins_word {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::snake_case;

    #[test]
    fn names_of_variants_become_snake_case() {
        for (name, snake) in [
            ("Ok", "ok"),
            ("InvalidPassword", "invalid_password"),
            ("HTTPError", "http_error"),
            ("ViaHTTP", "via_http"),
            ("V2", "v2"),
            ("A_B", "a_b"),
            ("Sha256Sum", "sha256_sum"),
        ] {
            assert_eq!(snake_case(name), snake);
        }
    }
}
