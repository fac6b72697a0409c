//! Event types that a macro of the program makes: what it took as a parameter comes in invisible groups.

use std::io;

use throughline_schema::{Event, Fields, Level, Type, Value};

use crate::listing;

macro_rules! event {
    (
        $event:ident, $name:literal, $version:literal, $level:expr, $doc:expr,
        $field:ident: $value:ty, $max_len:literal, $max:literal, $range:expr, $error:ty, $unit:expr,
        $with:path
    ) => {
        #[doc = $doc]
        #[derive(Event)]
        #[event(name = $name, version = $version, level = $level, message = $doc)]
        struct $event {
            #[doc = $doc]
            #[event(max_len = $max_len)]
            $field: $value,
            #[doc = $doc]
            #[event(range = -1..=$max, unit = $unit)]
            number: i64,
            #[doc = $doc]
            #[event(range = $range, unit = $unit)]
            share: f64,
            #[doc = $doc]
            #[event(error)]
            error: $error,
            #[doc = $doc]
            #[event(with = $with)]
            shown: std::num::NonZero<u8>,
        }
    };
}

event!(
    Made, "made", 3, "warn", "It was made.",
    text: Option<String>, 5, 100, 0.0..=0.5, Option<io::Error>, "1",
    throughline_schema::AsDisplay
);

#[test]
fn an_event_may_take_its_facts_from_the_parameters_of_a_macro() {
    let made = Made::DESCRIPTOR;
    assert_eq!((made.name, made.version, made.level), ("made", 3, Level::Warn));
    assert_eq!((made.message, made.description), ("It was made.", "It was made."));
    let text = &made.fields[0];
    assert_eq!((text.description, text.optional), ("It was made.", true));
    assert_eq!(text.limits.unwrap().max_len, Some(5));
    let range = |field: usize| made.fields[field].limits.unwrap().range.unwrap().to_string();
    assert_eq!((range(1), range(2)), ("-1..=100".to_owned(), "0.0..=0.5".to_owned()));
    assert_eq!(made.fields[2].unit, Some("1"));
    assert!(made.fields[3].optional);
    let event = Made {
        text: None,
        number: 1,
        share: 0.5,
        error: None,
        shown: std::num::NonZero::<u8>::MIN,
    };
    assert_eq!(listing(&event), ["number=1", "share=0.5", "shown=1"]);
    let event = Made { error: Some(io::Error::other("broken")), ..event };
    assert_eq!(listing(&event)[2], "error=broken");
}

/// A group whose docs are made by macros.
#[derive(Fields)]
struct Group {
    #[doc = concat!("The ", "id.")]
    id: u8,
}

#[doc = " Of some parts,"]
#[doc = concat!(" the second ", stringify!(made ))]
#[doc = ""]
/// by a macro.
#[derive(Event)]
#[event(name = "made.docs", version = 2_u64, level = "info", message = "Made")]
struct Docs {
    #[event(flatten)]
    group: Group,
    #[doc = include_str!("../ui/no_attributes.rs")]
    file: Set,
    /// A text.
    #[event(max_len = 0x10usize)]
    text: &'static str,
}

/// A set.
#[derive(Value)]
enum Set {
    #[doc = concat!("The ", "one.")]
    One,
}

#[test]
fn docs_may_be_made_by_macros_and_numbers_have_suffixes() {
    let docs = Docs::DESCRIPTOR;
    assert_eq!(docs.description, "Of some parts,  the second made by a macro.");
    assert_eq!(docs.version, 2);
    assert_eq!(docs.fields[0].description, "The id.");
    assert_eq!(docs.fields[1].description, include_str!("../ui/no_attributes.rs").trim());
    assert_eq!(docs.fields[2].limits.unwrap().max_len, Some(16));
    let Some(Type::Set([one])) = docs.fields[1].value_type else { panic!() };
    assert_eq!(one.description, "The one.");
    let event = Docs { group: Group { id: 1 }, file: Set::One, text: "t" };
    assert_eq!(listing(&event), ["group.id=1", "file=\"one\"", "text=\"t\""]);
}
