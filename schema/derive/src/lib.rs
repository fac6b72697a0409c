//! The derive macros of `throughline-schema`. They are documented where they are used: see `throughline_schema::Event`.

#![forbid(unsafe_code)]

mod attr;
mod check;
mod description;
mod expand;
mod fields;
mod input;
mod range;
mod set;
mod template;
mod unit;
mod visit;

use proc_macro::TokenStream;
use syn::{DeriveInput, Path, parse_macro_input, parse_quote};

/// Derives `throughline_schema::Event`.
#[proc_macro_derive(Event, attributes(event))]
pub fn event(input: TokenStream) -> TokenStream {
    derive(&parse_macro_input!(input), true, parse_quote!(::throughline_schema))
}

/// Derives `throughline_schema::Fields`.
#[proc_macro_derive(Fields, attributes(event))]
pub fn fields(input: TokenStream) -> TokenStream {
    derive(&parse_macro_input!(input), false, parse_quote!(::throughline_schema))
}

/// Derives `throughline_schema::Value` for a closed set.
#[proc_macro_derive(Value, attributes(event))]
pub fn value(input: TokenStream) -> TokenStream {
    set::derive(&parse_macro_input!(input), parse_quote!(::throughline_schema)).into()
}

/// The same derive under the same name for those who depend on the facade alone.
#[doc(hidden)]
#[proc_macro_derive(EventFromFacade, attributes(event))]
pub fn event_from_facade(input: TokenStream) -> TokenStream {
    derive(&parse_macro_input!(input), true, parse_quote!(::throughline::schema))
}

/// As [`event_from_facade`].
#[doc(hidden)]
#[proc_macro_derive(FieldsFromFacade, attributes(event))]
pub fn fields_from_facade(input: TokenStream) -> TokenStream {
    derive(&parse_macro_input!(input), false, parse_quote!(::throughline::schema))
}

/// As [`event_from_facade`].
#[doc(hidden)]
#[proc_macro_derive(ValueFromFacade, attributes(event))]
pub fn value_from_facade(input: TokenStream) -> TokenStream {
    set::derive(&parse_macro_input!(input), parse_quote!(::throughline::schema)).into()
}

fn derive(input: &DeriveInput, is_event: bool, root: Path) -> TokenStream {
    let mut faults = input::Faults::default();
    let input = input::read(input, is_event, root, &mut faults);
    check::check(&input, &mut faults);
    match faults.all() {
        None if is_event => expand::event(&input),
        None => expand::group(&input),
        Some(errors) => {
            let mut tokens = errors.into_compile_error();
            tokens.extend(expand::stub(&input));
            tokens
        }
    }
    .into()
}
