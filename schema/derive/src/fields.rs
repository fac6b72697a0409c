//! The constants of the fields, and where each stands among all.

use proc_macro2::{Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Path, Type};

use crate::check::{is_option, mentions, parameters};
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
    let parts = input.fields.iter().flat_map(|field| parts(field, root, own));
    let count = place(&input.fields, root);
    quote! {{
        const COUNT: ::core::primitive::usize = #count;
        #[allow(unused_imports)]
        use #root::__private::Untyped as _;
        const { &#root::__private::flatten::<COUNT>(&[#(#parts),*]) }
    }}
}

/// Items that check what the macro cannot: names that arise from groups, and limits of types. Each mistake is an error of its own.
pub(crate) fn checks(input: &Input) -> TokenStream {
    let root = &input.root;
    let mut checks = TokenStream::new();
    let parameters = parameters(&input.generics);
    for (index, field) in input.fields.iter().enumerate() {
        if field.attrs.flatten {
            let is_other =
                |(other, field): &(usize, &FieldInput)| !field.attrs.flatten || *other < index;
            let others = input.fields.iter().enumerate().filter(is_other);
            let others = others.flat_map(|(_, field)| parts(field, root, bare));
            let (group, span) = (group(field, root), field.ident.span());
            let (is_event, root) = (input.is_event, at(span, root));
            let lints = lints(&input.fields);
            checks.extend(quote_spanned! {span=>
                #lints
                const _: () = #root::__private::check_names(#is_event, &#group, &[#(#others),*]);
            });
        } else if let Some(limits) = limits(field, root)
            && !mentions(field.ty.to_token_stream(), &parameters)
        {
            let value_type = value_type(field, root, &static_type(&field.ty));
            let (span, lints) = (limits_span(field), lints(std::slice::from_ref(field)));
            checks.extend(quote_spanned! {span=>
                #lints
                const _: () = {
                    #[allow(unused_imports)]
                    use #root::__private::Untyped as _;
                    #limits.check(#value_type)
                };
            });
        }
    }
    checks
}

/// A field as parts of a struct that has groups.
fn parts(
    field: &FieldInput,
    root: &Path,
    own: fn(&FieldInput, &Path) -> Vec<TokenStream>,
) -> Vec<TokenStream> {
    if field.attrs.flatten {
        return vec![group(field, root)];
    }
    let fields = own(field, root);
    fields.into_iter().map(|field| quote!(#root::__private::Part::Own(#field))).collect()
}

/// An expression for how many fields these come to: the place of the one after them.
pub(crate) fn place(before: &[FieldInput], root: &Path) -> TokenStream {
    let (mut own, mut groups) = (0_usize, TokenStream::new());
    for field in before {
        if field.attrs.flatten {
            let (ty, root) = (static_type(&field.ty), at(field.ty.span(), root));
            let fields = quote_spanned!(field.ty.span()=> <#ty as #root::__private::Group>::FIELDS);
            groups.extend(quote!(+ #fields.len()));
        } else {
            own += if field.attrs.error { 2 } else { 1 };
        }
    }
    quote!(#own #groups)
}

/// The constants of a field: one, or two for an error.
fn own(field: &FieldInput, root: &Path) -> Vec<TokenStream> {
    let mut fields = bare(field, root);
    let ty = &field.ty;
    let first = &fields[0];
    let mut first = if field.attrs.error {
        let optional = is_option(field);
        quote!(#first.with_type(#root::Type::Error, #optional))
    } else if let Some(with) = with(field, root, &ty.to_token_stream()) {
        quote!(#with.describe(#first))
    } else {
        let typed = quote!(#root::__private::Typed::<#ty>);
        quote!(#first.with_type(#typed::TYPE, #typed::OPTIONAL))
    };
    if let Some(unit) = &field.attrs.unit {
        first = quote!(#first.with_unit(#unit));
    }
    if let Some(limits) = limits(field, root) {
        let value_type = value_type(field, root, &ty.to_token_stream());
        first = quote!(#first.with_limits(const { &#limits.of(#value_type) }));
    }
    fields[0] = first;
    if let Some(causes) = fields.get_mut(1) {
        *causes = quote!(#causes.with_type(#root::Type::List(&#root::Type::Error), true));
    }
    fields
}

/// The same without types.
fn bare(field: &FieldInput, root: &Path) -> Vec<TokenStream> {
    let class = Ident::new(field.attrs.class.unwrap_or("Public"), Span::call_site());
    let constant = |name: &str, description: &dyn ToTokens| {
        let description = description.to_token_stream();
        let key = format!(",\"{name}\":");
        quote!(#root::Field::new(#name, #description, #root::Class::#class, #key))
    };
    let name = &field.name.0;
    let mut fields = vec![constant(name, &field.description)];
    if field.attrs.error {
        let what = format!("The causes of `{name}`, nearest first.");
        fields.push(constant(&format!("{name}.causes"), &what));
    }
    fields
}

/// An expression for the type of the field's values, `ty` being the type of the field.
fn value_type(field: &FieldInput, root: &Path, ty: &TokenStream) -> TokenStream {
    if field.attrs.error {
        return quote!(#root::Type::Error);
    }
    match with(field, root, ty) {
        Some(with) => quote!(#with.value_type()),
        None => quote!(#root::__private::Typed::<#ty>::TYPE),
    }
}

/// What calls the function that makes the value of a field. It stands in two places, and a fault of it is one error, since both say the same.
pub(crate) fn with(field: &FieldInput, root: &Path, ty: &TokenStream) -> Option<TokenStream> {
    let with = field.attrs.with.as_ref()?;
    let span = with.span();
    let root = at(span, root);
    // A function of `&str` can take a `&String` when it is called.
    Some(quote_spanned!(span=> #root::__private::with::<#ty, _>(|__field| #with(__field))))
}

/// What silences the lints on what the type has to do: to use its own fields, deprecated or not, and on what would have a [closure](with) left out.
pub(crate) fn lints(fields: &[FieldInput]) -> TokenStream {
    let has_closure = fields.iter().any(|field| field.attrs.with.is_some());
    let of_closures = has_closure.then(
        || quote!(#[allow(clippy::redundant_closure, clippy::redundant_closure_for_method_calls)]),
    );
    quote!(#[allow(deprecated)] #of_closures)
}

/// The path, as if it stood there.
pub(crate) fn at(span: Span, path: &Path) -> TokenStream {
    let tokens = path.to_token_stream().into_iter();
    tokens
        .map(|mut token| {
            token.set_span(span);
            token
        })
        .collect()
}

/// The limits that were given.
fn limits(field: &FieldInput, root: &Path) -> Option<TokenStream> {
    let attrs = &field.attrs;
    // Without the suffix that it may have been given.
    let max_len = attrs.max_len.as_ref().and_then(|max_len| max_len.base10_parse::<u32>().ok());
    let max_len = max_len.map(|max_len| quote!(.with_max_len(#max_len)));
    let range = attrs.range.as_ref().map(|range| {
        let range = range.tokens(root);
        quote!(.with_range(#range))
    });
    let root = at(limits_span(field), root);
    let is_limited = max_len.is_some() || range.is_some();
    is_limited.then(|| quote_spanned!(limits_span(field)=> #root::Limits::NONE #max_len #range))
}

fn limits_span(field: &FieldInput) -> Span {
    let attrs = &field.attrs;
    attrs.span_of("max_len").or(attrs.span_of("range")).unwrap_or(field.name.1)
}

/// A group as a part of a struct.
fn group(field: &FieldInput, root: &Path) -> TokenStream {
    let (prefix, span) = (&field.name.0, field.ty.span());
    let (ty, at_root) = (static_type(&field.ty), at(span, root));
    let of_group = quote_spanned!(span=> <#ty as #at_root::__private::Group>);
    let fields = quote_spanned!(span=> #of_group::FIELDS);
    let optional = quote_spanned!(span=> #of_group::OPTIONAL);
    let keys = if prefix.is_empty() {
        quote!("")
    } else {
        quote! {{
            const ROOM: ::core::primitive::usize =
                #root::__private::Keys::needs(#prefix, #fields);
            const KEYS: &#root::__private::Keys<ROOM> =
                &#root::__private::Keys::of(#prefix, #fields);
            KEYS.as_str()
        }}
    };
    quote!(#root::__private::Part::Group { fields: #fields, keys: #keys, optional: #optional })
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
