//! The events that these crates write of their own are those of `spec/events.lock.json`. Alone in a binary, where no events of other tests are linked in.

use throughline as _;

#[test]
fn the_events_of_this_project_are_as_agreed() {
    throughline_schema::testing::assert_locked("spec/events.lock.json");
}
