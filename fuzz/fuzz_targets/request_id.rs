//! A request id that is read is the value itself, of the safe set alone; what is refused is not of that set.

#![no_main]

use libfuzzer_sys::fuzz_target;
use throughline_ctx::RequestId;

fuzz_target!(|value: &[u8]| {
    let is_safe = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~:/+=@".contains(byte);
    let fits = (1..=128).contains(&value.len()) && value.iter().all(is_safe);
    match RequestId::parse(value) {
        Ok(id) => {
            assert!(fits);
            assert_eq!(id.as_str().as_bytes(), value);
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        Err(_) => assert!(!fits),
    }
});
