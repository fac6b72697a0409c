//! Lock files: what a program says of its events and keys, as data.
//!
//! A [`Lock`] is made from the registry of a program, or read from a file. It holds all that is needed to compare two of them and to export either:
//!
//! ```
//! use throughline_schema::lock::Lock;
//!
//! let lock = Lock::of_program();
//! let text = lock.to_json();
//! assert_eq!(Lock::parse(&text).unwrap(), lock);
//! println!("{}", lock.to_markdown());
//! ```
//!
//! `spec/schema.md` states the format, and which changes need a new version. To check a program against its committed lock file there is
//! [`assert_locked`](crate::testing::assert_locked).

mod collect;
mod compare;
mod conflict;
mod model;
mod rules;
mod types;

use std::fmt;

pub(crate) use collect::clashes;
pub use compare::{Difference, compare};
pub use conflict::{Conflict, conflicts};
pub use model::{EventShape, FieldShape, KeyShape, Lock};
pub use rules::{RULES, Rule};
pub use types::TypeShape;

/// The version of the format of lock files.
const FORMAT: u32 = 1;

impl Lock {
    /// Reads a lock file.
    ///
    /// # Errors
    ///
    /// If it is no lock file, or one that a later version of this crate wrote.
    pub fn parse(json: &str) -> Result<Lock, InvalidLock> {
        let mut lock: Lock =
            serde_json::from_str(json).map_err(|error| InvalidLock(error.to_string()))?;
        if lock.format != FORMAT {
            return Err(InvalidLock(format!("its format is {}, not {FORMAT}", lock.format)));
        }
        lock.sort();
        lock.check()?;
        Ok(lock)
    }

    /// The lock file: sorted, and the same bytes for the same lock.
    pub fn to_json(&self) -> String {
        let mut lock = self.clone();
        lock.sort();
        // There are no maps with keys that JSON does not have.
        let mut json = serde_json::to_string_pretty(&lock).unwrap_or_default();
        json.push('\n');
        json
    }

    /// The event of this name and version.
    pub fn event(&self, name: &str, version: u32) -> Option<&EventShape> {
        self.events.iter().find(|event| event.name == name && event.version == version)
    }

    fn sort(&mut self) {
        self.events.sort_by(|a, b| (&a.name, a.version).cmp(&(&b.name, b.version)));
        self.keys.sort_by(|a, b| a.name.cmp(&b.name));
    }

    /// Whether it says what a lock can say: those who export it need not doubt that.
    fn check(&self) -> Result<(), InvalidLock> {
        let fault = |what: String| Err(InvalidLock(what));
        for pair in self.events.windows(2) {
            if (&pair[0].name, pair[0].version) == (&pair[1].name, pair[1].version) {
                return fault(format!("{} v{} stands there twice", pair[0].name, pair[0].version));
            }
        }
        for pair in self.keys.windows(2) {
            if pair[0].name == pair[1].name {
                return fault(format!("the key {} stands there twice", pair[0].name));
            }
        }
        for event in &self.events {
            let names = || event.fields.iter().map(|field| field.name.as_str());
            let bad = std::iter::once(event.name.as_str()).chain(names());
            if let Some(name) = bad.into_iter().find(|name| !crate::is_name(name)) {
                return fault(format!("{name:?} is no name"));
            }
            if let Some((_, twice)) = names()
                .enumerate()
                .find(|(at, name)| names().take(*at).any(|before| before == *name))
            {
                return fault(format!("{} v{} has two fields {twice}", event.name, event.version));
            }
        }
        match self.keys.iter().find(|key| !crate::is_name(&key.name)) {
            Some(key) => fault(format!("{:?} is no name", key.name)),
            None => Ok(()),
        }
    }
}

/// A text is no lock file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidLock(String);

impl fmt::Display for InvalidLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a lock file: {}", self.0)
    }
}

impl std::error::Error for InvalidLock {}
