//! A string is written as the rules for escapes say, one character after the other, in whichever way it comes to the writer.

#![no_main]

use std::ffi::OsStr;
use std::fmt::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use throughline_fuzz::written;

fuzz_target!(|input: (&[u8], u8)| {
    let (bytes, pieces) = input;
    let text = String::from_utf8_lossy(bytes);
    let expected = naive(&text);
    assert_eq!(serde_json::from_str::<String>(&expected).unwrap(), text);
    assert_eq!(written(&*text), expected);
    assert_eq!(written([&*text, ""]), format!("[{expected},\"\"]"));
    assert_eq!(written(format_args!("{}", InPieces(&text, usize::from(pieces)))), expected);
    // What is no UTF-8 is replaced.
    assert_eq!(written(Path::new(OsStr::from_bytes(bytes))), expected);
    if let Some(letter) = text.chars().next() {
        assert_eq!(written(letter), naive(letter.encode_utf8(&mut [0; 4])));
    }
});

/// What `spec/event.md` says, "Values".
fn naive(text: &str) -> String {
    let mut json = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => json.extend(['\\', c]),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' => {
                write!(json, "\\u{:04x}", u32::from(c)).unwrap();
            }
            c => json.push(c),
        }
    }
    json.push('"');
    json
}

/// Text that a `Display` writes in pieces of so many characters.
struct InPieces<'a>(&'a str, usize);

impl fmt::Display for InPieces<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chars: Vec<char> = self.0.chars().collect();
        chars
            .chunks(self.1.max(1))
            .try_for_each(|piece| f.write_str(&piece.iter().collect::<String>()))
    }
}
