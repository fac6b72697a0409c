use crate::{Field, Level};

/// What an event type states about itself. The derive writes it as a constant.
#[derive(Debug)]
#[non_exhaustive]
pub struct Descriptor {
    /// The name of the event: lower case, in parts joined by dots.
    pub name: &'static str,
    /// The version of the event's shape: 1 or more.
    pub version: u32,
    /// The level at which it is written.
    pub level: Level,
    /// What sort of event it is.
    pub kind: Kind,
    /// One sentence for people. Of a [template](Descriptor::is_template) it is the pattern: `login of {user} failed`.
    pub message: &'static str,
    /// What the event means, for people: the doc comment of the type.
    pub description: &'static str,
    /// The fields, in the order in which they are written.
    pub fields: &'static [Field],
    /// What happens to it where there is no room for all events.
    pub delivery: Delivery,
    template: bool,
    head: &'static str,
}

impl Descriptor {
    /// For the macros, which make `head` of the other arguments.
    #[doc(hidden)]
    #[allow(clippy::too_many_arguments)]
    pub const fn new(
        name: &'static str,
        version: u32,
        level: Level,
        kind: Kind,
        message: &'static str,
        description: &'static str,
        fields: &'static [Field],
        head: &'static str,
    ) -> Descriptor {
        let (delivery, template) = (Delivery::ByLevel, false);
        Descriptor {
            name,
            version,
            level,
            kind,
            message,
            description,
            fields,
            delivery,
            template,
            head,
        }
    }

    /// The same, delivered in another way.
    #[must_use]
    pub const fn with_delivery(mut self, delivery: Delivery) -> Descriptor {
        self.delivery = delivery;
        self
    }

    /// For the macros: the same, with a message that each event fills in, and a `head` that ends where it begins.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_template(mut self) -> Descriptor {
        self.template = true;
        self
    }

    /// Whether [`message`](Descriptor::message) has placeholders, which each event [fills in](crate::Fields::visit_message).
    #[inline]
    pub const fn is_template(&self) -> bool {
        self.template
    }

    /// The constant part of the event's line, from the end of the timestamp to the end of the message, as JSON:
    /// `","level":"…","event":"…","version":…,"message":"…"`. Of a [template](Descriptor::is_template) it ends where the
    /// message begins, after `"message":"`.
    #[inline]
    pub const fn head(&self) -> &'static str {
        self.head
    }

    /// The part of [`head`](Descriptor::head) that follows the level: for an event that is written at another one.
    #[inline]
    pub fn head_after_level(&self) -> &'static str {
        &self.head[crate::head::LEVEL.len() + self.level.as_str().len()..]
    }
}

/// What sort of event a line is (`spec/event.md`, `kind`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Something happened.
    Log,
    /// A unit of work was finished. It has the fields `duration_us` and `outcome`.
    Span,
    /// Something was measured.
    Metric,
}

/// What happens to an event where there is no room for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Delivery {
    /// Its level decides: the least important are lost first.
    #[default]
    ByLevel,
    /// Whoever emits it waits for room, up to a stated time.
    Must,
}

impl Delivery {
    /// The delivery as schemas name it: `by_level` or `must`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Delivery::ByLevel => "by_level",
            Delivery::Must => "must",
        }
    }
}

impl Kind {
    /// The kind as schemas name it: `log`, `span` or `metric`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Log => "log",
            Kind::Span => "span",
            Kind::Metric => "metric",
        }
    }
}
