//! An integer of any width is written as the standard library writes it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use throughline_fuzz::written;

fuzz_target!(|input: (i128, u8)| {
    // Few numbers of a fuzzer are short, and most people's are.
    let wide = input.0 >> (input.1 & 0x7f);
    macro_rules! same {
        ($($type:ty)*) => {$({
            let value = wide as $type;
            assert_eq!(written(value), value.to_string());
            assert_eq!(written([value, <$type>::MAX]), format!("[{value},{}]", <$type>::MAX));
        })*};
    }
    same!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);
});
