//! The derive, from the outside.

mod derive;
mod hygiene;

/// Each file of `tests/ui` makes the mistake that it is named after, and the compiler says what its `.stderr` says.
#[test]
fn mistakes_are_explained_where_they_are_made() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
