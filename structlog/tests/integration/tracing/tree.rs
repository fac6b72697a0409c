//! Random trees of spans with random values: whatever they are, each line is what a model of them says.

use std::collections::BTreeMap;

use ::tracing::field::Empty;
use ::tracing::span::EnteredSpan;
use ::tracing::{info, info_span};
use proptest::prelude::*;
use throughline_structlog::testing::Json;

use super::written;

#[derive(Clone, Debug)]
enum Step {
    /// Opens a span with these values of `a`, `bB` and `id`.
    Open(Option<i64>, Option<String>, Option<bool>),
    /// Records `a` in the span at this depth, from the root.
    Record(usize, i64),
    Leave,
    /// Writes an event with these values of `a`, `A` and `b-b`.
    Say(Option<u64>, Option<i64>, String),
}

fn step() -> impl Strategy<Value = Step> {
    let text = "(?s).{0,12}";
    prop_oneof![
        3 => (any::<Option<i64>>(), proptest::option::of(text), any::<Option<bool>>())
            .prop_map(|(a, b, id)| Step::Open(a, b, id)),
        2 => (0..5_usize, any::<i64>()).prop_map(|(depth, a)| Step::Record(depth, a)),
        1 => Just(Step::Leave),
        4 => (any::<Option<u64>>(), any::<Option<i64>>(), text)
            .prop_map(|(a, other, b)| Step::Say(a, other, b)),
    ]
}

type Values = BTreeMap<&'static str, String>;

/// What the line of each event says, by name.
fn expected(steps: &[Step]) -> Vec<(Values, Values)> {
    let mut spans: Vec<Values> = Vec::new();
    let mut lines = Vec::new();
    for step in steps {
        match step {
            Step::Open(a, b, id) => {
                let a = a.map(|a| ("a", a.to_string()));
                let b = b.as_ref().map(|b| ("b_b", format!("{b:?}")));
                let id = id.map(|id| ("id_", id.to_string()));
                spans.push([a, b, id].into_iter().flatten().collect());
            }
            Step::Record(depth, a) => {
                if let Some(span) = spans.get_mut(*depth) {
                    span.insert("a", a.to_string());
                }
            }
            Step::Leave => drop(spans.pop()),
            Step::Say(a, other, b) => {
                let context = spans.iter().flatten().map(|(k, v)| (*k, v.clone())).collect();
                let a = other.map(|a| a.to_string()).or(a.map(|a| a.to_string()));
                let a = a.map(|a| ("a", a));
                let fields = a.into_iter().chain([("b_b", format!("{b:?}"))]).collect();
                lines.push((context, fields));
            }
        }
    }
    lines
}

fn run(steps: &[Step]) {
    let mut spans: Vec<EnteredSpan> = Vec::new();
    for step in steps {
        match step {
            Step::Open(a, b, id) => {
                let span = info_span!("s", a, bB = b, id = id, never = Empty);
                spans.push(span.entered());
            }
            Step::Record(depth, a) => {
                if let Some(span) = spans.get(*depth) {
                    span.record("a", a);
                }
            }
            Step::Leave => drop(spans.pop()),
            Step::Say(a, other, b) => info!(a, "A" = other, "b-b" = b, "m"),
        }
    }
    while spans.pop().is_some() {}
}

/// The values of these names, as text.
fn values<'j>(members: impl Iterator<Item = (&'j str, &'j Json)>) -> Values {
    let names = ["a", "b_b", "id_"];
    let known = |(name, value): (&str, &Json)| {
        let name = names.iter().find(|known| **known == name)?;
        Some((*name, format!("{value:?}")))
    };
    members.filter_map(known).collect()
}

proptest! {
    #[test]
    fn a_line_says_what_the_spans_and_the_event_say(steps in proptest::collection::vec(step(), 0..24)) {
        let lines = written(|| run(&steps));
        let expected = expected(&steps);
        prop_assert_eq!(lines.len(), expected.len());
        for (line, (context, fields)) in lines.iter().zip(expected) {
            let members = match line.context() {
                Some(Json::Object(members)) => &**members,
                _ => &[],
            };
            prop_assert_eq!(values(members.iter().map(|(k, v)| (&**k, v))), context);
            prop_assert_eq!(values(line.fields()), fields);
        }
    }
}
