use std::fmt;

use super::rules::{self, Rule};
use super::{EventShape, FieldShape, KeyShape, Lock, TypeShape};
use crate::{Class, Range};

/// A difference between two locks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// Which change it is, and what comes of it.
    pub rule: &'static Rule,
    /// The name and version of the event, if it is not about a key.
    pub event: Option<(String, u32)>,
    /// The name of the field or key, if it is about one.
    pub name: Option<String>,
    /// What there was and what there is.
    pub detail: String,
}

/// In one line: what, where, why it matters and what to do.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.event, &self.name) {
            (Some((event, version)), Some(field)) => {
                write!(f, "{event} v{version}, field {field}: ")?
            }
            (Some((event, version)), None) => write!(f, "{event} v{version}: ")?,
            (None, key) => write!(f, "key {}: ", key.as_deref().unwrap_or_default())?,
        }
        f.write_str(self.rule.change)?;
        if !self.detail.is_empty() {
            write!(f, " ({})", self.detail)?;
        }
        write!(f, "; {}; ", self.rule.why)?;
        match (&self.event, self.rule.breaks) {
            (_, false) => f.write_str("nothing to do but to commit the new lock file"),
            (Some((_, version)), true) => {
                write!(f, "undo it, or give the event `version = {}`", u64::from(*version) + 1)
            }
            (None, true) => f.write_str("undo it, or give the key another name"),
        }
    }
}

/// What changed from one lock to another, in the order of names. What [breaks](Rule::breaks) readers is what those who know `before` do not survive in lines that are written
/// under `after`. An event in another version is another event: they may live side by side.
pub fn compare(before: &Lock, after: &Lock) -> Vec<Difference> {
    let mut differences = Vec::new();
    for old in &before.events {
        match after.event(&old.name, old.version) {
            Some(new) => differences.extend(events(old, new)),
            None => differences.push(of_event(&rules::EVENT_REMOVED, old, String::new())),
        }
    }
    for new in &after.events {
        if before.event(&new.name, new.version).is_none() {
            differences.push(of_event(&rules::EVENT_ADDED, new, String::new()));
        }
    }
    // By event, the ones that break readers first.
    differences.sort_by(|a, b| (&a.event, !a.rule.breaks).cmp(&(&b.event, !b.rule.breaks)));
    differences.extend(all_keys(&before.keys, &after.keys));
    differences
}

/// Whether two shapes of an event are the same to all who read lines.
pub(super) fn same_shape(a: &EventShape, b: &EventShape) -> bool {
    let harmless = [
        &rules::FIELDS_REORDERED,
        &rules::LEVEL_CHANGED,
        &rules::DELIVERY_CHANGED,
        &rules::TEXT_CHANGED,
    ];
    events(a, b).iter().all(|difference| harmless.contains(&difference.rule))
}

fn of_event(rule: &'static Rule, event: &EventShape, detail: String) -> Difference {
    Difference { rule, event: Some((event.name.clone(), event.version)), name: None, detail }
}

fn from_to(from: impl fmt::Display, to: impl fmt::Display) -> String {
    format!("{from} → {to}")
}

fn events(old: &EventShape, new: &EventShape) -> Vec<Difference> {
    let mut all = Vec::new();
    let mut on_event = |rule, from: &str, to: &str| {
        if from != to {
            all.push(of_event(rule, new, from_to(from, to)));
        }
    };
    on_event(&rules::KIND_CHANGED, &old.kind, &new.kind);
    on_event(&rules::LEVEL_CHANGED, &old.level, &new.level);
    on_event(&rules::DELIVERY_CHANGED, &old.delivery, &new.delivery);
    let text =
        |event: &EventShape| (event.message.clone(), event.template, event.description.clone());
    if text(old) != text(new) {
        all.push(of_event(&rules::TEXT_CHANGED, new, String::new()));
    }
    let mut on_field = |rule, field: &str, detail| {
        all.push(Difference { name: Some(field.to_owned()), ..of_event(rule, new, detail) });
    };
    let gone: Vec<_> = old.fields.iter().filter(|field| new.field(&field.name).is_none()).collect();
    let mut come: Vec<_> =
        new.fields.iter().filter(|field| old.field(&field.name).is_none()).collect();
    for field in gone {
        // The same in all but its name: it was renamed, as far as anyone can tell.
        match come.iter().position(|new| is_renamed(field, new)) {
            Some(at) => {
                let now = come.remove(at);
                on_field(&rules::FIELD_RENAMED, &field.name, from_to(&field.name, &now.name));
            }
            None => on_field(&rules::FIELD_REMOVED, &field.name, String::new()),
        }
    }
    for field in come {
        on_field(&rules::FIELD_ADDED, &field.name, String::new());
    }
    for field in &new.fields {
        if let Some(before) = old.field(&field.name) {
            fields(before, field, &mut |rule, detail| on_field(rule, &field.name, detail));
        }
    }
    let order = |event: &EventShape, other: &EventShape| -> Vec<String> {
        let names = event.fields.iter().map(|field| field.name.clone());
        names.filter(|name| other.field(name).is_some()).collect()
    };
    if order(old, new) != order(new, old) {
        all.push(of_event(&rules::FIELDS_REORDERED, new, String::new()));
    }
    all
}

fn is_renamed(old: &FieldShape, new: &FieldShape) -> bool {
    let name = new.name.clone();
    let since = new.since;
    FieldShape { name, since, ..old.clone() } == *new
}

fn fields(old: &FieldShape, new: &FieldShape, on: &mut dyn FnMut(&'static Rule, String)) {
    if let Some(rule) = of_types(&old.value_type, &new.value_type) {
        on(rule, from_to(&old.value_type, &new.value_type));
    }
    match (old.optional, new.optional) {
        (false, true) => on(&rules::MADE_OPTIONAL, String::new()),
        (true, false) => on(&rules::MADE_REQUIRED, String::new()),
        _ => {}
    }
    match (&old.unit, &new.unit) {
        (old, new) if old == new => {}
        (None, Some(unit)) => on(&rules::UNIT_STATED, unit.clone()),
        (Some(old), new) => {
            on(&rules::UNIT_CHANGED, from_to(old, new.as_deref().unwrap_or("none")));
        }
        (None, None) => {}
    }
    limits(old, new, on);
    let (lowered, raised) = of_classes(&old.class, &new.class);
    let detail = || from_to(&old.class, &new.class);
    if lowered {
        on(&rules::CLASS_LOWERED, detail());
    } else if raised && old.value_type.is_string() {
        on(&rules::CLASS_RAISED, detail());
    } else if raised {
        on(&rules::CLASS_HIDES_TYPE, detail());
    }
    if old.description != new.description || !mean_the_same(&old.value_type, &new.value_type) {
        on(&rules::TEXT_CHANGED, String::new());
    }
}

/// Whether the members that two sets have in common mean the same in both.
fn mean_the_same(old: &TypeShape, new: &TypeShape) -> bool {
    let (TypeShape::Set(old), TypeShape::Set(new)) = (old.item(), new.item()) else { return true };
    old.iter().all(|(member, meaning)| new.get(member).is_none_or(|new| new == meaning))
}

fn of_types(old: &TypeShape, new: &TypeShape) -> Option<&'static Rule> {
    use TypeShape as T;
    match (old, new) {
        (T::Set(old), T::Set(new)) => (!old.keys().eq(new.keys())).then_some(&rules::SET_CHANGED),
        (T::List(old), T::List(new)) => of_types(old, new),
        (old, new) if old == new => None,
        (T::Integer(old), T::Integer(new)) if old.min() <= new.min() && new.max() <= old.max() => {
            Some(&rules::TYPE_NARROWED)
        }
        (T::F64, T::F32) => Some(&rules::TYPE_NARROWED),
        _ => Some(&rules::FIELD_RETYPED),
    }
}

/// Whether the class was lowered, and whether it was raised.
fn of_classes(old: &str, new: &str) -> (bool, bool) {
    // What a later version of this crate calls by a name of its own is as confidential as can be.
    let rank = |class: &str| Class::ALL.iter().position(|known| known.as_str() == class);
    let (old, new) = (rank(old).unwrap_or(usize::MAX), rank(new).unwrap_or(usize::MAX));
    (new < old, new > old)
}

fn limits(old: &FieldShape, new: &FieldShape, on: &mut dyn FnMut(&'static Rule, String)) {
    let shown = |limit: Option<String>| limit.unwrap_or_else(|| "none".to_owned());
    if old.max_len != new.max_len {
        let room = |max_len: Option<u32>| max_len.map_or(u64::MAX, u64::from);
        let is_wider = room(new.max_len) > room(old.max_len);
        let rule = if is_wider { &rules::LIMIT_WIDENED } else { &rules::LIMIT_NARROWED };
        let text = |max_len: Option<u32>| shown(max_len.map(|max_len| max_len.to_string()));
        on(rule, format!("max_len {}", from_to(text(old.max_len), text(new.max_len))));
    }
    if old.range != new.range {
        let is_wider = !contains(old.range, new.range);
        let rule = if is_wider { &rules::LIMIT_WIDENED } else { &rules::LIMIT_NARROWED };
        let text = |range: Option<Range>| shown(range.map(|range| range.to_string()));
        on(rule, format!("range {}", from_to(text(old.range), text(new.range))));
    }
}

/// Whether every number within the other range lies within this one.
fn contains(range: Option<Range>, other: Option<Range>) -> bool {
    let (Some(range), Some(other)) = (range, other) else { return range.is_none() };
    match (range, other) {
        (Range::Integer { min, max }, Range::Integer { min: other_min, max: other_max }) => {
            min.is_none_or(|min| other_min.is_some_and(|other| min <= other))
                && max.is_none_or(|max| other_max.is_some_and(|other| other <= max))
        }
        (range, other) => {
            let ((min, max), (other_min, other_max)) = (floats(range), floats(other));
            min <= other_min && other_max <= max
        }
    }
}

fn floats(range: Range) -> (f64, f64) {
    let (min, max) = match range {
        Range::Integer { min, max } => (min.map(|min| min as f64), max.map(|max| max as f64)),
        Range::Float { min, max } => (min, max),
    };
    (min.unwrap_or(f64::NEG_INFINITY), max.unwrap_or(f64::INFINITY))
}

fn all_keys(old: &[KeyShape], new: &[KeyShape]) -> Vec<Difference> {
    let mut all = Vec::new();
    let mut on = |rule, key: &KeyShape, detail| {
        all.push(Difference { rule, event: None, name: Some(key.name.clone()), detail });
    };
    for key in old {
        match new.iter().find(|other| other.name == key.name) {
            Some(new) => keys(key, new, &mut on),
            None => on(&rules::KEY_REMOVED, key, String::new()),
        }
    }
    for key in new {
        if !old.iter().any(|other| other.name == key.name) {
            on(&rules::KEY_ADDED, key, String::new());
        }
    }
    all.sort_by(|a, b| (&a.name, !a.rule.breaks).cmp(&(&b.name, !b.rule.breaks)));
    all
}

fn keys(old: &KeyShape, new: &KeyShape, on: &mut dyn FnMut(&'static Rule, &KeyShape, String)) {
    if old.value_type != new.value_type {
        on(&rules::KEY_RETYPED, new, from_to(&old.value_type, &new.value_type));
    }
    let (lowered, raised) = of_classes(&old.class, &new.class);
    let detail = || from_to(&old.class, &new.class);
    if lowered {
        on(&rules::KEY_CLASS_LOWERED, new, detail());
    } else if raised && old.value_type.is_string() {
        on(&rules::KEY_CLASS_RAISED, new, detail());
    } else if raised {
        on(&rules::KEY_CLASS_HIDES_TYPE, new, detail());
    }
    if old.scope != new.scope {
        on(&rules::KEY_SCOPE_CHANGED, new, from_to(&old.scope, &new.scope));
    }
    if old.description != new.description {
        on(&rules::KEY_TEXT_CHANGED, new, String::new());
    }
}
