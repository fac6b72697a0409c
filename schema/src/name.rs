/// The members of the line that are not fields (`spec/event.md`, "Members").
const RESERVED: [&str; 13] = [
    "timestamp",
    "level",
    "event",
    "version",
    "kind",
    "message",
    "service",
    "context",
    "target",
    "duration_us",
    "outcome",
    "weight",
    "violations",
];

/// Whether this can be the name of an event or a field: lower case, in parts joined by dots, each beginning with a letter; at most 128 bytes.
pub const fn is_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    let mut at_start = true;
    let mut at = 0;
    while at < bytes.len() {
        at_start = match bytes[at] {
            b'a'..=b'z' => false,
            b'0'..=b'9' | b'_' if !at_start => false,
            b'.' if !at_start => true,
            _ => return false,
        };
        at += 1;
    }
    !at_start && bytes.len() <= 128
}

/// Whether every line has, or may have, a member of this name already.
pub const fn is_reserved(name: &str) -> bool {
    let mut index = 0;
    while index < RESERVED.len() {
        let reserved = RESERVED[index].as_bytes();
        let mut at = 0;
        while at < name.len() && at < reserved.len() && name.as_bytes()[at] == reserved[at] {
            at += 1;
        }
        if at == name.len() && at == reserved.len() {
            return true;
        }
        index += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_parts_joined_by_dots() {
        for good in ["a", "user", "http.route", "a1_b.c2"] {
            assert!(is_name(good), "{good:?}");
        }
        let long = "a".repeat(129);
        for bad in ["", ".", "a.", ".a", "a..b", "1a", "a.1", "_a", "A", "a-b", "a b", "é", &long]
        {
            assert!(!is_name(bad), "{bad:?}");
        }
    }

    #[test]
    fn the_members_of_the_line_are_reserved() {
        assert!(RESERVED.iter().all(|name| is_reserved(name)));
        assert!(!is_reserved("user") && !is_reserved("levels") && !is_reserved(""));
    }
}
