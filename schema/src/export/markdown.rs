//! Markdown for people.

use std::fmt::Write;

use super::example;
use crate::lock::{EventShape, FieldShape, KeyShape, Lock, TypeShape};

impl Lock {
    /// A page for people, as Markdown: every event with its fields, and an example; and the keys of the context.
    pub fn to_markdown(&self) -> String {
        let mut page = "# Events\n".to_owned();
        for event in &self.events {
            push_event(&mut page, event);
        }
        if !self.keys.is_empty() {
            page.push_str("\n# Context\n\n| entry | type | class | scope | meaning |\n|---|---|---|---|---|\n");
            for key in &self.keys {
                push_key(&mut page, key);
            }
        }
        page
    }
}

fn push_event(page: &mut String, event: &EventShape) {
    let EventShape { name, version, level, kind, message, description, .. } = event;
    // Writing to a string does not fail.
    let _ = write!(page, "\n## `{name}` v{version}\n\n{}\n\n", plain(description));
    let _ = write!(page, "Level `{level}`, kind `{kind}`");
    if event.delivery == "must" {
        page.push_str(", delivered whatever its level");
    }
    let _ = write!(page, ". Message: {}\n\n", code(message));
    if event.fields.is_empty() {
        page.push_str("It has no fields.\n");
    } else {
        page.push_str("| field | type | unit | limits | class | since | meaning |\n|---|---|---|---|---|--:|---|\n");
        for field in &event.fields {
            push_field(page, field);
        }
    }
    let _ = write!(page, "\n```json\n{}\n```\n", example::line(event));
}

fn push_field(page: &mut String, field: &FieldShape) {
    let mut limits = Vec::new();
    limits.extend(field.max_len.map(|max_len| format!("at most {max_len} {}", length_of(field))));
    limits.extend(field.range.map(|range| format!("`{range}`")));
    let unit = field.unit.as_deref().map(code).unwrap_or_default();
    let optional = if field.optional { ", optional" } else { "" };
    let _ = writeln!(
        page,
        "| `{}` | {}{optional} | {unit} | {} | {} | {} | {} |",
        field.name,
        type_of(&field.value_type),
        limits.join(", "),
        field.class,
        field.since,
        cell(&field.description),
    );
}

fn push_key(page: &mut String, key: &KeyShape) {
    let KeyShape { name, value_type, class, scope, description } = key;
    let (value_type, description) = (type_of(value_type), cell(description));
    let _ = writeln!(page, "| `{name}` | {value_type} | {class} | {scope} | {description} |");
}

fn length_of(field: &FieldShape) -> &'static str {
    if matches!(field.value_type, TypeShape::List(_)) { "items" } else { "characters" }
}

fn type_of(value_type: &TypeShape) -> String {
    match value_type {
        TypeShape::Set(members) => {
            let member = |(name, description): (&String, &String)| {
                format!("{}: {}", cell(&code(name)), cell(description))
            };
            let members: Vec<_> = members.iter().map(member).collect();
            format!("one of<br>{}", members.join("<br>"))
        }
        TypeShape::List(item) => format!("list of {}", type_of(item)),
        scalar => scalar.to_string(),
    }
}

/// Text as it stands, with what Markdown or HTML would take for a sign of theirs escaped.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for c in text.chars() {
        match c {
            '<' => plain.push_str("&lt;"),
            '&' => plain.push_str("&amp;"),
            '\\' | '*' | '_' | '[' | ']' | '#' => {
                plain.push('\\');
                plain.push(c);
            }
            '\n' | '\r' => plain.push(' '),
            _ => plain.push(c),
        }
    }
    plain
}

/// Text within a table: a vertical line would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ").replace('<', "&lt;")
}

/// Text as code, between as many backticks as it takes.
fn code(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let ticks = "`".repeat(longest + 1);
    let space =
        if text.is_empty() || text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{ticks}{space}{}{space}{ticks}", text.replace(['\n', '\r'], " "))
}
