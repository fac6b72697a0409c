use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use throughline_schema::Class;

/// The key of the hashes that are written in place of values: 16 bytes that nobody else knows.
///
/// Two loggers with the same key write the same hash for the same value, so that lines can be joined on it. Without the key, a value cannot be found by hashing guesses. The hash is SipHash-2-4 with
/// 128 bits (Aumasson and Bernstein, 2012), of the value's text: a number and a string of the same digits have the same one.
///
/// Keep it as you keep a password, and the same for as long as you want to join. It is not shown by [`Debug`](fmt::Debug).
#[derive(Clone)]
pub struct HashKey {
    pub(crate) bytes: [u8; 16],
    /// Tells the forms of a context apart that were made with different keys.
    id: u64,
}

impl HashKey {
    /// The key of these bytes, which should be random.
    pub fn new(bytes: [u8; 16]) -> HashKey {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        HashKey { bytes, id: NEXT.fetch_add(1, Ordering::Relaxed) }
    }
}

impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HashKey").finish_non_exhaustive()
    }
}

/// What a logger writes of the values of each class.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clearance {
    personal: bool,
    secret: bool,
    /// For what is not written as it is; without a key, nothing of it is written.
    key: Option<HashKey>,
}

/// What is written of a value.
pub(crate) enum Treatment<'a> {
    Plain,
    Redacted,
    Hashed(&'a HashKey),
}

impl Clearance {
    pub(crate) fn with(mut self, class: Class) -> Clearance {
        match class {
            Class::Public => {}
            Class::Personal => self.personal = true,
            Class::Secret => self.secret = true,
        }
        self
    }

    pub(crate) fn hashing(self, key: HashKey) -> Clearance {
        Clearance { key: Some(key), ..self }
    }

    #[inline]
    pub(crate) fn treatment(&self, class: Class) -> Treatment<'_> {
        let plain = match class {
            Class::Public => true,
            Class::Personal => self.personal,
            Class::Secret => self.secret,
        };
        match &self.key {
            _ if plain => Treatment::Plain,
            None => Treatment::Redacted,
            Some(key) => Treatment::Hashed(key),
        }
    }

    /// Tells the forms of a context apart.
    pub(crate) fn form(&self) -> u64 {
        let key = self.key.as_ref().map_or(0, |key| key.id);
        u64::from(self.personal) | u64::from(self.secret) << 1 | key << 2
    }
}
