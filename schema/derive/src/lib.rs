//! The derive macros of `throughline-schema`. They are documented where they are used: see `throughline_schema::Event`.

#![forbid(unsafe_code)]

mod attr;
mod check;
mod expand;
mod input;

use proc_macro::TokenStream;
use syn::{DeriveInput, Path, parse_macro_input, parse_quote};

/// Derives `throughline_schema::Event`.
#[proc_macro_derive(Event, attributes(event))]
pub fn event(input: TokenStream) -> TokenStream {
    derive(parse_macro_input!(input), parse_quote!(::throughline_schema))
}

/// The same derive under the same name for those who depend on the facade alone.
#[doc(hidden)]
#[proc_macro_derive(EventFromFacade, attributes(event))]
pub fn event_from_facade(input: TokenStream) -> TokenStream {
    derive(parse_macro_input!(input), parse_quote!(::throughline::schema))
}

fn derive(input: DeriveInput, root: Path) -> TokenStream {
    let (event, mut faults) = input::read(&input, root);
    check::check(&event, &mut faults);
    match faults.all() {
        None => expand::event(&event),
        Some(errors) => expand::stub(&event, errors),
    }
    .into()
}
