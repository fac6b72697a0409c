//! The derive compiles where every name that it could lean on means something else, and raises no lint.

#![deny(warnings, clippy::all, clippy::pedantic)]
#![allow(dead_code, clippy::doc_markdown, reason = "of what stands here, not of what is derived")]

#[allow(non_camel_case_types)]
mod shadowed {
    struct Option;
    struct Some;
    struct None;
    struct Result;
    struct Ok;
    struct Err;
    struct Vec;
    struct String;
    struct Box;
    struct str;
    struct u32;
    struct usize;
    struct Head;
    struct Field;
    struct Fields;
    struct Visitor;
    struct Event;
    mod core {}
    mod std {}
    mod throughline_schema {}

    /// An event among strangers.
    #[derive(::throughline_schema::Event)]
    #[event(name = "among.strangers", version = 1, level = "info", message = "Among strangers")]
    struct AmongStrangers<'a, T> {
        /// A value.
        value: T,
        /// Perhaps a text.
        text: ::std::option::Option<&'a ::core::primitive::str>,
        /// Perhaps an error.
        #[event(error)]
        error: ::core::option::Option<&'a (dyn ::core::error::Error + 'static)>,
    }
}
