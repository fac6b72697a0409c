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
    struct Value;
    struct Type;
    struct Limits;
    struct Range;
    struct Text;
    mod core {}
    mod std {}
    mod throughline_schema {}

    /// One of a set.
    #[derive(::throughline_schema::Value)]
    enum Set {
        /// This.
        This,
        /// That.
        Self_,
        /// That other.
        #[deprecated]
        Other,
    }

    /// A group among strangers.
    #[derive(::throughline_schema::Fields)]
    struct GroupAmongStrangers<'a> {
        /// One of a set.
        set: Set,
        /// A text.
        #[event(with = ::throughline_schema::AsDisplay, max_len = 3)]
        shown: &'a ::core::primitive::str,
    }

    /// A group that is no longer used.
    #[deprecated]
    #[derive(::throughline_schema::Fields)]
    struct Former {
        /// A text.
        #[deprecated]
        #[event(with = ::throughline_schema::AsDisplay, max_len = 3)]
        text: ::std::string::String,
    }

    /// An event that is no longer used.
    #[deprecated]
    #[derive(::throughline_schema::Event)]
    #[event(name = "among.former", version = 1, level = "info", message = "Former {number}")]
    struct AmongFormer {
        #[deprecated]
        #[allow(deprecated)]
        #[event(flatten)]
        group: Former,
        /// A number.
        #[deprecated]
        #[event(range = 0..=5)]
        number: u8,
        /// An error.
        #[deprecated]
        #[event(error)]
        error: ::core::option::Option<::core::fmt::Error>,
    }

    /// An event among strangers, without parameters.
    #[derive(::throughline_schema::Event)]
    #[event(
        name = "among.them",
        version = 1,
        level = "info",
        message = "Among {value}",
        delivery = "must"
    )]
    struct AmongThem<'a> {
        #[event(flatten)]
        group: ::core::option::Option<GroupAmongStrangers<'a>>,
        /// A value.
        #[event(range = 0.0..=1.0, unit = "1")]
        value: f64,
    }

    /// An event among strangers.
    #[derive(::throughline_schema::Event)]
    #[event(
        name = "among.strangers",
        version = 1,
        level = "info",
        message = "Among {error} {text}"
    )]
    struct AmongStrangers<'a, T> {
        #[event(flatten = "other")]
        group: &'a GroupAmongStrangers<'a>,
        /// A value.
        value: T,
        /// Perhaps a text.
        text: ::std::option::Option<&'a ::core::primitive::str>,
        /// Perhaps an error.
        #[event(error)]
        error: ::core::option::Option<&'a (dyn ::core::error::Error + 'static)>,
    }
}
