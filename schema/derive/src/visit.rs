//! The code that hands fields and values on.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;

use crate::check::{is_of_span, is_option};
use crate::fields::{at, place, with};
use crate::input::{FieldInput, Input};
use crate::template::Piece;

/// The statements that hand each field of `list`, a type that is a `List`, to `__visitor`.
pub(crate) fn fields(input: &Input, list: &TokenStream) -> TokenStream {
    let visits = (0..input.fields.len()).map(|index| field(input, index, list));
    quote!(#(#visits)*)
}

fn field(input: &Input, index: usize, list: &TokenStream) -> TokenStream {
    let root = &input.root;
    let (field, place) = (&input.fields[index], place(&input.fields[..index], root));
    let ident = &field.ident;
    if field.attrs.flatten {
        let (ty, at_root) = (&field.ty, at(field.ty.span(), root));
        let visit = quote_spanned!(ty.span()=> <#ty as #at_root::__private::Group>::visit_as);
        return quote!(#visit::<#root::__private::After<#list, { #place }>, __V>(&self.#ident, __visitor););
    }
    let constant = constant(list, &place, root);
    if field.attrs.error {
        let causes = constant_after(list, &place, root);
        return error(field, root, |error| quote!(__visitor.error(#constant, #causes, #error)));
    }
    let mut value = value(field, root);
    if is_of_span(input, field) {
        let root = at(field.ty.span(), root);
        let check = if field.name.0 == "outcome" { quote!(outcome) } else { quote!(duration_us) };
        value = quote_spanned!(field.ty.span()=> #root::__private::#check(#value));
    }
    // As a method, so that a type that is no value is told of where it stands, and once.
    quote_spanned!(field.ty.span()=> __visitor.field(#constant, #value);)
}

/// The statements that hand the pieces of a message to `__visitor`.
pub(crate) fn message(input: &Input, pieces: &[Piece], list: &TokenStream) -> TokenStream {
    let root = &input.root;
    let visits = pieces.iter().filter_map(|piece| match piece {
        Piece::Text(text) => Some(quote!(__visitor.text(#text);)),
        Piece::Field(name) => {
            let index = input.fields.iter().position(|field| field.name.0 == *name)?;
            let (field, at) = (&input.fields[index], place(&input.fields[..index], root));
            let constant = constant(list, &at, root);
            let visit = |value| {
                quote_spanned!(field.ty.span()=> __visitor.value(#constant, #value))
            };
            if !field.attrs.error {
                let visit = visit(value(field, root));
                return Some(quote!(#visit;));
            }
            let some = error(field, root, |error| visit(quote!(&#root::AsDisplay(#error))));
            let none = quote!(::core::option::Option::None::<#root::AsDisplay<'_, ::core::primitive::str>>);
            let none = visit(quote!(&#none));
            Some(if is_option(field) { quote!(#some else { #none }) } else { some })
        }
    });
    quote!(#(#visits)*)
}

/// The value of a field, by reference.
fn value(field: &FieldInput, root: &syn::Path) -> TokenStream {
    let value = &field.ident;
    let value = quote_spanned!(field.ty.span()=> &self.#value);
    match with(field, root, &field.ty.to_token_stream()) {
        Some(with) => quote_spanned!(with.span()=> &#with.apply(#value)),
        None => value,
    }
}

/// A statement that does something with an error, if there is one.
fn error(
    field: &FieldInput,
    root: &syn::Path,
    visit: impl Fn(TokenStream) -> TokenStream,
) -> TokenStream {
    let ident = &field.ident;
    let span = field.attrs.span_of("error").unwrap_or_else(|| field.ty.span());
    let as_error = quote_spanned!(span=> #root::__private::AsError::as_error);
    if is_option(field) {
        let visit = visit(quote!(#as_error(__error)));
        quote!(if let ::core::option::Option::Some(__error) = &self.#ident { #visit; })
    } else {
        let value = quote_spanned!(span=> &self.#ident);
        let visit = visit(quote!(#as_error(#value)));
        quote!(#visit;)
    }
}

fn constant(list: &TokenStream, at: &TokenStream, root: &syn::Path) -> TokenStream {
    quote!(const { &<#list as #root::__private::List>::FIELDS[#at] })
}

fn constant_after(list: &TokenStream, at: &TokenStream, root: &syn::Path) -> TokenStream {
    quote!(const { &<#list as #root::__private::List>::FIELDS[1 + #at] })
}
