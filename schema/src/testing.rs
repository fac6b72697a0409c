//! For tests: whether the code keeps to what was agreed.

use std::path::Path;
use std::{env, fs, io};

use crate::lock::{Lock, clashes, compare, conflicts};

/// Compares the events and keys of the program, and of all libraries that are linked into it, with the lock file that is committed.
///
/// One test in a file under `tests/` does it, where the events of other tests are not linked in:
///
/// ```no_run
/// # mod accounts {}
/// use accounts as _; // a crate whose events count, and which is not named otherwise
///
/// #[test]
/// fn events_are_as_agreed() {
///     throughline_schema::testing::assert_locked("events.lock.json");
/// }
/// ```
///
/// With `THROUGHLINE_BLESS=1` in its environment it writes the file instead, and says what changed.
///
/// `path` is relative to the package, which is where Cargo runs tests.
///
/// # Panics
///
/// If there is any difference, with a line for each: what it is, where, why it breaks readers if it does, and what to do. If the file cannot be read. And, with or
/// without the variable, if the program contradicts itself: a name with two types, units or classes, or two events of one name and version.
#[track_caller]
pub fn assert_locked(path: impl AsRef<Path>) {
    let bless =
        env::var_os("THROUGHLINE_BLESS").is_some_and(|value| !value.is_empty() && value != "0");
    if let Err(why) = check(&Lock::of_program(), &clashes(), path.as_ref(), bless) {
        panic!("{why}");
    }
}

fn check(program: &Lock, clashes: &[String], path: &Path, bless: bool) -> Result<(), String> {
    let mut faults = clashes.to_vec();
    faults.extend(conflicts(&[("", program)]).iter().map(ToString::to_string));
    if !faults.is_empty() {
        return Err(list("the program contradicts itself; one name means one thing", &faults));
    }
    let name = path.display();
    let committed = match fs::read_to_string(path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(format!("{name}: {error}")),
    };
    let Some(committed) = committed else {
        if bless {
            return write(path, program);
        }
        return Err(format!("{name} is missing; THROUGHLINE_BLESS=1 writes it"));
    };
    let before = match Lock::parse(&committed) {
        Ok(before) => before,
        Err(_) if bless => return write(path, program),
        Err(error) => return Err(format!("{name}: {error}; THROUGHLINE_BLESS=1 writes it anew")),
    };
    let program = program.clone().since(&before);
    let differences = compare(&before, &program);
    if bless {
        for difference in &differences {
            eprintln!("{difference}");
        }
        return write(path, &program);
    }
    if differences.is_empty() && program.to_json() == committed {
        return Ok(());
    }
    let lines: Vec<_> = differences.iter().map(ToString::to_string).collect();
    let breaks = differences.iter().filter(|difference| difference.rule.breaks).count();
    let what = if breaks > 0 {
        format!("{name} says otherwise, and {breaks} of the differences break readers")
    } else {
        format!("{name} is out of date; no difference breaks readers")
    };
    Err(list(&format!("{what}; THROUGHLINE_BLESS=1 writes it anew"), &lines))
}

fn list(what: &str, lines: &[String]) -> String {
    let lines: String = lines.iter().map(|line| format!("\n  - {line}")).collect();
    format!("{what}{}{lines}", if lines.is_empty() { "" } else { ":" })
}

fn write(path: &Path, lock: &Lock) -> Result<(), String> {
    fs::write(path, lock.to_json()).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(name: &str, version: u32, fields: &str) -> Lock {
        let json = format!(
            r#"{{"format":1,"events":[{{"name":"{name}","version":{version},"level":"info","kind":"log",
            "message":"","description":"","fields":[{fields}]}}],"keys":[]}}"#
        );
        Lock::parse(&json).unwrap()
    }

    const USER: &str = r#"{"name":"user","type":"text","since":1,"description":"Who."}"#;
    const USER_ID: &str = r#"{"name":"user","type":"u64","since":1,"description":"Who."}"#;

    #[test]
    fn the_lock_file_is_compared_and_written_when_that_is_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.lock.json");
        let (old, new) = (lock("a", 1, USER), lock("a", 1, USER_ID));
        let missing = check(&old, &[], &path, false).unwrap_err();
        assert!(missing.ends_with("events.lock.json is missing; THROUGHLINE_BLESS=1 writes it"));
        check(&old, &[], &path, true).unwrap();
        check(&old, &[], &path, false).unwrap();
        let wrong = check(&new, &[], &path, false).unwrap_err();
        let (_, line) = wrong.split_once("1 of the differences break readers; ").unwrap();
        let expected = "THROUGHLINE_BLESS=1 writes it anew:\n  \
            - a v1, field user: field retyped (text → u64); an index or a program that takes the one type refuses the other; \
            undo it, or give the event `version = 2`";
        assert_eq!(line, expected);
        check(&new, &[], &path, true).unwrap();
        check(&new, &[], &path, false).unwrap();
    }

    #[test]
    fn what_is_harmless_is_told_as_well() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.lock.json");
        check(&lock("a", 1, ""), &[], &path, true).unwrap();
        let wrong = check(&lock("a", 1, USER), &[], &path, false).unwrap_err();
        assert!(wrong.contains("is out of date; no difference breaks readers"), "{wrong}");
        assert!(wrong.contains("- a v1, field user: field added; readers ignore"), "{wrong}");
        // The same, in other bytes.
        fs::write(&path, lock("a", 1, "").to_json().replace('\n', "")).unwrap();
        let wrong = check(&lock("a", 1, ""), &[], &path, false).unwrap_err();
        assert!(wrong.contains("is out of date"), "{wrong}");
    }

    #[test]
    fn a_field_is_as_old_as_the_versions_say_that_had_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.lock.json");
        check(&lock("a", 1, USER), &[], &path, true).unwrap();
        let second = format!("{USER},{}", USER.replace("\"user\"", "\"host\""));
        check(&lock("a", 2, &second), &[], &path, true).unwrap();
        let written = Lock::parse(&fs::read_to_string(&path).unwrap()).unwrap();
        let since: Vec<_> = written.events[0].fields.iter().map(|field| field.since).collect();
        assert_eq!(since, [1, 2]);
        // And once more, from the file itself.
        check(&lock("a", 2, &second), &[], &path, false).unwrap();
    }

    #[test]
    fn a_program_that_contradicts_itself_is_not_blessed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.lock.json");
        let mut both = lock("a", 1, USER);
        both.events.extend(lock("b", 1, USER_ID).events);
        let wrong = check(&both, &[], &path, true).unwrap_err();
        assert!(wrong.contains("- user has two types: text in a v1, integer in b v1"), "{wrong}");
        assert!(!path.exists());
    }
}
