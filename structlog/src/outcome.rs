use std::error::Error;
use std::fmt::Display;
use std::time::{Duration, SystemTime};

use throughline_schema::{Field, Fields, Outcome, Scalar, Value, ValueWriter, Visitor};

/// Whether these are the fields of a unit of work that did not end well: whether there is an `outcome`, and it is not `ok`.
#[cold]
pub(crate) fn failed<F: Fields>(fields: &F) -> bool {
    let mut finder = Finder { failed: false };
    fields.visit(&mut finder);
    finder.failed
}

struct Finder {
    failed: bool,
}

impl Visitor for Finder {
    fn field<T: Value + ?Sized>(&mut self, field: &'static Field, value: &T) {
        if field.name == "outcome" {
            value.write(self);
        }
    }

    fn error(&mut self, _: &'static Field, _: &'static Field, _: &(dyn Error + '_)) {}
}

/// Takes the outcome, which is text.
impl ValueWriter for &mut Finder {
    fn str(self, value: &str) {
        self.failed = value != Outcome::Ok.as_str();
    }

    fn bool(self, _: bool) {}
    fn i64(self, _: i64) {}
    fn u64(self, _: u64) {}
    fn i128(self, _: i128) {}
    fn u128(self, _: u128) {}
    fn f32(self, _: f32) {}
    fn f64(self, _: f64) {}
    fn display(self, _: &(dyn Display + '_)) {}
    fn duration(self, _: Duration) {}
    fn time(self, _: SystemTime) {}
    fn list<'a, T: Scalar + 'a>(self, _: impl Iterator<Item = &'a T>) {}
}
