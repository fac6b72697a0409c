//! Groups of fields within events.

use throughline_schema::{Class, Event, Fields, Type};

use crate::listing;

/// A size.
#[derive(Fields)]
struct Size {
    /// How many bytes.
    #[event(unit = "By", range = 0..=1000)]
    bytes: u64,
    /// What went wrong with it.
    #[event(error)]
    fault: Option<std::fmt::Error>,
}

/// One side of a call.
#[derive(Fields)]
struct Message<'a> {
    /// Who sent it.
    #[event(class = "personal", rename = "from")]
    sender: &'a str,
    /// How large it is.
    #[event(flatten)]
    body: Size,
}

/// A call was made.
#[derive(Event)]
#[event(name = "call.made", version = 1, level = "info", message = "{id} made")]
struct Call<'a> {
    /// First of its own.
    first: u8,
    #[event(flatten)]
    request: Message<'a>,
    /// Between them.
    id: u8,
    #[event(flatten = "http.response")]
    response: Option<Box<Message<'a>>>,
    #[event(flatten = "")]
    plain: &'a Size,
    /// Last.
    last: bool,
}

fn names<E: Event>() -> Vec<&'static str> {
    E::DESCRIPTOR.fields.iter().map(|field| field.name).collect()
}

#[test]
fn the_fields_of_groups_stand_in_place_under_dotted_names() {
    let expected = [
        "first",
        "request.from",
        "request.body.bytes",
        "request.body.fault",
        "request.body.fault.causes",
        "id",
        "http.response.from",
        "http.response.body.bytes",
        "http.response.body.fault",
        "http.response.body.fault.causes",
        "bytes",
        "fault",
        "fault.causes",
        "last",
    ];
    assert_eq!(names::<Call<'_>>(), expected);
    for field in Call::DESCRIPTOR.fields {
        assert_eq!(field.key(), format!(",\"{}\":", field.name));
        assert!(!field.description.is_empty() && field.value_type.is_some());
    }
}

#[test]
fn what_is_said_of_a_field_holds_in_every_place() {
    let field = |name| *Call::DESCRIPTOR.fields.iter().find(|field| field.name == name).unwrap();
    for name in ["request.body.bytes", "http.response.body.bytes", "bytes"] {
        assert_eq!(field(name).unit, Some("By"));
        assert_eq!(field(name).limits.unwrap().range.unwrap().to_string(), "0..=1000");
    }
    assert_eq!(field("request.from").class, Class::Personal);
    assert_eq!(field("request.from").value_type, Some(Type::Text));
    assert!(!field("request.from").optional && !field("bytes").optional);
    // The group as a whole may be absent.
    assert!(field("http.response.from").optional && field("fault").optional);
}

#[test]
fn values_come_under_the_names_of_their_places() {
    let size = |bytes| Size { bytes, fault: None };
    let message = |sender, bytes| Message { sender, body: size(bytes) };
    let (plain, fault) = (size(3), Size { bytes: 4, fault: Some(std::fmt::Error) });
    let mut call = Call {
        first: 0,
        request: message("a", 1),
        id: 7,
        response: Some(Box::new(message("b", 2))),
        plain: &plain,
        last: true,
    };
    let expected = [
        "first=0",
        "request.from=\"a\"",
        "request.body.bytes=1",
        "id=7",
        "http.response.from=\"b\"",
        "http.response.body.bytes=2",
        "bytes=3",
        "last=true",
    ];
    assert_eq!(listing(&call), expected);
    (call.response, call.plain) = (None, &fault);
    let listing = listing(&call);
    assert_eq!(listing[4..6], ["bytes=4", "fault=an error occurred when formatting an argument"]);
}

/// A group of some type.
#[derive(Fields)]
struct Reading<T> {
    /// What was read.
    value: T,
}

/// Two things were read.
#[derive(Event)]
#[event(name = "read", version = 1, level = "info", message = "Read")]
struct Read<T> {
    #[event(flatten)]
    celsius: Reading<f64>,
    /// Something else.
    other: T,
    #[event(flatten)]
    count: Reading<u32>,
}

#[test]
fn groups_and_events_may_have_type_parameters() {
    let fields = Read::<bool>::DESCRIPTOR.fields;
    assert_eq!(names::<Read<bool>>(), ["celsius.value", "other", "count.value"]);
    assert_eq!(fields[0].value_type, Some(Type::F64));
    assert_eq!(fields[1].value_type, Some(Type::Bool));
    let read = Read { celsius: Reading { value: 1.5 }, other: "x", count: Reading { value: 2 } };
    assert_eq!(listing(&read), ["celsius.value=1.5", "other=\"x\"", "count.value=2"]);
}

/// Nothing.
#[derive(Fields)]
struct Nothing {}

/// Nothing much.
#[derive(Event)]
#[event(name = "nothing", version = 1, level = "info", message = "Nothing")]
struct NothingMuch {
    #[event(flatten)]
    nothing: Nothing,
}

#[test]
fn a_group_may_be_empty() {
    assert_eq!(names::<NothingMuch>(), [""; 0]);
    assert_eq!(listing(&NothingMuch { nothing: Nothing {} }), [""; 0]);
}
