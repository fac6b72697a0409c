//! Whether stored lines are what a lock file says.
//!
//! A [`Linter`] reads each line once, without building a tree of it, and tells of each [`Fault`] what was expected and what was found. What it takes for valid, the JSON Schema of the lock file takes for
//! valid too. Beyond what a schema can say, it finds members that stand twice, characters that have to be escaped, and lengths in bytes.
//!
//! ```
//! use throughline_collector::lint::Linter;
//! use throughline_schema::lock::Lock;
//!
//! let lock = Lock::parse(
//!     r#"{"format":1,"keys":[],"events":[{"name":"user.login_failed","version":1,"level":"error","kind":"log","message":"Failed",
//!     "description":"A login was refused.","fields":[{"name":"attempts","type":"u32","since":1,"description":"How often."}]}]}"#,
//! )
//! .unwrap();
//! let line = br#"{"timestamp":"2026-11-21T09:28:31.123456Z","level":"ERROR","event":"user.login_failed","version":1,"message":"Failed","service":{"name":"accounts"},"attempts":"3"}"#;
//! let mut faults = Vec::new();
//! Linter::new(lock).check(line, &mut faults);
//! assert_eq!(faults[0].to_string(), "user.login_failed v1, attempts: expected u32, found \"3\"");
//! ```

mod fault;
mod head;
mod json;
mod line;
mod number;
mod objects;
mod parts;
mod read;
mod text;
mod unknown;
mod value;

use std::collections::HashMap;

pub use fault::Fault;
pub(crate) use read::{Line, Lines};
use throughline_schema::lock::{EventShape, KeyShape, Lock};
use unknown::Unknown;

/// The longest line, in bytes, without its line feed (`spec/event.md`, "Limits").
const MAX_LINE: usize = 1 << 20;

/// Checks lines against what a lock file says, and against the contract.
#[derive(Debug)]
pub struct Linter {
    events: HashMap<String, Vec<Known>>,
    keys: HashMap<String, KeyShape>,
    unknown: Unknown,
}

/// One version of an event.
#[derive(Debug)]
struct Known {
    shape: EventShape,
    /// Where each field stands in the shape.
    fields: HashMap<String, usize>,
}

impl Linter {
    /// Checks lines against this lock. With an empty one, it checks the contract alone.
    pub fn new(lock: Lock) -> Linter {
        let mut events: HashMap<String, Vec<Known>> = HashMap::new();
        for shape in lock.events {
            let names = shape.fields.iter().enumerate();
            let fields = names.map(|(index, field)| (field.name.clone(), index)).collect();
            events.entry(shape.name.clone()).or_default().push(Known { shape, fields });
        }
        let keys = lock.keys.into_iter().map(|key| (key.name.clone(), key)).collect();
        Linter { events, keys, unknown: Unknown::default() }
    }

    /// Checks one line, without its line feed, and adds what is wrong with it to `faults`, at most 100 faults.
    ///
    /// A version of an event that the lock does not have is counted, and checked against the contract alone.
    pub fn check(&mut self, line: &[u8], faults: &mut Vec<Fault>) {
        line::check(self, line, faults);
    }

    /// The versions of events that the lock does not have, and how many lines each had. Beyond 1000 of them, the last pair, which has no name, stands for the rest.
    pub fn unknown(&self) -> impl Iterator<Item = (&str, u64)> {
        self.unknown.iter()
    }

    fn known(&self, name: &str, version: u128) -> Option<&Known> {
        self.events.get(name)?.iter().find(|known| u128::from(known.shape.version) == version)
    }
}
