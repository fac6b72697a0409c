//! The constants of the fields, and where each stands among all.

use proc_macro2::{Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Path, Type};

use crate::check::is_option;
use crate::input::{FieldInput, Input};

/// An expression for all fields of a struct, as `&'static [Field]`.
pub(crate) fn constants(input: &Input) -> TokenStream {
    let root = &input.root;
    if !input.fields.iter().any(|field| field.attrs.flatten) {
        let fields = input.fields.iter().flat_map(|field| own(field, root));
        return quote!(const {
            #[allow(unused_imports)]
            use #root::__private::Untyped as _;
            &[#(#fields),*]
        });
    }
    let mut keys = Vec::new();
    let mut parts = Vec::new();
    for field in &input.fields {
        if field.attrs.flatten {
            let (constant, part) = group(field, root);
            keys.push(constant);
            parts.push(part);
        } else {
            let part = quote!(#root::__private::Part::Own);
            parts.extend(own(field, root).into_iter().map(|field| quote!(#part(#field))));
        }
    }
    let count = place(&input.fields, root);
    let is_event = input.is_event;
    let span = input.fields.iter().find(|field| field.attrs.flatten).map(|field| field.name.1);
    let flatten = quote_spanned!(span.unwrap_or_else(Span::call_site)=> #root::__private::flatten);
    quote! {{
        #(#keys)*
        const COUNT: ::core::primitive::usize = #count;
        #[allow(unused_imports)]
        use #root::__private::Untyped as _;
        const { &#flatten::<COUNT>(#is_event, &[#(#parts),*]) }
    }}
}

/// An expression for how many fields these come to: the place of the one after them.
pub(crate) fn place(before: &[FieldInput], root: &Path) -> TokenStream {
    let (mut own, mut groups) = (0_usize, TokenStream::new());
    for field in before {
        if field.attrs.flatten {
            let ty = static_type(&field.ty);
            groups.extend(quote!(+ <#ty as #root::__private::Group>::FIELDS.len()));
        } else {
            own += if field.attrs.error { 2 } else { 1 };
        }
    }
    quote!(#own #groups)
}

/// The constants of a field: one, or two for an error.
fn own(field: &FieldInput, root: &Path) -> Vec<TokenStream> {
    let class = Ident::new(field.attrs.class.unwrap_or("Public"), Span::call_site());
    let constant = |name: &str, description: &str| {
        let key = format!(",\"{name}\":");
        quote!(#root::Field::new(#name, #description, #root::Class::#class, #key))
    };
    let (name, ty) = (&field.name.0, &field.ty);
    let plain = constant(name, &field.description);
    let mut all = Vec::new();
    if field.attrs.error {
        let optional = is_option(field);
        let typed = quote!(#plain.with_type(#root::Type::Error, #optional));
        all.push(limited(field, typed, quote!(#root::Type::Error), root));
        let causes =
            constant(&format!("{name}.causes"), &format!("The causes of `{name}`, nearest first."));
        all.push(quote!(#causes.with_type(#root::Type::List(&#root::Type::Error), true)));
    } else {
        let (described, value_type) = match with(field, root) {
            Some(with) => (quote!(#with.describe(#plain)), quote!(#with.value_type())),
            None => {
                let typed = quote!(#root::__private::Typed::<#ty>);
                (quote!(#plain.with_type(#typed::TYPE, #typed::OPTIONAL)), quote!(#typed::TYPE))
            }
        };
        all.push(limited(field, described, value_type, root));
    }
    all
}

/// What calls the function that makes the value of a field. It stands in two places, and a fault of it is one error, since both say the same.
pub(crate) fn with(field: &FieldInput, root: &Path) -> Option<TokenStream> {
    let (ty, with) = (&field.ty, field.attrs.with.as_ref()?);
    let root = at(with.span(), root);
    Some(quote_spanned!(with.span()=> #root::__private::with::<#ty, _>(#with)))
}

/// The path, as if it stood there.
fn at(span: Span, path: &Path) -> TokenStream {
    let tokens = path.to_token_stream().into_iter();
    tokens
        .map(|mut token| {
            token.set_span(span);
            token
        })
        .collect()
}

/// The constant of a field with its unit and its limits.
fn limited(
    field: &FieldInput,
    mut constant: TokenStream,
    value_type: TokenStream,
    root: &Path,
) -> TokenStream {
    let attrs = &field.attrs;
    if let Some(unit) = &attrs.unit {
        constant = quote!(#constant.with_unit(#unit));
    }
    if attrs.max_len.is_none() && attrs.range.is_none() {
        return constant;
    }
    let mut limits = quote!(#root::Limits::NONE);
    if let Some(max_len) = &attrs.max_len {
        limits = quote!(#limits.with_max_len(#max_len));
    }
    if let Some(range) = &attrs.range {
        let range = range.tokens(root);
        limits = quote!(#limits.with_range(#range));
    }
    let span = attrs.span_of("max_len").or(attrs.span_of("range")).unwrap_or(field.name.1);
    let checked = quote_spanned!(span=> #limits.of(#value_type));
    quote!(#constant.with_limits(const { &#checked }))
}

/// The keys of a group, as a constant, and the group as a part of the fields.
fn group(field: &FieldInput, root: &Path) -> (TokenStream, TokenStream) {
    let (prefix, span) = (&field.name.0, field.ty.span());
    let ty = static_type(&field.ty);
    let of_group = |what: &str| {
        let what = Ident::new(what, span);
        quote_spanned!(span=> <#ty as #root::__private::Group>::#what)
    };
    let (fields, optional) = (of_group("FIELDS"), of_group("OPTIONAL"));
    let part = |keys| quote!(#root::__private::Part::Group { fields: #fields, keys: #keys, optional: #optional });
    if prefix.is_empty() {
        return (TokenStream::new(), part(quote!("")));
    }
    let keys = Ident::new(
        &format!("KEYS_OF_{}", field.ident.to_string().trim_start_matches("r#").to_uppercase()),
        Span::call_site(),
    );
    let constant = quote! {
        const #keys: &#root::__private::Keys<{ #root::__private::Keys::needs(#prefix, #fields) }> =
            &#root::__private::Keys::of(#prefix, #fields);
    };
    (constant, part(quote!(#keys.as_str())))
}

/// The type with `'static` for all lifetimes, for where those of the struct cannot be named.
pub(crate) fn static_type(ty: &Type) -> TokenStream {
    fn replace(tokens: TokenStream) -> TokenStream {
        let mut tokens = tokens.into_iter();
        let mut replaced = TokenStream::new();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Punct(quote) if quote.as_char() == '\'' => {
                    let name = tokens.next().map_or_else(Span::call_site, |name| name.span());
                    let mut punct = Punct::new('\'', Spacing::Joint);
                    punct.set_span(quote.span());
                    replaced.extend([
                        TokenTree::Punct(punct),
                        TokenTree::Ident(Ident::new("static", name)),
                    ]);
                }
                TokenTree::Group(group) => {
                    let mut inner = Group::new(group.delimiter(), replace(group.stream()));
                    inner.set_span(group.span());
                    replaced.extend([TokenTree::Group(inner)]);
                }
                other => replaced.extend([other]),
            }
        }
        replaced
    }
    replace(ty.to_token_stream())
}
