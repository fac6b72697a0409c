//! The implementations.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Generics, WherePredicate, parse_quote};

use crate::check::is_option;
use crate::input::{EventInput, FieldInput};

/// The implementation of `Event` and `Fields`.
pub(crate) fn event(event: &EventInput) -> TokenStream {
    let EventInput { ident, root, attrs, description, .. } = event;
    let ident_of = |name: Option<&str>| Ident::new(name.unwrap_or("Log"), Span::call_site());
    let (name, version, message) = (&attrs.name, &attrs.version, &attrs.message);
    let (level, kind) = (ident_of(attrs.level), ident_of(attrs.kind));
    let mut fields = Vec::new();
    let mut visits = Vec::new();
    for field in &event.fields {
        visits.push(visit(field, fields.len(), root));
        fields.extend(descriptors(field, root));
    }

    let generics = bounded(event);
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #impl_generics #root::__private::EventTrait for #ident #type_generics #where_clause {
            const DESCRIPTOR: &'static #root::Descriptor = {
                const NAME: &::core::primitive::str = #name;
                const VERSION: ::core::primitive::u32 = #version;
                const LEVEL: #root::Level = #root::Level::#level;
                const KIND: #root::Kind = #root::Kind::#kind;
                const MESSAGE: &::core::primitive::str = #message;
                const ROOM: ::core::primitive::usize =
                    #root::__private::Head::<0>::of(LEVEL, NAME, VERSION, KIND, MESSAGE).needs();
                static HEAD: #root::__private::Head<ROOM> =
                    #root::__private::Head::of(LEVEL, NAME, VERSION, KIND, MESSAGE);
                static FIELDS: &[#root::Field] = &[#(#fields),*];
                static DESCRIPTOR: #root::Descriptor = #root::Descriptor::new(
                    NAME, VERSION, LEVEL, KIND, MESSAGE, #description, FIELDS, HEAD.as_str(),
                );
                &DESCRIPTOR
            };
        }

        #[automatically_derived]
        impl #impl_generics #root::Fields for #ident #type_generics #where_clause {
            #[inline]
            fn visit<__V: #root::Visitor>(&self, __visitor: &mut __V) {
                #(#visits)*
            }
        }
    }
}

/// An implementation for the compiler to go on with, so that a mistake is one error and not one at each use as well.
pub(crate) fn stub(event: &EventInput, errors: syn::Error) -> TokenStream {
    let errors = errors.into_compile_error();
    let EventInput { ident, generics, root, .. } = event;
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    quote! {
        #errors

        #[automatically_derived]
        impl #impl_generics #root::__private::EventTrait for #ident #type_generics #where_clause {
            const DESCRIPTOR: &'static #root::Descriptor = &#root::Descriptor::new(
                "", 1, #root::Level::Error, #root::Kind::Log, "", "", &[], "",
            );
        }

        #[automatically_derived]
        impl #impl_generics #root::Fields for #ident #type_generics #where_clause {
            fn visit<__V: #root::Visitor>(&self, _: &mut __V) {}
        }
    }
}

/// The constants of a field: one, or two for an error.
fn descriptors(field: &FieldInput, root: &syn::Path) -> Vec<TokenStream> {
    let class = Ident::new(field.attrs.class.unwrap_or("Public"), Span::call_site());
    let descriptor = |name: &str, description: &str| {
        let key = format!(",\"{name}\":");
        quote!(#root::Field::new(#name, #description, #root::Class::#class, #key))
    };
    let name = &field.name.0;
    let mut all = vec![descriptor(name, &field.description)];
    if field.attrs.error.is_some() {
        let what = format!("The causes of `{name}`, nearest first.");
        all.push(descriptor(&format!("{name}.causes"), &what));
    }
    all
}

fn visit(field: &FieldInput, index: usize, root: &syn::Path) -> TokenStream {
    let ident = &field.ident;
    let fields = quote!(<Self as #root::__private::EventTrait>::DESCRIPTOR.fields);
    let Some(error) = field.attrs.error else {
        let visitor = quote!(#root::Visitor::field);
        return quote_spanned! {field.ty.span()=> #visitor(__visitor, &#fields[#index], &self.#ident); };
    };
    let causes = index + 1;
    let as_error = quote_spanned!(error=> #root::__private::AsError::as_error);
    let visit = |value: TokenStream| quote!(#root::Visitor::error(__visitor, &#fields[#index], &#fields[#causes], #as_error(#value)););
    if is_option(field) {
        let visit = visit(quote!(__error));
        quote!(if let ::core::option::Option::Some(__error) = &self.#ident { #visit })
    } else {
        visit(quote_spanned!(error=> &self.#ident))
    }
}

/// The generics of the type, with the bounds that its fields need if there are type parameters. What an error needs, the type has to say.
fn bounded(event: &EventInput) -> Generics {
    let mut generics = event.generics.clone();
    if generics.type_params().next().is_none() {
        return generics;
    }
    let root = &event.root;
    let values = event.fields.iter().filter(|field| field.attrs.error.is_none());
    let bounds = values.map(|FieldInput { ty, .. }| parse_quote!(#ty: #root::Value));
    generics.make_where_clause().predicates.extend::<Vec<WherePredicate>>(bounds.collect());
    generics
}
