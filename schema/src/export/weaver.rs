//! A registry of OpenTelemetry Weaver: groups of attributes and events, as YAML
//! (<https://github.com/open-telemetry/weaver/blob/main/schemas/semconv-syntax.md>).

use std::collections::BTreeMap;
use std::fmt::Write;

use super::example;
use super::json::Json;
use crate::lock::{EventShape, FieldShape, Lock, TypeShape};

impl Lock {
    /// A semantic convention registry for OpenTelemetry Weaver, as YAML: the fields and keys as attributes, and the events that refer to them.
    ///
    /// Of each event its latest version stands here: Weaver knows no versions. Names of attributes are one for all events. Where two events give one name two meanings, that of the first stands. What Weaver has no word for stands in annotations: classes, units, limits,
    /// versions and the types that its own do not tell apart.
    pub fn to_weaver(&self) -> String {
        let mut yaml = "groups:\n".to_owned();
        push_attributes(&mut yaml, &self.attributes());
        for (index, event) in self.events.iter().enumerate() {
            let is_latest = self.events.get(index + 1).is_none_or(|next| next.name != event.name);
            if is_latest {
                push_event(&mut yaml, event);
            }
        }
        yaml
    }

    /// All fields and keys, each name once.
    fn attributes(&self) -> BTreeMap<&str, FieldShape> {
        let mut attributes = BTreeMap::new();
        for field in self.events.iter().flat_map(|event| &event.fields) {
            attributes.entry(field.name.as_str()).or_insert_with(|| field.clone());
        }
        for key in &self.keys {
            attributes.entry(&key.name).or_insert_with(|| FieldShape {
                name: key.name.clone(),
                value_type: key.value_type.clone(),
                optional: true,
                unit: None,
                class: key.class.clone(),
                max_len: None,
                range: None,
                since: 1,
                description: key.description.clone(),
            });
        }
        attributes
    }
}

fn push_attributes(yaml: &mut String, attributes: &BTreeMap<&str, FieldShape>) {
    // Writing to a string does not fail.
    yaml.push_str("  - id: registry.throughline\n    type: attribute_group\n");
    yaml.push_str("    brief: \"Fields of events and entries of the context.\"\n");
    if attributes.is_empty() {
        yaml.push_str("    attributes: []\n");
        return;
    }
    yaml.push_str("    attributes:\n");
    for (name, field) in attributes {
        let _ = writeln!(yaml, "      - id: {}", quoted(name));
        push_type(yaml, &field.value_type);
        let _ = writeln!(yaml, "        stability: development");
        let _ = writeln!(yaml, "        brief: {}", quoted(&field.description));
        if !matches!(field.value_type, TypeShape::Set(_)) {
            // A list of examples is one list of values, for a type that is a list as well.
            let examples = match example::value(field) {
                list @ Json::List(_) => Json::List(vec![list]),
                value => Json::List(vec![value]),
            };
            let _ = writeln!(yaml, "        examples: {}", examples.to_line());
        }
        push_annotations(yaml, "        ", &facts(field));
    }
}

fn push_type(yaml: &mut String, value_type: &TypeShape) {
    if let TypeShape::Set(members) = value_type {
        yaml.push_str("        type:\n          members:\n");
        for (name, description) in members {
            let _ = writeln!(yaml, "            - id: {}", quoted(&id_of(name)));
            let _ = writeln!(yaml, "              value: {}", quoted(name));
            let _ = writeln!(yaml, "              brief: {}", quoted(description));
            let _ = writeln!(yaml, "              stability: development");
        }
        return;
    }
    let list = if matches!(value_type, TypeShape::List(_)) { "[]" } else { "" };
    let name = match value_type.item() {
        TypeShape::Bool => "boolean",
        TypeShape::Integer(_) => "int",
        TypeShape::F32 | TypeShape::F64 | TypeShape::Duration => "double",
        _ => "string",
    };
    let _ = writeln!(yaml, "        type: {name}{list}");
}

/// A name that a member of an enumeration can have.
fn id_of(member: &str) -> String {
    let id = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    member.chars().map(id).collect()
}

/// What Weaver has no word for.
fn facts(field: &FieldShape) -> Vec<(&'static str, Json)> {
    let mut facts =
        vec![("class", Json::from(&field.class)), ("type", field.value_type.to_string().into())];
    facts.extend(field.unit.as_ref().map(|unit| ("unit", unit.into())));
    facts.extend(field.max_len.map(|max_len| ("max_len", max_len.into())));
    facts.extend(field.range.map(|range| ("range", range.to_string().into())));
    facts
}

fn push_event(yaml: &mut String, event: &EventShape) {
    let EventShape { name, version, description, .. } = event;
    let _ = writeln!(yaml, "  - id: {}", quoted(&format!("event.{name}")));
    let _ = writeln!(yaml, "    type: event");
    let _ = writeln!(yaml, "    name: {}", quoted(name));
    let _ = writeln!(yaml, "    stability: development");
    let _ = writeln!(yaml, "    brief: {}", quoted(description));
    if !event.message.is_empty() {
        let _ = writeln!(yaml, "    note: {}", quoted(&event.message));
    }
    let mut facts = vec![
        ("version", Json::from(*version)),
        ("level", (&event.level).into()),
        ("kind", (&event.kind).into()),
    ];
    if event.delivery != "by_level" {
        facts.push(("delivery", (&event.delivery).into()));
    }
    push_annotations(yaml, "    ", &facts);
    if event.fields.is_empty() {
        return;
    }
    yaml.push_str("    attributes:\n");
    for field in &event.fields {
        let level = if field.optional { "recommended" } else { "required" };
        let _ = writeln!(yaml, "      - ref: {}", quoted(&field.name));
        let _ = writeln!(yaml, "        requirement_level: {level}");
        let _ = writeln!(yaml, "        brief: {}", quoted(&field.description));
    }
}

fn push_annotations(yaml: &mut String, indent: &str, facts: &[(&str, Json)]) {
    let _ = writeln!(yaml, "{indent}annotations:\n{indent}  throughline:");
    for (name, value) in facts {
        let _ = writeln!(yaml, "{indent}    {name}: {}", value.to_line());
    }
}

/// Text in double quotes, in which YAML and JSON agree.
fn quoted(text: &str) -> String {
    Json::from(text).to_line()
}
