//! The table of `spec/schema.md`, "Evolution".

/// What may change in one version of an event, or in a key, and what may not.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// The name of the change.
    pub change: &'static str,
    /// Whether readers of what was there before fail, or are misled.
    pub breaks: bool,
    /// Why it breaks them, or why not.
    pub why: &'static str,
}

const fn breaks(change: &'static str, why: &'static str) -> Rule {
    Rule { change, breaks: true, why }
}

const fn survives(change: &'static str, why: &'static str) -> Rule {
    Rule { change, breaks: false, why }
}

macro_rules! rules {
    ($($name:ident = $rule:expr;)*) => {
        $(pub(super) static $name: Rule = $rule;)*

        /// All rules.
        pub static RULES: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    FIELD_REMOVED = breaks("field removed", "who reads the field finds nothing");
    FIELD_RENAMED = breaks("field renamed", "who reads the old name finds nothing");
    FIELD_RETYPED = breaks("field retyped", "an index or a program that takes the one type refuses the other");
    UNIT_CHANGED = breaks("unit changed", "the same number means another thing, and nobody can tell from the line");
    MADE_OPTIONAL = breaks("made optional", "who relies on the field meets lines without it");
    SET_CHANGED = breaks("set changed", "who tells all members apart meets one that they do not know, or waits for one that is gone");
    LIMIT_WIDENED = breaks("limit widened", "an index or a column with room for the old limit has none for the new one");
    CLASS_LOWERED = breaks("class lowered", "who was not to read the values gets them, in old queries and copies too");
    CLASS_HIDES_TYPE = breaks("class raised of what is no text", "where it is redacted, text stands in place of the old type");
    KIND_CHANGED = breaks("kind changed", "a span has members that others lack");
    EVENT_ADDED = survives("event added", "nobody reads it yet");
    EVENT_REMOVED = survives("event removed", "its lines stay readable; who counts them sees none");
    FIELD_ADDED = survives("field added", "readers ignore what they do not know");
    FIELDS_REORDERED = survives("fields reordered", "readers do not depend on the order");
    TYPE_NARROWED = survives("type narrowed", "every value of the new type is one of the old");
    MADE_REQUIRED = survives("made required", "who can do without the field can do with it");
    LIMIT_NARROWED = survives("limit narrowed", "what keeps to the new limit keeps to the old one");
    UNIT_STATED = survives("unit stated", "it says what the number meant all along");
    CLASS_RAISED = survives("class raised of text", "a redacted value is text as well");
    LEVEL_CHANGED = survives("level changed", "every event may be written at another level");
    DELIVERY_CHANGED = survives("delivery changed", "it is no part of the line");
    TEXT_CHANGED = survives("message or description changed", "it is for people");
    KEY_RETYPED = breaks("key retyped", "an index or a program that takes the one type refuses the other");
    KEY_CLASS_LOWERED = breaks("class of a key lowered", "who was not to read the values gets them, in old queries and copies too");
    KEY_CLASS_HIDES_TYPE = breaks("class raised of a key that is no text", "where it is redacted, text stands in place of the old type");
    KEY_ADDED = survives("key added", "readers ignore what they do not know");
    KEY_REMOVED = survives("key removed", "no line is sure to have an entry");
    KEY_CLASS_RAISED = survives("class raised of a key of text", "a redacted value is text as well");
    KEY_SCOPE_CHANGED = survives("scope of a key changed", "no line is sure to have an entry");
    KEY_TEXT_CHANGED = survives("description of a key changed", "it is for people");
}
