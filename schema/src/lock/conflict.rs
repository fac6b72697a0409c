use std::collections::BTreeMap;
use std::fmt;

use super::{Lock, TypeShape};

/// One name that means two things.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Conflict {
    /// The name of a field or of a key.
    pub name: String,
    /// In what the two differ: `type`, `unit` or `class`; or `shape`, of an event.
    pub what: &'static str,
    /// Where it means one thing, and which.
    pub here: (String, String),
    /// Where it means the other, and which.
    pub there: (String, String),
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Conflict { name, what, here, there } = self;
        let plural = if *what == "class" { "classes".to_owned() } else { format!("{what}s") };
        write!(f, "{name} has two {plural}: {} in {}, {} in {}", here.1, here.0, there.1, there.0)
    }
}

/// What stands under one name somewhere.
struct Use<'a> {
    place: String,
    value_type: &'a TypeShape,
    unit: Option<&'a str>,
    class: &'a str,
}

/// Names that mean two things in these locks, which have names themselves: a field or key with two types, units or classes, and an event with two shapes in one version.
/// One lock can have conflicts, too. Each name is told of once for each thing in which it differs.
pub fn conflicts(locks: &[(&str, &Lock)]) -> Vec<Conflict> {
    let mut uses: BTreeMap<&str, Vec<Use<'_>>> = BTreeMap::new();
    for (file, lock) in locks {
        let place = |what: String| {
            if locks.len() > 1 { format!("{what} ({file})") } else { what }
        };
        for event in &lock.events {
            for field in &event.fields {
                uses.entry(&field.name).or_default().push(Use {
                    place: place(format!("{} v{}", event.name, event.version)),
                    value_type: &field.value_type,
                    unit: field.unit.as_deref(),
                    class: &field.class,
                });
            }
        }
        for key in &lock.keys {
            uses.entry(&key.name).or_default().push(Use {
                place: place("the context".to_owned()),
                value_type: &key.value_type,
                unit: None,
                class: &key.class,
            });
        }
    }
    let mut conflicts = shapes(locks);
    for (name, uses) in uses {
        let first = &uses[0];
        let mut differs = |what, of: &dyn Fn(&Use<'_>) -> Option<String>| {
            let here = uses.iter().find_map(|place| Some((place, of(place)?)));
            let there = uses.iter().filter_map(|place| Some((place, of(place)?)));
            let Some((place, here)) = here else { return };
            let Some(there) = there.into_iter().find(|(_, there)| *there != here) else { return };
            let there = (there.0.place.clone(), there.1);
            let here = (place.place.clone(), here);
            conflicts.push(Conflict { name: name.to_owned(), what, here, there });
        };
        if uses.iter().any(|other| other.value_type.family() != first.value_type.family()) {
            differs("type", &|place| Some(place.value_type.family().to_owned()));
        }
        // What states no unit is not another one.
        differs("unit", &|place| place.unit.map(str::to_owned));
        differs("class", &|place| Some(place.class.to_owned()));
    }
    conflicts.sort();
    conflicts
}

/// Events of one name and version with two shapes.
fn shapes(locks: &[(&str, &Lock)]) -> Vec<Conflict> {
    let mut conflicts = Vec::new();
    for (index, (file, lock)) in locks.iter().enumerate() {
        for event in &lock.events {
            let others = locks[..index].iter();
            let other = others
                .filter_map(|(file, lock)| Some((file, lock.event(&event.name, event.version)?)))
                .find(|(_, other)| !super::compare::same_shape(other, event));
            if let Some((other_file, other)) = other {
                let fields = |event: &super::EventShape| format!("{} fields", event.fields.len());
                conflicts.push(Conflict {
                    name: format!("{} v{}", event.name, event.version),
                    what: "shape",
                    here: ((*other_file).to_string(), fields(other)),
                    there: ((*file).to_string(), fields(event)),
                });
            }
        }
    }
    conflicts
}
