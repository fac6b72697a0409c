//! Finds what cannot stand in a string as it is, sixteen bytes at a time.

/// Quote, backslash, control characters, and the bytes with which U+0080 to U+009F and U+2028 and U+2029 begin.
#[inline]
pub(super) const fn is_special(byte: u8) -> bool {
    byte < 0x20 || matches!(byte, b'"' | b'\\' | 0x7f | 0xc2 | 0xe2)
}

/// The place of the first byte that [is special](is_special), or 16.
#[inline(always)]
pub(super) fn first_special(low: u64, high: u64) -> usize {
    #[cfg(target_arch = "x86_64")]
    {
        (sse2::specials(low, high) | 0x1_0000).trailing_zeros() as usize
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        swar::first_special(low)
            .or_else(|| swar::first_special(high).map(|at| at + 8))
            .unwrap_or(16)
    }
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)] // to call what not every processor of another kind has
mod sse2 {
    use std::arch::x86_64::{
        _mm_cmpeq_epi8, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x,
        _mm_set1_epi8,
    };

    /// A bit for each byte that is special.
    #[inline(always)]
    pub(super) fn specials(low: u64, high: u64) -> u32 {
        // SAFETY: Every x86_64 has SSE2.
        unsafe { with_sse2(low, high) }
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn with_sse2(low: u64, high: u64) -> u32 {
        let bytes = _mm_set_epi64x(high as i64, low as i64);
        let all = |byte: u8| _mm_set1_epi8(byte as i8);
        let control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, all(0x1f)), bytes);
        let delete = _mm_cmpeq_epi8(bytes, all(0x7f));
        let quote = _mm_cmpeq_epi8(bytes, all(b'"'));
        let backslash = _mm_cmpeq_epi8(bytes, all(b'\\'));
        // 0xc2 and 0xe2 differ in one bit.
        let lead = _mm_cmpeq_epi8(_mm_or_si128(bytes, all(0x20)), all(0xe2));
        let special = _mm_or_si128(
            _mm_or_si128(control, delete),
            _mm_or_si128(_mm_or_si128(quote, backslash), lead),
        );
        _mm_movemask_epi8(special) as u32
    }
}

/// The same without the instructions of a certain processor.
#[cfg(any(test, not(target_arch = "x86_64")))]
mod swar {
    /// The first special byte of a little-endian word: all eight are looked at in one go.
    ///
    /// Subtracting 1 from each byte sets the highest bit of those that were zero, and of some that were not: of those above 0x80, which are masked out, and of those that
    /// a borrow reached. A borrow comes from a zero below, so that the lowest bit set is right.
    #[inline]
    pub(super) fn first_special(word: u64) -> Option<usize> {
        const ONES: u64 = 0x0101_0101_0101_0101;
        let all = |byte: u8| ONES * u64::from(byte);
        let is = |word: u64, byte: u8| {
            let zero_if_equal = word ^ all(byte);
            zero_if_equal.wrapping_sub(ONES) & !zero_if_equal
        };
        let control = word.wrapping_sub(all(0x20)) & !word;
        let lead = is(word | all(0x20), 0xe2);
        let found = control | is(word, b'"') | is(word, b'\\') | is(word, 0x7f) | lead;
        let found = found & all(0x80);
        (found != 0).then(|| found.trailing_zeros() as usize / 8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_found_at_every_place() {
        for at in 0..16 {
            for byte in 0..=255 {
                // Alone, and with another one after it.
                for last in [b'x', b'"'] {
                    let mut bytes = [b'x'; 16];
                    bytes[15] = last;
                    bytes[at] = byte;
                    let naive = bytes.iter().position(|&byte| is_special(byte)).unwrap_or(16);
                    let word = |at: usize| u64::from_le_bytes(*bytes[at..].first_chunk().unwrap());
                    assert_eq!(first_special(word(0), word(8)), naive, "{byte:#x} at {at}");
                    let first = swar::first_special(word(0));
                    let swar = first.or(swar::first_special(word(8)).map(|at| at + 8));
                    assert_eq!(swar.unwrap_or(16), naive, "{byte:#x} at {at}");
                }
            }
        }
    }
}
