//! The bounds of a number, as Rust writes them: `0..=100`, `1..`, `..0.5`.

use proc_macro2::{Delimiter, Span, TokenStream};
use quote::quote;
use syn::buffer::Cursor;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Lit, LitStr, Path, Token};

/// Bounds, both of which a number may reach.
pub(crate) enum Range {
    Integer { min: Option<i128>, max: Option<i128> },
    Float { min: Option<f64>, max: Option<f64> },
}

enum Bound {
    Integer(i128),
    Float(f64),
}

impl Range {
    /// A range, in quotes or not.
    pub(crate) fn read(input: ParseStream<'_>) -> syn::Result<Range> {
        if let Some(inside) = in_group(input)? {
            return Range::read.parse2(inside);
        }
        if input.peek(LitStr) { input.parse::<LitStr>()?.parse() } else { input.parse() }
    }

    pub(crate) fn tokens(&self, root: &Path) -> TokenStream {
        match self {
            Range::Integer { min, max } => {
                let (min, max) = (option(*min), option(*max));
                quote!(#root::Range::Integer { min: #min, max: #max })
            }
            Range::Float { min, max } => {
                let (min, max) = (option(*min), option(*max));
                quote!(#root::Range::Float { min: #min, max: #max })
            }
        }
    }
}

/// What is inside of the invisible group in which the range stands if a macro took it as a parameter.
fn in_group(input: ParseStream<'_>) -> syn::Result<Option<TokenStream>> {
    input.step(|cursor| {
        Ok(match cursor.group(Delimiter::None) {
            Some((inside, _, after)) if after.eof() || is_comma(after) => {
                (Some(inside.token_stream()), after)
            }
            _ => (None, *cursor),
        })
    })
}

fn is_comma(cursor: Cursor<'_>) -> bool {
    cursor.punct().is_some_and(|(punct, _)| punct.as_char() == ',')
}

fn option(value: Option<impl quote::ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

impl Parse for Range {
    fn parse(input: ParseStream<'_>) -> syn::Result<Range> {
        let span = input.span();
        let min = bound(input)?;
        let inclusive = input.peek(Token![..=]);
        if inclusive {
            input.parse::<Token![..=]>()?;
        } else {
            input.parse::<Token![..]>().map_err(|_| expected(span))?;
        }
        let max = bound(input)?;
        range(min, max, inclusive, span)
    }
}

fn expected(span: Span) -> syn::Error {
    syn::Error::new(span, "expected a range of numbers: `0..=100`, `1..` or `..=0.5`")
}

fn bound(input: ParseStream<'_>) -> syn::Result<Option<Bound>> {
    let is_end = input.is_empty() || input.peek(Token![,]);
    if is_end || input.peek(Token![..]) || input.peek(Token![..=]) {
        return Ok(None);
    }
    let span = input.span();
    let sign = if input.peek(Token![-]) { "-" } else { "" };
    if !sign.is_empty() {
        input.parse::<Token![-]>()?;
    }
    // A constant cannot be read: a macro sees its name only.
    let bound = match input.parse::<Lit>().map_err(|_| expected(span))? {
        Lit::Int(int) => {
            let digits = format!("{sign}{}", int.base10_digits());
            let value = digits
                .parse()
                .map_err(|_| syn::Error::new(span, "a bound lies between -2^127 and 2^127 - 1"))?;
            Bound::Integer(value)
        }
        Lit::Float(float) => {
            let value: f64 = float.base10_parse()?;
            if !value.is_finite() {
                return Err(syn::Error::new(
                    span,
                    "a bound is finite: no 64-bit float is as great",
                ));
            }
            Bound::Float(if sign.is_empty() { value } else { -value })
        }
        _ => return Err(expected(span)),
    };
    Ok(Some(bound))
}

fn range(
    min: Option<Bound>,
    max: Option<Bound>,
    inclusive: bool,
    span: Span,
) -> syn::Result<Range> {
    let has_max = max.is_some();
    if min.is_none() && max.is_none() {
        return Err(expected(span));
    }
    let is_float = |bound: &Option<Bound>| matches!(bound, Some(Bound::Float(_)));
    if is_float(&min) || is_float(&max) {
        if has_max && !inclusive {
            return Err(syn::Error::new(span, "a range of floats includes its end: `0.0..=1.0`"));
        }
        let float = |bound| match bound {
            Bound::Integer(value) => value as f64,
            Bound::Float(value) => value,
        };
        return Ok(Range::Float { min: min.map(float), max: max.map(float) });
    }
    let integer = |bound| match bound {
        Bound::Integer(value) => value,
        Bound::Float(_) => unreachable!("floats are dealt with"),
    };
    let (min, mut max) = (min.map(integer), max.map(integer));
    if let (Some(end), false) = (max, inclusive) {
        let before = end.checked_sub(1);
        max =
            Some(before.ok_or_else(|| syn::Error::new(span, "no number lies within this range"))?);
    }
    Ok(Range::Integer { min, max })
}
