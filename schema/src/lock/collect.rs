use super::{EventShape, FORMAT, FieldShape, KeyShape, Lock, TypeShape};
use crate::{ContextKey, Descriptor, Field, Range, registered, registered_keys};

impl Lock {
    /// What the program and the libraries that are linked into it have [registered](registered).
    ///
    /// Where two types have the same name and version, the one with the lesser path stands here; [`assert_locked`](crate::testing::assert_locked) refuses them if
    /// their shapes differ.
    pub fn of_program() -> Lock {
        let mut all: Vec<_> = registered().collect();
        all.sort_by_key(|event| (event.descriptor.name, event.descriptor.version, event.path));
        all.dedup_by_key(|event| (event.descriptor.name, event.descriptor.version));
        let events = all.into_iter().map(|event| EventShape::of(event.descriptor)).collect();
        let mut keys: Vec<_> = registered_keys().map(KeyShape::of).collect();
        keys.sort_by(|a, b| (&a.name, &a.description).cmp(&(&b.name, &b.description)));
        keys.dedup_by(|b, a| a.name == b.name);
        let mut lock = Lock { format: FORMAT, events, keys };
        lock.sort();
        lock.date(None);
        lock
    }

    /// The same lock, with fields that are as old as `before` says.
    pub(crate) fn since(mut self, before: &Lock) -> Lock {
        self.date(Some(before));
        self
    }

    /// Says of each field since which version the event has had it without a break: as `before` knows, and as the versions here show.
    fn date(&mut self, before: Option<&Lock>) {
        for index in 0..self.events.len() {
            let (known, rest) = self.events.split_at_mut(index);
            let event = &mut rest[0];
            let in_before = before.into_iter().flat_map(|lock| &lock.events);
            let older = known
                .iter()
                .chain(in_before)
                .filter(|older| older.name == event.name && older.version <= event.version);
            // The latest that is older, or what was said of this one.
            let older = older.max_by_key(|older| older.version).cloned();
            for field in &mut event.fields {
                let same = older.as_ref().and_then(|older| older.field(&field.name));
                let same = same.filter(|old| old.value_type.family() == field.value_type.family());
                field.since = same.map_or(event.version, |old| old.since);
            }
        }
    }
}

/// Events of the program that have one name and version and two shapes, and keys of one name that say two things: a line for each.
pub(crate) fn clashes() -> Vec<String> {
    let mut clashes = Vec::new();
    let mut events: Vec<_> = registered().collect();
    events.sort_by_key(|event| (event.descriptor.name, event.descriptor.version, event.path));
    for pair in events.windows(2) {
        let (a, b) = (pair[0].descriptor, pair[1].descriptor);
        if (a.name, a.version) == (b.name, b.version) && EventShape::of(a) != EventShape::of(b) {
            let (name, version) = (a.name, a.version);
            let (here, there) = (pair[0].path, pair[1].path);
            clashes.push(format!(
                "{name} v{version} has two shapes: that of {here}, and that of {there}"
            ));
        }
    }
    let mut keys: Vec<_> = registered_keys().map(KeyShape::of).collect();
    keys.sort_by(|a, b| (&a.name, &a.description).cmp(&(&b.name, &b.description)));
    for pair in keys.windows(2) {
        if pair[0].name == pair[1].name && pair[0] != pair[1] {
            let name = &pair[0].name;
            clashes.push(format!("the key {name} is declared twice, and not alike"));
        }
    }
    clashes
}

impl EventShape {
    pub(crate) fn of(event: &Descriptor) -> EventShape {
        EventShape {
            name: event.name.to_owned(),
            version: event.version,
            level: event.level.as_str().to_lowercase(),
            kind: event.kind.as_str().to_owned(),
            delivery: event.delivery.as_str().to_owned(),
            message: event.message.to_owned(),
            template: event.is_template(),
            description: event.description.to_owned(),
            fields: event.fields.iter().map(|field| FieldShape::of(field, event.version)).collect(),
        }
    }
}

impl FieldShape {
    fn of(field: &Field, version: u32) -> FieldShape {
        let limits = field.limits.copied().unwrap_or(crate::Limits::NONE);
        // All that derive state it.
        let value_type = field.value_type.map_or(TypeShape::Text, TypeShape::from);
        let is_f32 = *value_type.item() == TypeShape::F32;
        FieldShape {
            name: field.name.to_owned(),
            value_type,
            optional: field.optional,
            unit: field.unit.map(str::to_owned),
            class: field.class.as_str().to_owned(),
            max_len: limits.max_len,
            range: limits.range.map(|range| if is_f32 { rounded(range) } else { range }),
            since: version,
            description: field.description.to_owned(),
        }
    }
}

/// A range of 32-bit floats with bounds that are such, in their digits: who compares the numbers of lines with these bounds comes to the verdict of
/// the writer.
fn rounded(range: Range) -> Range {
    let of_f32 = |bound: f64| (bound as f32).to_string().parse().unwrap_or(bound);
    match range {
        Range::Float { min, max } => Range::Float { min: min.map(of_f32), max: max.map(of_f32) },
        range => range,
    }
}

impl KeyShape {
    fn of(key: ContextKey) -> KeyShape {
        KeyShape {
            name: key.name.to_owned(),
            value_type: key.value_type.into(),
            class: key.class.as_str().to_owned(),
            scope: if key.propagated { "propagated" } else { "local" }.to_owned(),
            description: key.description.to_owned(),
        }
    }
}
