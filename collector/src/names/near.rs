/// A word shorter than this is as good as any other of its length: `host` and `post` are no slip of the pen.
const SHORTEST: usize = 5;

/// How two names are alike that are not the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Likeness {
    /// They differ in dots and underscores only: `user.id`, `user_id`, `userid`.
    Separators,
    /// They differ in one word, which is one edit away from the other: a letter more, less or otherwise, or two that are swapped.
    Slip,
}

/// Whether one of the two names is probably meant to be the other.
///
/// One edit is no slip if it is in a word of fewer than five characters, if it is an `s` at the end (`user`, `users`), or if it is about a digit (`line1`, `line2`).
pub(crate) fn likeness(a: &str, b: &str) -> Option<Likeness> {
    if a == b {
        return None;
    }
    if letters(a).eq(letters(b)) {
        return Some(Likeness::Separators);
    }
    if a.len().abs_diff(b.len()) > 1 {
        return None;
    }
    let (mut a, mut b) = (a.split(['.', '_']), b.split(['.', '_']));
    let mut slip = false;
    loop {
        match (a.next(), b.next()) {
            (None, None) => return slip.then_some(Likeness::Slip),
            (Some(a), Some(b)) if a == b => {}
            (Some(a), Some(b)) if !slip && is_slip(a.as_bytes(), b.as_bytes()) => slip = true,
            _ => return None,
        }
    }
}

fn letters(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().filter(|byte| !matches!(byte, b'.' | b'_'))
}

fn is_slip(a: &[u8], b: &[u8]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if short.len() < SHORTEST {
        return false;
    }
    let Some(at) = short.iter().zip(long).position(|(a, b)| a != b) else {
        // One more letter at the end.
        let more = &long[short.len()..];
        return more.len() == 1 && more != b"s" && !more[0].is_ascii_digit();
    };
    if short.len() < long.len() {
        return short[at..] == long[at + 1..] && !long[at].is_ascii_digit();
    }
    if short[at].is_ascii_digit() && long[at].is_ascii_digit() {
        return false;
    }
    let swapped = short.get(at + 1) == Some(&long[at]) && long.get(at + 1) == Some(&short[at]);
    short[at + 1..] == long[at + 1..] || (swapped && short[at + 2..] == long[at + 2..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_in_separators_are_alike() {
        for (a, b) in [("user.id", "user_id"), ("userid", "user_id"), ("a.b_c", "ab.c")] {
            assert_eq!(likeness(a, b), Some(Likeness::Separators), "{a} {b}");
        }
    }

    #[test]
    fn one_edit_in_a_long_word_is_a_slip() {
        for (a, b) in [
            ("payment.amount", "payment.ammount"),
            ("payment.amount", "payment.amonut"),
            ("payment.amount", "paymemt.amount"),
            ("account", "acount"),
            ("tenant", "tenante"),
        ] {
            assert_eq!(likeness(a, b), Some(Likeness::Slip), "{a} {b}");
            assert_eq!(likeness(b, a), Some(Likeness::Slip), "{b} {a}");
        }
    }

    #[test]
    fn what_is_meant_to_differ_is_no_slip() {
        for (a, b) in [
            ("account", "account"),
            ("host", "post"),
            ("ip.src", "ip.srv"),
            ("order", "orders"),
            ("order.line1", "order.line2"),
            ("order.line", "order.line2"),
            ("amount", "amounted"),
            ("acount.naem", "account.name"),
            ("header.size", "reader.sizes"),
            ("account", "account.a"),
        ] {
            assert_eq!(likeness(a, b), None, "{a} {b}");
            assert_eq!(likeness(b, a), None, "{b} {a}");
        }
    }
}
