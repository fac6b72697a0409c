//! A float is a number that reads back as the same float, with as few digits as the standard library finds.

#![no_main]

use libfuzzer_sys::fuzz_target;
use throughline_fuzz::written;

fuzz_target!(|input: (u64, u32)| {
    let (double, single) = (f64::from_bits(input.0), f32::from_bits(input.1));
    let json = [written(double), written(single)];
    if double.is_finite() {
        assert_eq!(json[0].parse::<f64>().unwrap().to_bits(), double.to_bits());
        assert_eq!(serde_json::from_str::<f64>(&json[0]).unwrap().to_bits(), double.to_bits());
        assert_eq!(digits(&json[0]), digits(&format!("{double:e}")));
    } else {
        assert_eq!(json[0], "null");
    }
    if single.is_finite() {
        assert_eq!(json[1].parse::<f32>().unwrap().to_bits(), single.to_bits());
        assert!(serde_json::from_str::<f64>(&json[1]).is_ok());
        assert_eq!(digits(&json[1]), digits(&format!("{single:e}")));
    } else {
        assert_eq!(json[1], "null");
    }
    assert_eq!(written([double]), format!("[{}]", json[0]));
});

/// How many digits a number has that say how exact it is. Which they are is not always one thing: 2.00390625 as a single is as near to 2.0039062 as to 2.0039063.
fn digits(number: &str) -> usize {
    let mantissa = number.split(['e', 'E']).next().unwrap();
    let digits = mantissa.replace(['-', '.'], "");
    digits.trim_matches('0').len()
}
