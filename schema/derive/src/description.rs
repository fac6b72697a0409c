//! Doc comments.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Expr, Lit, Meta};

use crate::attr::peel;

/// What a doc comment says: its lines, trimmed and joined.
#[derive(Default)]
pub(crate) struct Description {
    /// What comes before `text` if it is not all text: literals, and calls of macros that make one, as `concat!` takes them.
    made: Vec<TokenStream>,
    text: String,
}

impl Description {
    pub(crate) fn read(attrs: &[Attribute]) -> Description {
        let mut read = Description::default();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("doc")) {
            let Meta::NameValue(meta) = &attr.meta else { continue };
            match peel(&meta.value) {
                Expr::Lit(expr) => {
                    if let Lit::Str(line) = &expr.lit {
                        read.line(line.value().trim());
                    }
                }
                made => read.made(made),
            }
        }
        read
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.made.is_empty() && self.text.is_empty()
    }

    fn line(&mut self, line: &str) {
        if !self.is_empty() && !line.is_empty() {
            self.text.push(' ');
        }
        self.text.push_str(line);
    }

    fn made(&mut self, expr: &Expr) {
        if !self.is_empty() {
            self.text.push(' ');
            let before = std::mem::take(&mut self.text);
            self.made.push(before.to_token_stream());
        }
        self.made.push(expr.to_token_stream());
    }
}

impl ToTokens for Description {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Description { made, text } = self;
        tokens.extend(if made.is_empty() {
            text.to_token_stream()
        } else {
            quote!(::core::primitive::str::trim_ascii(::core::concat!(#(#made,)* #text)))
        });
    }
}
