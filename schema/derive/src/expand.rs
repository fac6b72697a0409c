//! The implementations.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{Generics, WherePredicate, parse_quote};

use crate::fields;
use crate::input::{FieldInput, Input};
use crate::template::{self, Piece};
use crate::visit;

/// The implementations of `Event` and `Fields`.
pub(crate) fn event(event: &Input) -> TokenStream {
    let Input { ident, root, attrs, description, .. } = event;
    let ident_of = |name: Option<&str>| Ident::new(name.unwrap_or("Log"), Span::call_site());
    let name = &attrs.name;
    let version = attrs.version.as_ref().and_then(|version| version.base10_parse::<u32>().ok());
    let (level, kind) = (ident_of(attrs.level), ident_of(attrs.kind));
    let list = quote!(#root::__private::OfEvent<Self>);
    let visits = visit::fields(event, &list);
    let fields = fields::constants(event);

    let text = attrs.message.as_ref().map(syn::LitStr::value).unwrap_or_default();
    let pieces = template::parse(&text).unwrap_or_default();
    let (message, head, as_template, visit_message) = match pieces.as_slice() {
        [] => (String::new(), literal_head(root), None, None),
        [Piece::Text(text)] => (text.clone(), literal_head(root), None, None),
        pieces => {
            let visits = visit::message(event, pieces, &list);
            let visit_message = quote! {
                #[inline]
                fn visit_message<__V: #root::MessageVisitor>(&self, __visitor: &mut __V) {
                    #visits
                }
            };
            let head = quote!(of_template(LEVEL, NAME, VERSION, KIND));
            (text.clone(), head, Some(quote!(.with_template())), Some(visit_message))
        }
    };
    let delivery = attrs.delivery.map(|delivery| {
        let delivery = Ident::new(delivery, Span::call_site());
        quote!(.with_delivery(#root::Delivery::#delivery))
    });

    let generics = bounded(event);
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let (registered, checks) = (registered(event), fields::checks(event));
    let lints = fields::lints(&event.fields);
    quote! {
        #checks

        #[automatically_derived]
        #lints
        impl #impl_generics #root::__private::EventTrait for #ident #type_generics #where_clause {
            const DESCRIPTOR: &'static #root::Descriptor = {
                const NAME: &::core::primitive::str = #name;
                const VERSION: ::core::primitive::u32 = #version;
                const LEVEL: #root::Level = #root::Level::#level;
                const KIND: #root::Kind = #root::Kind::#kind;
                const MESSAGE: &::core::primitive::str = #message;
                const ROOM: ::core::primitive::usize =
                    #root::__private::Head::<0>::#head.needs();
                const HEAD: &#root::__private::Head<ROOM> = &#root::__private::Head::#head;
                const {
                    &#root::Descriptor::new(
                        NAME, VERSION, LEVEL, KIND, MESSAGE, #description, #fields, HEAD.as_str(),
                    )
                    #delivery
                    #as_template
                }
            };
        }

        #[automatically_derived]
        #lints
        impl #impl_generics #root::__private::FieldsTrait for #ident #type_generics #where_clause {
            #[inline]
            fn visit<__V: #root::Visitor>(&self, __visitor: &mut __V) {
                #visits
            }

            #visit_message
        }

        #registered
    }
}

fn literal_head(_: &syn::Path) -> TokenStream {
    quote!(of(LEVEL, NAME, VERSION, KIND, MESSAGE))
}

/// The registration of an event type, unless it has parameters that say which types there are.
fn registered(event: &Input) -> Option<TokenStream> {
    let Input { ident, root, generics, .. } = event;
    if generics.type_params().next().is_some() || generics.const_params().next().is_some() {
        return None;
    }
    let lifetimes = generics.lifetimes().map(|_| quote!('static));
    let name = ident.to_string();
    Some(quote! {
        #[allow(deprecated)]
        const _: () = {
            #root::__private::inventory::submit! {
                #root::__private::Registered::new::<#ident<#(#lifetimes),*>>(
                    ::core::concat!(::core::module_path!(), "::", #name)
                )
            }
        };
    })
}

/// The implementations of `Fields` and of what makes it a part of an event.
pub(crate) fn group(group: &Input) -> TokenStream {
    let Input { ident, root, .. } = group;
    let visits = visit::fields(group, &quote!(__L));
    let (fields, checks) = (fields::constants(group), fields::checks(group));
    let lints = fields::lints(&group.fields);
    let generics = bounded(group);
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    quote! {
        #checks

        #[automatically_derived]
        #[allow(deprecated)]
        impl #impl_generics #root::__private::FieldsTrait for #ident #type_generics #where_clause {
            #[inline]
            fn visit<__V: #root::Visitor>(&self, __visitor: &mut __V) {
                <Self as #root::__private::Group>::visit_as::<#root::__private::OfGroup<Self>, __V>(self, __visitor);
            }
        }

        #[automatically_derived]
        #lints
        impl #impl_generics #root::__private::Group for #ident #type_generics #where_clause {
            const FIELDS: &'static [#root::Field] = #fields;

            #[inline]
            fn visit_as<__L: #root::__private::List, __V: #root::Visitor>(&self, __visitor: &mut __V) {
                #visits
            }
        }
    }
}

/// Implementations for the compiler to go on with, so that a mistake is one error and not one at each use as well.
pub(crate) fn stub(input: &Input) -> TokenStream {
    let Input { ident, generics, root, .. } = input;
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let of_this = if input.is_event {
        quote! {
            impl #impl_generics #root::__private::EventTrait for #ident #type_generics #where_clause {
                const DESCRIPTOR: &'static #root::Descriptor = &#root::Descriptor::new(
                    "", 1, #root::Level::Error, #root::Kind::Log, "", "", &[], "",
                );
            }
        }
    } else {
        quote! {
            impl #impl_generics #root::__private::Group for #ident #type_generics #where_clause {
                const FIELDS: &'static [#root::Field] = &[];

                fn visit_as<__L: #root::__private::List, __V: #root::Visitor>(&self, _: &mut __V) {}
            }
        }
    };
    quote! {
        #[automatically_derived]
        #of_this

        #[automatically_derived]
        impl #impl_generics #root::__private::FieldsTrait for #ident #type_generics #where_clause {
            fn visit<__V: #root::Visitor>(&self, _: &mut __V) {}
        }
    }
}

/// The generics of the type, with the bounds that its fields need if there are type parameters. What an error or a function needs, the type has to say.
fn bounded(input: &Input) -> Generics {
    let mut generics = input.generics.clone();
    if generics.type_params().next().is_none() {
        return generics;
    }
    let root = &input.root;
    let is_value = |field: &&FieldInput| {
        !field.attrs.error && !field.attrs.flatten && field.attrs.with.is_none()
    };
    let bounds = input.fields.iter().filter(is_value);
    let bounds =
        bounds.map(|FieldInput { ty, .. }| parse_quote!(#ty: #root::__private::ValueTrait));
    generics.make_where_clause().predicates.extend::<Vec<WherePredicate>>(bounds.collect());
    generics
}
