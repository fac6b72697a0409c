//! The contract's vectors of changes: `spec/vectors/README.md`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value as Json;
use throughline_schema::lock::{Lock, RULES, compare};

#[test]
fn every_change_breaks_readers_or_not_as_its_vector_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec/vectors/evolution");
    let mut changes = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let vector: Json = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let lock = |of: &str| Lock::parse(&vector[of].to_string()).unwrap();
        let differences = compare(&lock("before"), &lock("after"));
        let breaks = differences.iter().any(|difference| difference.rule.breaks);
        assert_eq!(breaks, name.starts_with("n_"), "{name}: {differences:?}");
        assert!(name.starts_with("n_") || name.starts_with("y_"), "{name}");
        changes.extend(differences.iter().map(|difference| difference.rule.change));
    }
    let without: Vec<_> =
        RULES.iter().map(|rule| rule.change).filter(|change| !changes.contains(change)).collect();
    assert!(without.is_empty(), "changes without a vector: {without:?}");
}
