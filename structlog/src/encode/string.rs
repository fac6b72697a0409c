use super::room::{Room, copy_ends};
use super::scan::{first_special, is_special};

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Appends `text` as a JSON string, with what `spec/event.md` says escaped.
#[inline(always)]
pub(crate) fn push_str(room: &mut Room<'_>, text: &str) {
    room.pass(|room| quoted(room, text));
}

/// Appends the inside of a JSON string.
pub(super) fn push_inside(room: &mut Room<'_>, text: &str) {
    room.pass(|room| escaped(room, text.as_bytes()));
}

/// Most strings are short and have nothing to escape: those are looked at and copied in one go.
fn quoted<'a>(room: &'a mut [u8], text: &str) -> &'a mut [u8] {
    let text = text.as_bytes();
    let Some((whole, _)) = room.split_at_mut_checked(text.len() + 2) else { return &mut [] };
    if let [open, inside @ .., close] = whole
        && copy_if_plain(inside, text)
    {
        (*open, *close) = (b'"', b'"');
        return &mut room[text.len() + 2..];
    }
    let mut room = Room::new(room);
    room.push(b"\"");
    room.pass(|room| escaped(room, text));
    room.push(b"\"");
    room.into_left()
}

/// Copies `from` to `to`, which are of one length, unless something in it has to be escaped.
#[inline(always)]
fn copy_if_plain(to: &mut [u8], from: &[u8]) -> bool {
    if from.len() >= 16 {
        let ((chunks, _), (copies, _)) = (from.as_chunks(), to.as_chunks_mut());
        // The last one overlaps what was copied before.
        return copies.iter_mut().zip(chunks).all(|(to, from)| copy_chunk(to, from) == 16)
            && to
                .last_chunk_mut()
                .zip(from.last_chunk())
                .is_some_and(|(to, from)| copy_chunk(to, from) == 16);
    }
    if let (Some(first), Some(last)) = (from.first_chunk(), from.last_chunk()) {
        let (low, high) = (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
        return first_special(low, high) == 16 && copy_ends::<8>(to, from);
    }
    if let (Some(first), Some(last)) = (from.first_chunk(), from.last_chunk()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        let both = u64::from(first) | u64::from(last) << 32;
        return first_special(both, both) == 16 && copy_ends::<4>(to, from);
    }
    let mut plain = true;
    for (to, &from) in to.iter_mut().zip(from) {
        plain &= !is_special(from);
        *to = from;
    }
    plain
}

/// Copies sixteen bytes, and says at which of them something has to be escaped, or 16.
#[inline(always)]
fn copy_chunk(to: &mut [u8; 16], from: &[u8; 16]) -> usize {
    *to = *from;
    let whole = u128::from_le_bytes(*from);
    first_special(whole as u64, (whole >> 64) as u64)
}

/// Copies a string of which something has to be escaped.
#[inline(never)]
fn escaped<'a>(mut room: &'a mut [u8], mut text: &[u8]) -> &'a mut [u8] {
    while let (Some(to), Some(from)) = (room.first_chunk_mut(), text.first_chunk()) {
        let plain = copy_chunk(to, from);
        (room, text) = (&mut room[plain..], &text[plain..]);
        if plain < 16 {
            (room, text) = escape(room, text);
        }
    }
    while let Some((&byte, others)) = text.split_first() {
        if is_special(byte) {
            (room, text) = escape(room, text);
        } else {
            let Some((to, left)) = room.split_first_mut() else { return &mut [] };
            *to = byte;
            (room, text) = (left, others);
        }
    }
    room
}

/// Writes the first character of `text`, which looks special. What only looks so goes as it is.
#[inline(always)]
fn escape<'a, 't>(room: &'a mut [u8], text: &'t [u8]) -> (&'a mut [u8], &'t [u8]) {
    let mut room = Room::new(room);
    let len = match *text {
        [byte @ (b'"' | b'\\'), ..] => {
            room.push(&[b'\\', byte]);
            1
        }
        [b'\n', ..] => {
            room.push(b"\\n");
            1
        }
        _ => rare(&mut room, text),
    };
    (room.into_left(), &text[len..])
}

/// Writes the first character of `text`, one that is seldom there, and returns how many bytes it has.
#[cold]
#[inline(never)]
fn rare(room: &mut Room<'_>, text: &[u8]) -> usize {
    let (code, len) = match *text {
        [0xc2, c1 @ ..0xa0, ..] => (u16::from(c1), 2),
        [0xe2, 0x80, last @ (0xa8 | 0xa9), ..] => (0x2000 | u16::from(last & 0x3f), 3),
        [b'\r', ..] => {
            room.push(b"\\r");
            return 1;
        }
        [b'\t', ..] => {
            room.push(b"\\t");
            return 1;
        }
        [byte @ (0xc2 | 0xe2), ..] => {
            // The bytes that follow are none that is special.
            room.push(&[byte]);
            return 1;
        }
        [byte, ..] => (u16::from(byte), 1),
        [] => return 0,
    };
    let digit = |shift: u16| HEX[usize::from(code >> shift & 0xf)];
    room.push(&[b'\\', b'u', digit(12), digit(8), digit(4), digit(0)]);
    len
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn escaped(text: &str) -> String {
        let mut bytes = vec![0; 2 + text.len() * 6 + 1];
        let len = bytes.len();
        let mut room = Room::new(&mut bytes);
        push_str(&mut room, text);
        let used = len - room.left();
        bytes.truncate(used);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn control_characters_and_line_ends_are_escaped_wherever_they_stand() {
        let special =
            ["\0", "\u{1f}", "\u{7f}", "\u{80}", "\u{9b}", "\u{9f}", "\u{2028}", "\u{2029}"];
        for special in special {
            let code = special.chars().next().unwrap() as u32;
            for before in 0..40 {
                let plain = "x".repeat(before);
                let expected = format!("\"{plain}\\u{code:04x}yz\"");
                assert_eq!(escaped(&format!("{plain}{special}yz")), expected);
            }
        }
        assert_eq!(escaped("\"\\\n\r\t"), r#""\"\\\n\r\t""#);
    }

    #[test]
    fn their_neighbours_are_not() {
        let text = " \u{a0}\u{e9}\u{2027}\u{202a}\u{20ac}\u{1f600}~";
        assert_eq!(escaped(text), format!("\"{text}\""));
    }

    #[test]
    fn what_is_plain_is_copied_whatever_its_length() {
        for len in 0..100 {
            let text: String =
                ('!'..='~').filter(|c| !"\"\\".contains(*c)).cycle().take(len).collect();
            assert_eq!(escaped(&text), format!("\"{text}\""));
        }
    }

    proptest! {
        #[test]
        fn a_string_that_does_not_fit_leaves_no_room_and_stays_within_it(
            text in "[a-z\"\n\u{2028}]{0,70}", len in 0..80_usize
        ) {
            let whole = escaped(&text);
            let mut bytes = vec![b'#'; len + 20];
            let mut room = Room::new(&mut bytes[..len]);
            push_str(&mut room, &text);
            prop_assert_eq!(room.is_full(), whole.len() >= len);
            if !room.is_full() {
                prop_assert_eq!(&bytes[..whole.len()], whole.as_bytes());
            }
            prop_assert!(bytes[len..].iter().all(|byte| *byte == b'#'));
        }
    }
}
