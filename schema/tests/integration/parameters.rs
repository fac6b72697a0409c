//! Types with parameters.

use throughline_schema::{Event, Fields, Limits, Range};

use crate::listing;

/// A group of as many as are asked for.
#[derive(Fields)]
struct Some<const N: usize> {
    /// Some numbers.
    #[event(max_len = 2, range = 0..=5)]
    numbers: [u8; N],
}

/// An event of as many as are asked for.
#[derive(Event)]
#[event(name = "many", version = 1, level = "info", message = "Many: {numbers}")]
struct Many<'a, T: ?Sized, const N: usize = 3> {
    #[event(flatten)]
    some: Some<1>,
    /// Many numbers.
    #[event(max_len = 3, range = ..=7)]
    numbers: [u8; N],
    /// A text.
    #[event(max_len = 5)]
    text: &'a T,
}

#[test]
fn what_depends_on_a_const_parameter_may_have_limits() {
    let fields = Many::<str, 2>::DESCRIPTOR.fields;
    let range = Range::Integer { min: None, max: Some(7) };
    assert_eq!(fields[1].limits, Some(&Limits::NONE.with_max_len(3).with_range(range)));
    assert_eq!(fields[2].limits, Some(&Limits::NONE.with_max_len(5)));
    let event = Many { some: Some { numbers: [1] }, numbers: [2, 3], text: "t" };
    let lines = ["some.numbers=1;", "numbers=2;3;", "text=\"t\""];
    assert_eq!(listing(&event), lines);
}
