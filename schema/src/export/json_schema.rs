//! JSON Schema, draft 2020-12.

use std::collections::BTreeMap;

use super::json::Json;
use super::json_types::{TIME, classified, of_field, of_type, pattern, within};
use crate::Level;
use crate::lock::{EventShape, FieldShape, KeyShape, Lock};

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";
const NAME: &str = "^[a-z][a-z0-9_]*(\\.[a-z][a-z0-9_]*)*$";

/// In what a line says that it was too long and that nothing is left of its fields.
const LEFT_OUT: &str = "^line: .* left out$";

impl Lock {
    /// A JSON Schema (2020-12) of the lines of one version of an event, if there is such a one. It accepts what a writer writes of it, and nothing else.
    pub fn event_schema(&self, name: &str, version: u32) -> Option<String> {
        let event = self.event(name, version)?;
        let title = format!("{name} v{version}");
        let schema = event_schema(event)
            .with("$schema", DRAFT)
            .with("$id", format!("urn:throughline:event:{name}:{version}"))
            .with("title", title)
            .with("$defs", Json::Object(self.definitions()));
        Some(schema.to_document())
    }

    /// A JSON Schema (2020-12) of all lines of a stream: of these events, and of those without a type.
    pub fn stream_schema(&self) -> String {
        let mut definitions = self.definitions();
        let mut all = Vec::new();
        for event in &self.events {
            let name = format!("event.{}.v{}", event.name, event.version);
            all.push(reference(&name));
            definitions.insert(name, event_schema(event));
        }
        definitions.insert("event.log".to_owned(), untyped());
        all.push(reference("event.log"));
        Json::object([
            ("$schema", DRAFT.into()),
            ("$id", "urn:throughline:stream".into()),
            ("title", "Stream".into()),
            ("description", "The lines of a stream.".into()),
            ("anyOf", Json::List(all)),
            ("$defs", Json::Object(definitions)),
        ])
        .to_document()
    }

    /// What all events have in common.
    fn definitions(&self) -> BTreeMap<String, Json> {
        let Json::Object(definitions) = Json::object([
            ("context", context(&self.keys)),
            ("name", pattern(NAME).with("maxLength", 128)),
            ("scalar", scalar()),
            ("service", service()),
            ("span_id", id(16)),
        ]) else {
            return BTreeMap::new();
        };
        definitions
    }
}

fn reference(name: &str) -> Json {
    Json::object([("$ref", format!("#/$defs/{name}").into())])
}

fn scalar() -> Json {
    Json::object([("type", Json::list(["boolean", "number", "string", "null"]))])
}

fn id(digits: usize) -> Json {
    let zero = Json::object([("const", "0".repeat(digits).into())]);
    pattern(&format!("^[0-9a-f]{{{digits}}}$")).with("not", zero)
}

fn service() -> Json {
    let text = Json::object([("type", "string".into())]);
    let name = text.clone().with("minLength", 1).with("maxLength", 128);
    Json::object([
        ("type", "object".into()),
        ("required", Json::list(["name"])),
        (
            "properties",
            Json::object([("name", name), ("version", text.clone()), ("instance", text)]),
        ),
        ("additionalProperties", false.into()),
    ])
}

fn context(keys: &[KeyShape]) -> Json {
    let mut properties = Json::object([
        ("id", pattern("^[A-Za-z0-9_.~:/+=@-]{1,128}$")),
        ("trace_id", id(32)),
        ("span_id", reference("span_id")),
        ("parent_span_id", reference("span_id")),
    ]);
    for key in keys {
        let value = of_type(&key.value_type);
        let value = if key.class == "public" { value } else { classified(&key.value_type, value) };
        properties = properties.with(&key.name, value.with("description", &key.description));
    }
    Json::object([
        ("type", "object".into()),
        ("required", Json::list(["id", "trace_id", "span_id"])),
        ("properties", properties),
        ("propertyNames", reference("name")),
        ("additionalProperties", reference("scalar")),
    ])
}

/// The members that every line has, but for the message.
fn line(name: &str, version: u32) -> Json {
    let levels = Level::ALL.map(Level::as_str);
    Json::object([
        ("timestamp", pattern(TIME)),
        ("level", Json::object([("enum", Json::list(levels))])),
        ("event", Json::object([("const", name.into())])),
        ("version", Json::object([("const", version.into())])),
        ("service", reference("service")),
        ("context", reference("context")),
        // For how many events the line stands. One that stands for itself does not say so.
        ("weight", Json::object([("type", "integer".into()), ("minimum", 2.into())])),
    ])
}

const REQUIRED: [&str; 6] = ["timestamp", "level", "event", "version", "message", "service"];

fn event_schema(event: &EventShape) -> Json {
    let message = if event.template {
        Json::object([("type", "string".into())])
    } else {
        Json::object([("const", (&event.message).into())])
    };
    let mut properties = line(&event.name, event.version)
        .with("message", message)
        .with("violations", violations(&event.fields));
    let mut required: Vec<_> = REQUIRED.to_vec();
    if event.kind == "span" {
        required.extend(["duration_us", "outcome"]);
    }
    if event.kind != "log" {
        properties = properties.with("kind", Json::object([("const", (&event.kind).into())]));
        required.push("kind");
    }
    for field in &event.fields {
        properties = properties.with(&field.name, of_field(field));
    }
    let mut schema = Json::object([
        ("description", (&event.description).into()),
        ("type", "object".into()),
        ("required", Json::list(required)),
        ("properties", properties),
        ("additionalProperties", false.into()),
    ]);
    let conditions = conditions(&event.fields);
    if !conditions.is_empty() {
        schema = schema.with("allOf", Json::List(conditions));
    }
    schema
}

/// What holds unless the line says otherwise.
fn conditions(fields: &[FieldShape]) -> Vec<Json> {
    let unless = |said: &str, holds: Json| {
        let contains = Json::object([("contains", pattern(said))]);
        let says_so = Json::object([
            ("required", Json::list(["violations"])),
            ("properties", Json::object([("violations", contains)])),
        ]);
        Json::object([("if", says_so), ("else", holds)])
    };
    let mut conditions = Vec::new();
    let required: Vec<_> =
        fields.iter().filter(|field| !field.optional).map(|field| &field.name).collect();
    if !required.is_empty() {
        conditions.push(unless(LEFT_OUT, Json::object([("required", Json::list(required))])));
    }
    for field in fields {
        if let Some(range) = field.range {
            let holds = within(range, &field.value_type);
            let holds = Json::object([(field.name.as_str(), holds)]);
            let said = format!("^{}: range ", escaped(&field.name));
            conditions.push(unless(&said, Json::object([("properties", holds)])));
        }
    }
    conditions
}

/// What a line can say of limits that were not kept to.
fn violations(fields: &[FieldShape]) -> Json {
    let mut limits = vec!["line: ".to_owned()];
    for field in fields {
        let name = escaped(&field.name);
        if field.max_len.is_some() {
            limits.push(format!("{name}: max_len "));
        }
        if field.range.is_some() {
            limits.push(format!("{name}: range "));
        }
    }
    Json::object([
        ("type", "array".into()),
        ("minItems", 1.into()),
        ("items", pattern(&format!("^({})", limits.join("|")))),
    ])
}

/// A name within a pattern.
fn escaped(name: &str) -> String {
    name.replace('.', "\\.")
}

/// Lines of events without a type.
fn untyped() -> Json {
    let text = || Json::object([("type", "string".into())]);
    let properties = line("log", 1)
        .with("message", text())
        .with("target", text())
        .with("violations", violations(&[]));
    let list = Json::object([("type", "array".into()), ("items", reference("scalar"))]);
    let reserved = ["kind", "duration_us", "outcome"]
        .map(|name| Json::object([("required", Json::list([name]))]));
    Json::object([
        ("description", "An event without a type.".into()),
        ("type", "object".into()),
        ("required", Json::list(REQUIRED)),
        ("properties", properties),
        ("propertyNames", reference("name")),
        (
            "additionalProperties",
            Json::object([("anyOf", Json::List(vec![reference("scalar"), list]))]),
        ),
        ("not", Json::object([("anyOf", Json::list(reserved))])),
    ])
}
