use std::{collections::HashMap, sync::LazyLock};

/// One key a line; behind a deprecated one, what it was renamed to, or a hyphen.
const LIST: &str = include_str!("semconv.txt");

/// What OpenTelemetry's semantic conventions have to say of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standard {
    /// It is one of theirs.
    Key,
    /// It was one of theirs, and was renamed to this, if to anything.
    Deprecated(Option<&'static str>),
    /// They spell it so. That may be deprecated, too.
    Spelled(&'static str),
}

struct Keys {
    exact: HashMap<&'static str, Standard>,
    /// By their letters alone.
    spelled: HashMap<String, &'static str>,
}

static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let mut keys = Keys { exact: HashMap::new(), spelled: HashMap::new() };
    for line in LIST.lines().filter(|line| !line.starts_with('#')) {
        let (key, standard) = match line.split_once(' ') {
            None => (line, Standard::Key),
            Some((key, "-")) => (key, Standard::Deprecated(None)),
            Some((key, now)) => (key, Standard::Deprecated(Some(now))),
        };
        keys.exact.insert(key, standard);
        if standard == Standard::Key {
            keys.spelled.insert(letters(key), key);
        } else {
            // A key of now goes before one that was.
            keys.spelled.entry(letters(key)).or_insert(key);
        }
    }
    keys
});

/// What the semantic conventions say of `name`, if they know it under this or another spelling: in another case, or with other separators.
pub(crate) fn standard(name: &str) -> Option<Standard> {
    let exact = KEYS.exact.get(name).copied();
    exact.or_else(|| KEYS.spelled.get(&letters(name)).map(|key| Standard::Spelled(key)))
}

/// The name without what spellings differ in.
fn letters(name: &str) -> String {
    let kept = name.chars().filter(|c| !matches!(c, '.' | '_' | '-'));
    kept.map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_by_any_spelling() {
        for name in ["http_request_method", "httpRequestMethod", "http.request_method"] {
            assert_eq!(standard(name), Some(Standard::Spelled("http.request.method")), "{name}");
        }
        assert_eq!(standard("http.request.method"), Some(Standard::Key));
        assert_eq!(standard("http_method"), Some(Standard::Spelled("http.method")));
        assert_eq!(standard("user"), None);
    }

    #[test]
    fn a_deprecated_key_says_what_it_was_renamed_to() {
        assert_eq!(
            standard("http.method"),
            Some(Standard::Deprecated(Some("http.request.method")))
        );
        assert_eq!(standard("enduser.role"), Some(Standard::Deprecated(None)));
        assert_eq!(standard("code_filepath"), Some(Standard::Spelled("code.file.path")));
    }

    #[test]
    fn what_a_key_was_renamed_to_is_a_key() {
        assert!(KEYS.exact.len() > 900);
        for standard in KEYS.exact.values() {
            if let Standard::Deprecated(Some(now)) = standard {
                assert_eq!(KEYS.exact.get(now), Some(&Standard::Key), "{now}");
            }
        }
    }
}
