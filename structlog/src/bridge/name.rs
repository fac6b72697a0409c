//! Names of other libraries, as names that a line can have (`spec/event.md`, "Names").

use throughline_schema::{is_name, is_reserved};

const MAX: usize = 128;

/// The name of a field of an event. One that is reserved gets an underscore: `level` is `level_`.
pub(super) fn of_field(name: &str) -> String {
    let mut name = valid(name);
    if is_reserved(&name) {
        name.push('_');
    }
    name
}

/// The name of an entry of the context, of which other names are reserved: `id` is `id_`, `throughline.x` is `throughline_x`.
#[cfg(feature = "tracing")]
pub(super) fn of_entry(name: &str) -> String {
    let mut name = valid(name);
    if matches!(&*name, "id" | "trace_id" | "span_id" | "parent_span_id") {
        name.push('_');
    }
    if name.starts_with("throughline.") { name.replacen('.', "_", 1) } else { name }
}

/// The name of the event that a span becomes when it is closed.
#[cfg(feature = "tracing")]
pub(super) fn of_event(name: &str) -> String {
    let mut name = valid(name);
    if name == "log" {
        name.push('_'); // an event of this name has a target
    }
    if name.starts_with("throughline.") { name.replacen('.', "_", 1) } else { name }
}

/// The name itself, if it is one. Otherwise in lower case with underscores where a word begins, and an underscore for what no name has; a part that begins with none of the letters gets an `x`.
fn valid(name: &str) -> String {
    if is_name(name) {
        return name.to_owned();
    }
    let parts = name.split('.').map(|part| part.strip_prefix("r#").unwrap_or(part));
    let mut parts: Vec<String> = parts.map(snake_case).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() {
        parts.push("x".to_owned());
    }
    let mut valid = parts.join(".");
    valid.truncate(MAX - 1); // all of it is ASCII, and one that is reserved gets a byte more
    valid.truncate(valid.trim_end_matches('.').len());
    valid
}

fn snake_case(part: &str) -> String {
    let mut snake = String::with_capacity(part.len() + 4);
    let mut before = None;
    let mut chars = part.chars().peekable();
    while let Some(c) = chars.next() {
        let begins_word = c.is_ascii_uppercase()
            && before.is_some_and(|before: char| {
                let ends_acronym = before.is_ascii_uppercase()
                    && chars.peek().is_some_and(char::is_ascii_lowercase);
                before.is_ascii_lowercase() || before.is_ascii_digit() || ends_acronym
            });
        if begins_word {
            snake.push('_');
        }
        snake.push(if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' });
        before = Some(c);
    }
    let from = snake.trim_start_matches('_').len();
    let snake = snake.split_off(snake.len() - from);
    if snake.starts_with(|c: char| c.is_ascii_digit()) { format!("x{snake}") } else { snake }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_of_others_become_names_of_ours() {
        let cases = [
            ("otel.kind", "otel.kind"),
            ("r#type", "type"),
            ("http.r#type", "http.type"),
            ("userId", "user_id"),
            ("HTTPRoute", "http_route"),
            ("peer addr", "peer_addr"),
            ("x-request-id", "x_request_id"),
            ("_private", "private"),
            ("2xx", "x2xx"),
            ("a..b.", "a.b"),
            ("größe", "gr__e"),
            ("", "x"),
            ("é", "x"),
        ];
        for (theirs, ours) in cases {
            assert_eq!(valid(theirs), ours, "{theirs}");
        }
        assert_eq!(of_field("level"), "level_");
        assert_eq!(of_field("Level"), "level_");
        #[cfg(feature = "tracing")]
        {
            assert_eq!(of_entry("trace_id"), "trace_id_");
            assert_eq!(of_entry("throughline.verbosity"), "throughline_verbosity");
            assert_eq!(of_event("log"), "log_");
            assert_eq!(of_event("HTTP request"), "http_request");
        }
    }

    proptest! {
        #[test]
        fn whatever_they_are_called(name in "(?s).{0,150}|[a-zA-Z_.#]{0,150}") {
            prop_assert!(is_name(&valid(&name)), "{name:?}: {:?}", valid(&name));
            let of_field = of_field(&name);
            prop_assert!(is_name(&of_field) && !is_reserved(&of_field), "{of_field:?}");
        }
    }
}
