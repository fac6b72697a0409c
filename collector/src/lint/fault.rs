use std::fmt;

use super::MAX_LINE;

/// Something that is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// The name and version of the event, where the line has a name: `user.login_failed v1`.
    pub event: Option<String>,
    /// The member, where it is about one: `attempts`, `context.id`.
    pub field: Option<String>,
    /// What was expected.
    pub expected: String,
    /// What was found. Nothing but the type of what is not public.
    pub found: String,
}

impl Fault {
    pub(super) fn new(expected: impl Into<String>, found: impl Into<String>) -> Fault {
        Fault { event: None, field: None, expected: expected.into(), found: found.into() }
    }

    /// The line has more bytes than a line may have.
    pub(crate) fn too_long(bytes: u64) -> Fault {
        Fault::new(format!("at most {MAX_LINE} bytes"), format!("{bytes} bytes"))
    }

    pub(super) fn of(mut self, event: Option<&str>) -> Fault {
        self.event = event.map(str::to_owned);
        self
    }

    pub(super) fn at(mut self, field: impl Into<String>) -> Fault {
        self.field = Some(field.into());
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.event, &self.field) {
            (Some(event), Some(field)) => write!(f, "{event}, {field}: ")?,
            (Some(name), None) | (None, Some(name)) => write!(f, "{name}: ")?,
            (None, None) => {}
        }
        write!(f, "expected {}, found {}", self.expected, self.found)
    }
}
