//! Several lock files as one.

use throughline_schema::lock::{EventShape, Lock, compare, conflicts};

/// One lock that says what all of `locks` say, which have names. Where they say the same, the first is kept.
///
/// # Errors
///
/// If two of them give one version of an event two shapes, or one key two meanings: a line for each.
pub(crate) fn merge(locks: &[(&str, &Lock)]) -> Result<Lock, Vec<String>> {
    let mut faults = Vec::new();
    let Some(((_, first), rest)) = locks.split_first() else { return Err(faults) };
    for conflict in conflicts(locks).iter().filter(|conflict| conflict.what == "shape") {
        let (name, here, there) = (&conflict.name, &conflict.here.0, &conflict.there.0);
        faults.push(format!("{name} has two shapes, in {here} and in {there}"));
    }
    let mut merged = (*first).clone();
    for (file, lock) in rest {
        for event in &lock.events {
            if merged.event(&event.name, event.version).is_none() {
                merged.events.push(event.clone());
            }
        }
        for key in &lock.keys {
            match merged.keys.iter().find(|known| known.name == key.name) {
                None => merged.keys.push(key.clone()),
                Some(known) if known.value_type == key.value_type && known.class == key.class => {}
                Some(_) => faults.push(format!(
                    "the key {} in {file} means something else than before",
                    key.name
                )),
            }
        }
    }
    merged.events.sort_by(|a, b| (&a.name, a.version).cmp(&(&b.name, b.version)));
    merged.keys.sort_by(|a, b| a.name.cmp(&b.name));
    if faults.is_empty() { Ok(merged) } else { Err(faults) }
}

/// In what two shapes of one version of an event differ, as far as readers see it.
pub(crate) fn shape_differences(name: &str, version: u32, a: &Lock, b: &Lock) -> Vec<String> {
    let only = |lock: &Lock| {
        let mut lock = lock.clone();
        let is_it = |event: &EventShape| event.name == name && event.version == version;
        lock.events.retain(is_it);
        lock.keys.clear();
        lock
    };
    let mut differences = compare(&only(a), &only(b));
    if differences.iter().any(|difference| difference.rule.breaks) {
        differences.retain(|difference| difference.rule.breaks);
    }
    let told = differences.into_iter().map(|difference| {
        let of = difference.name.map(|field| format!("{field}: ")).unwrap_or_default();
        let detail = difference.detail;
        let detail = if detail.is_empty() { detail } else { format!(" ({detail})") };
        format!("{of}{}{detail}", difference.rule.change)
    });
    told.collect()
}
