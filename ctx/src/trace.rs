//! The ids of W3C Trace Context, and the `traceparent` header that carries them.

use std::fmt;
use std::str::FromStr;

use crate::{ows, random};

pub(crate) const HEX: &[u8; 16] = b"0123456789abcdef";

macro_rules! id {
    ($(#[$docs:meta])* $name:ident, $bytes:literal) => {
        $(#[$docs])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; $bytes]);

        impl $name {
            /// A new random id.
            pub fn mint() -> $name {
                loop {
                    // All zeros is not an id; once in a lifetime of universes it is drawn.
                    if let Some(id) = $name::from_bytes(random::bytes()) {
                        return id;
                    }
                }
            }

            /// The id of these bytes, unless all are zero.
            pub fn from_bytes(bytes: [u8; $bytes]) -> Option<$name> {
                (bytes != [0; $bytes]).then_some($name(bytes))
            }

            /// The bytes of the id, the most significant first.
            pub fn to_bytes(self) -> [u8; $bytes] {
                self.0
            }

            /// The id as lower-case hexadecimal digits, in ASCII.
            pub fn to_hex(self) -> [u8; $bytes * 2] {
                let mut hex = [0; $bytes * 2];
                for (pair, byte) in hex.chunks_exact_mut(2).zip(self.0) {
                    pair[0] = HEX[usize::from(byte >> 4)];
                    pair[1] = HEX[usize::from(byte & 0x0f)];
                }
                hex
            }

            /// The id that these lower-case hexadecimal digits are. `None` if one is something else, or all are zeros.
            pub fn from_hex(hex: &[u8]) -> Option<$name> {
                let mut bytes = [0; $bytes];
                if hex.len() != $bytes * 2 {
                    return None;
                }
                for (byte, pair) in bytes.iter_mut().zip(hex.chunks_exact(2)) {
                    *byte = digit(pair[0])? << 4 | digit(pair[1])?;
                }
                $name::from_bytes(bytes)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(str::from_utf8(&self.to_hex()).unwrap_or_default())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

id! {
    /// The id of a trace: 16 bytes, not all zero (W3C Trace Context, `trace-id`).
    TraceId, 16
}

id! {
    /// The id of a unit of work within a trace: 8 bytes, not all zero (W3C Trace Context, `parent-id`).
    SpanId, 8
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

/// The flags of a trace (W3C Trace Context, level 2, `trace-flags`). Only the two that the standard defines are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct TraceFlags(u8);

impl TraceFlags {
    /// A caller may have recorded this trace.
    pub const SAMPLED: TraceFlags = TraceFlags(0x01);
    /// The last 7 bytes of the trace id are random.
    pub const RANDOM: TraceFlags = TraceFlags(0x02);

    /// The flags of this byte; bits that the standard does not define are cleared.
    pub fn from_bits(bits: u8) -> TraceFlags {
        TraceFlags(bits & (TraceFlags::SAMPLED.0 | TraceFlags::RANDOM.0))
    }

    /// The flags as one byte.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// Whether all of `other` are set.
    pub fn contains(self, other: TraceFlags) -> bool {
        self.0 & other.0 == other.0
    }
}

impl std::ops::BitOr for TraceFlags {
    type Output = TraceFlags;

    fn bitor(self, other: TraceFlags) -> TraceFlags {
        TraceFlags(self.0 | other.0)
    }
}

/// A `traceparent` header: the place in a trace from which a call comes.
///
/// ```
/// use throughline_ctx::TraceParent;
///
/// let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// let parent: TraceParent = header.parse()?;
/// assert_eq!(parent.trace_id.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
/// assert_eq!(parent.to_string(), header);
/// # Ok::<(), throughline_ctx::InvalidTraceParent>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceParent {
    /// The trace.
    pub trace_id: TraceId,
    /// The span of the call, on the caller's side.
    pub parent_id: SpanId,
    /// The flags.
    pub flags: TraceFlags,
}

impl TraceParent {
    /// Reads a header's value. Spaces and tabs around it are no part of it (RFC 9110, `OWS`).
    ///
    /// A version above `00` is read as far as this version goes, as W3C Trace Context, "Versioning of traceparent", asks.
    ///
    /// # Errors
    ///
    /// If the value is not of that form: see [`InvalidTraceParent`].
    pub fn parse(value: &[u8]) -> Result<TraceParent, InvalidTraceParent> {
        parse(ows::trim(value)).ok_or(InvalidTraceParent(()))
    }

    /// The header's value: version `00`, 55 bytes of ASCII.
    pub fn to_header(self) -> [u8; 55] {
        let mut header = [b'-'; 55];
        header[..2].copy_from_slice(b"00");
        header[3..35].copy_from_slice(&self.trace_id.to_hex());
        header[36..52].copy_from_slice(&self.parent_id.to_hex());
        header[53] = b'0'; // only the low two bits are ever set
        header[54] = b'0' + self.flags.bits();
        header
    }
}

fn parse(value: &[u8]) -> Option<TraceParent> {
    let (header, rest) = value.split_at_checked(55)?;
    if [header[2], header[35], header[52]] != *b"---" {
        return None;
    }
    match byte(&header[..2])? {
        0 if !rest.is_empty() => return None,
        0xff => return None,
        _ if rest.first().is_some_and(|&byte| byte != b'-') => return None,
        _ => {}
    }
    Some(TraceParent {
        trace_id: TraceId::from_hex(&header[3..35])?,
        parent_id: SpanId::from_hex(&header[36..52])?,
        flags: TraceFlags::from_bits(byte(&header[53..55])?),
    })
}

fn byte(hex: &[u8]) -> Option<u8> {
    Some(digit(hex[0])? << 4 | digit(hex[1])?)
}

impl FromStr for TraceParent {
    type Err = InvalidTraceParent;

    fn from_str(value: &str) -> Result<TraceParent, InvalidTraceParent> {
        TraceParent::parse(value.as_bytes())
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(str::from_utf8(&self.to_header()).unwrap_or_default())
    }
}

/// The value is no `traceparent`: `version "-" trace-id "-" parent-id "-" trace-flags` in lower-case hexadecimal digits, neither id all zeros,
/// the version not `ff`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidTraceParent(());

impl fmt::Display for InvalidTraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "not a traceparent of the form 00-<32 hex digits>-<16 hex digits>-<2 hex digits>",
        )
    }
}

impl std::error::Error for InvalidTraceParent {}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_good_header_is_read_and_written_back() {
        let parent: TraceParent = GOOD.parse().unwrap();
        assert_eq!(parent.parent_id.to_string(), "00f067aa0ba902b7");
        assert!(parent.flags.contains(TraceFlags::SAMPLED));
        assert!(!parent.flags.contains(TraceFlags::RANDOM));
        assert_eq!(parent.to_string(), GOOD);
    }

    #[test]
    fn undefined_flags_are_cleared_and_defined_ones_kept() {
        let parent: TraceParent = GOOD.replace("-01", "-ff").parse().unwrap();
        assert_eq!(parent.flags.bits(), 0x03);
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known() {
        for later in
            [GOOD.replacen("00", "cc", 1), format!("{}-what-comes", GOOD.replacen("00", "cc", 1))]
        {
            assert_eq!(later.parse::<TraceParent>(), GOOD.parse(), "{later}");
        }
        let glued = format!("{}.what-comes", GOOD.replacen("00", "cc", 1));
        assert!(glued.parse::<TraceParent>().is_err());
    }

    #[test]
    fn malformed_headers_are_refused() {
        let upper = GOOD.to_uppercase();
        let version_ff = GOOD.replacen("00", "ff", 1);
        let extra = format!("{GOOD}-extra");
        for bad in ["", "00", &GOOD[..54], &upper, &version_ff, &extra, &GOOD.replace('-', "_")] {
            assert!(bad.parse::<TraceParent>().is_err(), "{bad:?}");
        }
        for zero in ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"] {
            let bad = GOOD.replace(zero, &"0".repeat(zero.len()));
            assert!(bad.parse::<TraceParent>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn white_space_around_the_value_is_no_part_of_it() {
        assert_eq!(format!(" \t{GOOD}\t ").parse::<TraceParent>(), GOOD.parse());
    }
}
