use std::fmt::{self, Display, Write};
use std::hash::Hasher;
use std::time::{Duration, SystemTime};

use siphasher::sip128::{Hasher128, SipHasher24};
use throughline_schema::{Scalar, ValueWriter};

use super::room::Room;
use super::value::{Form, UNPRINTABLE, ValueEncoder, or, print};
use crate::clearance::HashKey;

/// Writes a keyed hash in place of a value: `"[hash:…]"`, with 32 hex digits. Of a list, one for each of its values.
pub(super) struct HashEncoder<'r, 'a> {
    pub(super) room: &'r mut Room<'a>,
    pub(super) form: Form,
    pub(super) key: &'r HashKey,
}

impl HashEncoder<'_, '_> {
    fn text(self, text: &str) {
        let mut hasher = SipHasher24::new_with_key(&self.key.bytes);
        hasher.write(text.as_bytes());
        self.finish(&hasher);
    }

    fn finish(self, hasher: &SipHasher24) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let hash = hasher.finish128().as_bytes();
        let digit = |at: usize| hash[at / 2] >> (4 - 4 * (at % 2)) & 0xf;
        let hex: [u8; 32] = std::array::from_fn(|at| DIGITS[usize::from(digit(at))]);
        self.room.push(b"\"[hash:");
        self.room.push(&hex);
        self.room.push(b"]\"");
    }

    /// The hash of what is written of the value in plain, but for quotes.
    fn hash_written(self, write: impl FnOnce(ValueEncoder<'_, '_>)) {
        let mut bytes = [0; 64];
        let mut room = Room::new(&mut bytes);
        write(ValueEncoder { room: &mut room, form: self.form });
        let used = 64 - room.left();
        let text = str::from_utf8(&bytes[..used]).unwrap_or_default();
        self.text(text.trim_matches('"'));
    }
}

impl ValueWriter for HashEncoder<'_, '_> {
    fn bool(self, value: bool) {
        self.hash_written(|writer| writer.bool(value));
    }

    fn i64(self, value: i64) {
        self.hash_written(|writer| writer.i64(value));
    }

    fn u64(self, value: u64) {
        self.hash_written(|writer| writer.u64(value));
    }

    fn i128(self, value: i128) {
        self.hash_written(|writer| writer.i128(value));
    }

    fn u128(self, value: u128) {
        self.hash_written(|writer| writer.u128(value));
    }

    fn f32(self, value: f32) {
        self.hash_written(|writer| writer.f32(value));
    }

    fn f64(self, value: f64) {
        self.hash_written(|writer| writer.f64(value));
    }

    fn str(self, value: &str) {
        self.text(value);
    }

    fn display(self, value: &(dyn Display + '_)) {
        let mut pieces = Pieces(SipHasher24::new_with_key(&self.key.bytes), 0);
        match print(&mut pieces, value) {
            Ok(()) => self.finish(&pieces.0),
            Err(fmt::Error) => {
                self.room.push(b"\"");
                self.room.push(UNPRINTABLE);
                self.room.push(b"\"");
            }
        }
    }

    fn duration(self, value: Duration) {
        self.hash_written(|writer| writer.duration(value));
    }

    fn time(self, value: SystemTime) {
        self.hash_written(|writer| writer.time(value));
    }

    fn list<'a, T: Scalar + 'a>(self, values: impl Iterator<Item = &'a T>) {
        self.room.push(b"[");
        for (index, value) in values.take(self.form.most).enumerate() {
            if self.room.is_full() {
                break;
            }
            if index > 0 {
                self.room.push(b",");
            }
            let HashEncoder { form, key, .. } = self;
            or(self.room, b"null", |room| value.write(HashEncoder { room, form, key }));
        }
        self.room.push(b"]");
    }
}

/// The longest text of which all is hashed: there are texts without an end.
const MAX_TEXT: usize = 1 << 24;

struct Pieces(SipHasher24, usize);

impl Write for Pieces {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        self.1 += text.len();
        if self.1 > MAX_TEXT { Err(fmt::Error) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use throughline_schema::Value;

    fn hash(key: &HashKey, value: &(impl Value + ?Sized)) -> String {
        let mut bytes = [0; 256];
        let mut room = Room::new(&mut bytes);
        let form = Form::default();
        value.write(HashEncoder { room: &mut room, form, key });
        let used = 256 - room.left();
        String::from_utf8(bytes[..used].to_vec()).unwrap()
    }

    /// The first of the vectors that the authors of SipHash give for 128 bits, with their key, and that of one byte 0.
    #[test]
    fn the_hash_is_siphash_2_4_with_128_bits() {
        let key = HashKey::new(std::array::from_fn(|at| at as u8));
        let expected = |hex: &str| format!("\"[hash:{hex}]\"");
        assert_eq!(hash(&key, ""), expected("a3817f04ba25a8e66df67214c7550293"));
        assert_eq!(hash(&key, "\0"), expected("da87c1d86b99af44347659119b22fc45"));
    }

    #[test]
    fn equal_values_join_whatever_their_type_and_other_values_and_keys_do_not() {
        let key = HashKey::new([7; 16]);
        assert_eq!(hash(&key, "42"), hash(&key, &42_u8));
        assert_eq!(hash(&key, "42"), hash(&key, &42_i128));
        assert_eq!(hash(&key, "42"), hash(&key, &format_args!("{}{}", 4, 2)));
        assert_ne!(hash(&key, "42"), hash(&key, "43"));
        assert_ne!(hash(&key, "42"), hash(&HashKey::new([8; 16]), "42"));
        let one = hash(&key, "a");
        assert_eq!(hash(&key, &["a", "a"]), format!("[{one},{one}]"));
    }

    #[test]
    fn a_display_that_fails_is_not_hashed_half_way() {
        struct Fails;
        impl Display for Fails {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("half")?;
                Err(fmt::Error)
            }
        }
        assert_eq!(hash(&HashKey::new([7; 16]), &format_args!("{Fails}")), "\"[unprintable]\"");
    }
}
