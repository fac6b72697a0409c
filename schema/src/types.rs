/// The type of a value, as those who read lines need to know it (`spec/event.md`, "Values").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Type {
    /// `true` or `false`.
    Bool,
    /// A number without a fraction.
    Integer(Integer),
    /// A 32-bit float, or `null` where it is not finite.
    F32,
    /// A 64-bit float, or `null` where it is not finite.
    F64,
    /// Text.
    Text,
    /// A length of time: a number of seconds.
    Duration,
    /// A moment: text, as RFC 3339 has it, in UTC with 6 digits of a second.
    Time,
    /// A UUID: text, in lower case with hyphens (RFC 9562).
    Uuid,
    /// An IP address: text, as RFC 5952 has it for IPv6.
    IpAddress,
    /// An IP address and a port: text, such as `192.0.2.1:80` and `[2001:db8::1]:80`.
    SocketAddress,
    /// Text out of a closed set.
    Set(&'static [Member]),
    /// The message of an error: text.
    Error,
    /// Several values of one type: an array. The type is no list.
    List(&'static Type),
}

/// The smallest Rust type that holds an integer: it says between which bounds the integer lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Integer {
    I8,
    I16,
    I32,
    I64,
    I128,
    U8,
    U16,
    U32,
    U64,
    U128,
}

/// One of the texts of a closed set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Member {
    /// The text as it stands in a line.
    pub name: &'static str,
    /// What it means, for people.
    pub description: &'static str,
}

impl Member {
    /// One of the texts of a set.
    pub const fn new(name: &'static str, description: &'static str) -> Member {
        Member { name, description }
    }
}

impl Integer {
    /// All of them.
    pub const ALL: [Integer; 10] = [
        Integer::I8,
        Integer::I16,
        Integer::I32,
        Integer::I64,
        Integer::I128,
        Integer::U8,
        Integer::U16,
        Integer::U32,
        Integer::U64,
        Integer::U128,
    ];

    /// The name of the Rust type: `i8` to `u128`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Integer::I8 => "i8",
            Integer::I16 => "i16",
            Integer::I32 => "i32",
            Integer::I64 => "i64",
            Integer::I128 => "i128",
            Integer::U8 => "u8",
            Integer::U16 => "u16",
            Integer::U32 => "u32",
            Integer::U64 => "u64",
            Integer::U128 => "u128",
        }
    }

    /// The least integer of this type.
    pub const fn min(self) -> i128 {
        match self {
            Integer::I8 => i8::MIN as i128,
            Integer::I16 => i16::MIN as i128,
            Integer::I32 => i32::MIN as i128,
            Integer::I64 => i64::MIN as i128,
            Integer::I128 => i128::MIN,
            _ => 0,
        }
    }

    /// The greatest integer of this type.
    pub const fn max(self) -> u128 {
        match self {
            Integer::I8 => i8::MAX as u128,
            Integer::I16 => i16::MAX as u128,
            Integer::I32 => i32::MAX as u128,
            Integer::I64 => i64::MAX as u128,
            Integer::I128 => i128::MAX as u128,
            Integer::U8 => u8::MAX as u128,
            Integer::U16 => u16::MAX as u128,
            Integer::U32 => u32::MAX as u128,
            Integer::U64 => u64::MAX as u128,
            Integer::U128 => u128::MAX,
        }
    }
}
