//! The derive, from the outside.

mod derive;
#[cfg(feature = "lock")]
mod evolution;
#[cfg(feature = "lock")]
mod export;
mod facts;
mod groups;
mod hygiene;
#[cfg(feature = "lock")]
mod lock;
mod made_by_macros;
mod parameters;
mod templates;
mod vectors;

use std::error::Error;
use std::fmt;

use throughline_schema::{Event, Field, Value, ValueWriter, Visitor};

/// Writes each field as `name=value` with the debug form of the value.
#[derive(Default)]
struct Listing(Vec<String>);

impl Visitor for Listing {
    fn field<T: Value + ?Sized>(&mut self, field: &'static Field, value: &T) {
        if !value.is_absent() {
            let mut text = String::new();
            value.write(Plain(&mut text));
            self.0.push(format!("{}={text}", field.name));
        }
    }

    fn error(&mut self, field: &'static Field, causes: &'static Field, error: &(dyn Error + '_)) {
        self.0.push(format!("{}={error}", field.name));
        let mut cause = error.source();
        while let Some(error) = cause {
            self.0.push(format!("{}={error}", causes.name));
            cause = error.source();
        }
    }
}

struct Plain<'a>(&'a mut String);

macro_rules! plain {
    ($($method:ident($type:ty)),*) => {$(
        fn $method(self, value: $type) {
            use fmt::Write;
            write!(self.0, "{value:?}").unwrap();
        }
    )*};
}

impl ValueWriter for Plain<'_> {
    plain! {
        bool(bool), i64(i64), u64(u64), i128(i128), u128(u128), f32(f32), f64(f64), str(&str),
        duration(std::time::Duration), time(std::time::SystemTime)
    }

    fn display(self, value: &dyn fmt::Display) {
        self.0.push_str(&value.to_string());
    }

    fn list<'a, T: throughline_schema::Scalar + 'a>(self, values: impl Iterator<Item = &'a T>) {
        for value in values {
            value.write(Plain(self.0));
            self.0.push(';');
        }
    }
}

fn listing(event: &impl Event) -> Vec<String> {
    let mut listing = Listing::default();
    event.visit(&mut listing);
    listing.0
}

/// Each file of `tests/ui` makes the mistake that it is named after, and the compiler says what its `.stderr` says.
#[test]
fn mistakes_are_explained_where_they_are_made() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
