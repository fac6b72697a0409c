//! `throughline schema lint`, as a process over files.

use crate::schema::{Files, event, field, lock};

const HEAD: &str = r#"{"timestamp":"2026-11-21T09:28:31.123456Z","level":"INFO","event":"EVENT","version":1,"message":"","service":{"name":"tests"}"#;

fn line(event: &str, rest: &str) -> String {
    format!("{}{rest}}}\n", HEAD.replace("EVENT", event))
}

/// A folder with a lock file of the event `a`.
fn files() -> Files {
    let files = Files::new();
    let n = field("n", r#""type":"u8","range":"1..""#);
    let mail = field("mail", r#""type":"text","class":"personal","optional":true"#);
    files.write("a.lock.json", lock(&[event("a", 1, &[&n, &mail])], ""));
    files
}

#[test]
fn each_fault_is_told_with_its_line_and_field() {
    let files = files();
    let stored = [
        line("a", r#","n":3"#),
        "\n".into(),
        line("a", r#","n":256"#),
        line("a", r#","n":1,"mail":17"#),
        line("a", r#","mail":"x""#),
        line("a", r#","n":1,"n":2,"more":"x""#),
        "not JSON\n".into(),
        line("a", r#","n":0"#),
        line("a", r#","n":0,"violations":["n: range 1.., had 0"]"#),
        "{\"cut\":".into(),
    ];
    files.write("stored.ndjson", stored.concat());
    let lint = ["schema", "lint", "--lock", "a.lock.json", "stored.ndjson"];
    let (code, said) = files.said(&lint);
    assert_eq!(code, 1);
    let expected = [
        "stored.ndjson:3: a v1, n: expected u8 within 1.., found 256",
        "stored.ndjson:4: a v1, mail: expected text, withheld or not, found a number",
        "stored.ndjson:5: a v1, n: expected u8 within 1.., found nothing",
        "stored.ndjson:6: a v1, n: expected each name once, found it twice",
        "stored.ndjson:6: a v1, more: expected no such field, found a string",
        "stored.ndjson:7: expected a JSON object, found 'n' after 0 bytes",
        "stored.ndjson:8: a v1, n: expected u8 within 1.., found 0",
        "stored.ndjson:10: expected a value, found the end, after 7 bytes",
        "throughline: 10 lines, 8 faults",
    ];
    assert_eq!(said.lines().collect::<Vec<_>>(), expected);
    let (code, said) = files.said(&[&lint[..], &["--max-faults", "2"]].concat());
    assert!(code == 1 && said.contains("ended after 2 faults"), "{said}");
    let (_, said) = files.said(&[&lint[..], &["--format", "json"]].concat());
    let first: serde_json::Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
    let expected = serde_json::json!({"severity": "error", "file": "stored.ndjson", "line": 3, "rule": "line",
        "event": "a v1", "field": "n", "expected": "u8 within 1..", "found": "256",
        "message": "a v1, n: expected u8 within 1.., found 256"});
    assert_eq!(first, expected);
    let (_, said) = files.said(&[&lint[..], &["--format", "github"]].concat());
    assert!(
        said.starts_with("::error file=stored.ndjson,line=3,title=line::a v1, n: expected"),
        "{said}"
    );
}

#[test]
fn what_nobody_declared_is_counted_and_is_no_fault() {
    let files = files();
    let stored = [
        line("b", r#","x":[1,"y"]"#),
        line("b", ""),
        line("a", "").replace("\"version\":1", "\"version\":7"),
        line("log", r#","target":"a::b""#),
        line("a", r#","n":1"#),
    ];
    let output =
        files.run(&["schema", "lint", "--lock", "a.lock.json"], stored.concat().as_bytes());
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    let expected = "note: a v7 is in no lock file: 1 lines\nnote: b v1 is in no lock file: 2 lines\nthroughline: 5 lines, 0 faults\n";
    assert_eq!(said, expected);
}

#[test]
fn a_line_that_is_no_text_or_too_long_is_a_fault() {
    let files = files();
    let stored =
        [&b"\xff{}\n"[..], &b"x".repeat((1 << 20) + 1), b"\n", b"{\"a\":\"\x1b\"}\n"].concat();
    let output = files.run(&["schema", "lint", "--lock", "a.lock.json", "-"], &stored);
    let said = String::from_utf8(output.stdout).unwrap();
    let expected = [
        "-:1: expected UTF-8, found a byte that is none, after 0 bytes",
        "-:2: expected at most 1048576 bytes, found 1048577 bytes",
        "-:3: expected the end of the string, found '\\u{1b}' after 6 bytes",
    ];
    assert_eq!(said.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn members_are_compared_however_many_there_are() {
    let files = files();
    let many: String = (0..40).map(|n| format!(r#","x{n}":{n}"#)).collect();
    let stored = line("b", &many) + &line("b", &format!(r#"{many},"x\u0030":1"#));
    let output = files.run(&["schema", "lint", "--lock", "a.lock.json"], stored.as_bytes());
    let said = String::from_utf8(output.stdout).unwrap();
    let expected = "-:2: b v1, x0: expected each name once, found it twice\nnote: b v1 is in no lock file: 2 lines\n";
    assert_eq!(said, expected);
}

#[test]
fn a_line_of_nothing_but_faults_is_told_of_a_hundred_times() {
    let files = files();
    let told: String = (0..50_000).map(|_| r#","""#).collect();
    let stored = line("a", &(r#","n":0"#.repeat(50_000) + &format!(r#","violations":[""{told}]"#)));
    let output = files.run(&["schema", "lint", "--lock", "a.lock.json"], stored.as_bytes());
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 100);
}

#[test]
fn what_may_be_personal_is_not_quoted() {
    let files = files();
    let context = r#","n":1,"mail":["ada@example.com"],"who":"ada@example.com","context":{"id":"r","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7","mail":["ada@example.com"]}"#;
    let output =
        files.run(&["schema", "lint", "--lock", "a.lock.json"], line("a", context).as_bytes());
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.lines().count() == 3 && !said.contains("ada"), "{said}");
}

#[test]
fn events_that_are_made_up_do_not_use_up_the_memory() {
    let files = files();
    let stored: String = (0..1100).map(|n| line(&format!("made.up{n}"), "")).collect();
    let output = files.run(&["schema", "lint", "--lock", "a.lock.json"], stored.as_bytes());
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said.lines().count(), 1001);
    assert!(said.ends_with("note: more unknown events: 100 lines\n"), "{said}");
}

#[test]
fn usage_and_unreadable_files_are_told_apart_from_faults() {
    let files = files();
    for arguments in [
        &["schema", "lint", "a.lock.json"][..],
        &["schema", "lint", "--lock", "a.lock.json", "none.ndjson"],
        &["schema", "lint", "--lock", "none.json"],
        &["schema", "lint", "--lock", "a.lock.json", "--max-faults", "0"],
    ] {
        assert_eq!(files.said(arguments).0, 2, "{arguments:?}");
    }
}
