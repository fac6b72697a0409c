/// What holds for events by what their names, or their targets, begin with. The longest prefix decides.
///
/// Marks of raw identifiers make no difference: `app::r#async`, as the compiler names the module, is `app::async`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prefixes<T> {
    /// The longest prefix first, none twice, and without the marks.
    rules: Vec<(String, T)>,
}

impl<T: Copy> Prefixes<T> {
    pub(crate) const fn new() -> Prefixes<T> {
        Prefixes { rules: Vec::new() }
    }

    /// Sets what holds for a prefix, in place of what did before.
    pub(crate) fn set(&mut self, prefix: &str, value: T) {
        let prefix = unmarked(prefix);
        self.rules.retain(|(other, _)| *other != prefix);
        self.rules.push((prefix, value));
        self.rules.sort_by(|(a, _), (b, _)| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    }

    /// What holds for a name.
    pub(crate) fn of(&self, name: &str) -> Option<T> {
        // Found faster than the mark, and hardly a name has it.
        let is_marked = name.as_bytes().contains(&b'#');
        let fits = |prefix: &str| match is_marked {
            false => name.starts_with(prefix),
            true => begins_unmarked(name, prefix),
        };
        self.rules.iter().find(|(prefix, _)| fits(prefix)).map(|(_, value)| *value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, T)> {
        self.rules.iter().map(|(prefix, value)| (prefix.as_str(), *value))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }
}

/// A path without the marks of raw identifiers.
pub(crate) fn unmarked(path: &str) -> String {
    identifiers(path).collect::<Vec<_>>().join("::")
}

/// Whether a path without its marks begins so. It allocates nothing.
fn begins_unmarked(path: &str, prefix: &str) -> bool {
    let mut bytes = identifiers(path).enumerate().flat_map(|(at, identifier)| {
        let before = if at == 0 { "" } else { "::" };
        before.bytes().chain(identifier.bytes())
    });
    prefix.bytes().all(|byte| bytes.next() == Some(byte))
}

fn identifiers(path: &str) -> impl Iterator<Item = &str> {
    path.split("::").map(|part| part.strip_prefix("r#").unwrap_or(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_raw_identifier_goes_by_either_spelling() {
        let mut prefixes = Prefixes::new();
        prefixes.set("app::async", 1);
        prefixes.set("r#gen::r#in", 2);
        for (name, value) in [
            ("app::r#async", Some(1)),
            ("app::r#async::r#in", Some(1)),
            ("app::async_std", Some(1)),
            ("app::r", None),
            ("app", None),
            ("gen::r#in", Some(2)),
            ("r#gen::inner", Some(2)),
            ("r#gen::r#i", None),
        ] {
            assert_eq!(prefixes.of(name), value, "{name}");
        }
        prefixes.set("app::r#async", 3);
        assert_eq!(prefixes.of("app::r#async"), Some(3));
        assert_eq!(prefixes.iter().count(), 2);
    }

    proptest! {
        #[test]
        fn marks_make_no_difference(path in "(r#)?[ab:]{0,6}(::(r#)?[ab:]{0,3}){0,3}", prefix in "[ab:]{0,6}") {
            prop_assert_eq!(begins_unmarked(&path, &prefix), unmarked(&path).starts_with(&prefix));
        }
    }
}
