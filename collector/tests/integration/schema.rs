//! `throughline schema`, as a process over files.

use std::{
    fs,
    io::Write,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use crate::support::BIN;

/// A folder with lock files.
pub(crate) struct Files(tempfile::TempDir);

impl Files {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).unwrap()
    }

    /// Runs `throughline` in the folder.
    pub(crate) fn run(&self, arguments: &[&str], stdin: &[u8]) -> Output {
        let mut child = Command::new(BIN)
            .args(arguments)
            .current_dir(&self.0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Who was told nothing but what is wrong with its arguments does not read.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        child.wait_with_output().unwrap()
    }

    /// Runs it without input, and returns its exit code, and what it printed.
    pub(crate) fn said(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.run(arguments, b"");
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code().unwrap(), said)
    }
}

pub(crate) fn event(name: &str, version: u32, fields: &[&str]) -> String {
    format!(
        r#"{{"name":"{name}","version":{version},"level":"info","kind":"log","message":"","description":"It.","fields":[{}]}}"#,
        fields.join(",")
    )
}

pub(crate) fn field(name: &str, rest: &str) -> String {
    format!(r#"{{"name":"{name}",{rest},"since":1,"description":"A."}}"#)
}

pub(crate) fn lock(events: &[String], keys: &str) -> String {
    format!(r#"{{"format":1,"events":[{}],"keys":[{keys}]}}"#, events.join(","))
}

fn lock_of(name: &str, fields: &[&str]) -> String {
    let fields: Vec<_> = fields.iter().map(|name| field(name, r#""type":"text""#)).collect();
    let fields: Vec<_> = fields.iter().map(String::as_str).collect();
    lock(&[event(name, 1, &fields)], "")
}

#[test]
fn lock_files_are_merged_into_one_that_is_sorted() {
    let files = Files::new();
    files.write("b.json", lock_of("b", &["x"]));
    files.write("a.json", lock_of("a", &["x"]));
    let (code, merged) = files.said(&["schema", "lock", "b.json", "a.json", "b.json"]);
    assert_eq!(code, 0, "{merged}");
    assert!(merged.starts_with("{\n  \"format\": 1,\n") && merged.ends_with("}\n"), "{merged}");
    assert!(merged.find(r#""name": "a""#) < merged.find(r#""name": "b""#));
    assert_eq!(merged.matches(r#""version": 1"#).count(), 2);
    // From the standard input, and to a file.
    let again = files.run(&["schema", "lock", "--out", "again.json"], merged.as_bytes());
    assert!(again.status.success() && again.stdout.is_empty());
    assert_eq!(files.read("again.json"), merged);
}

#[test]
fn lock_files_that_contradict_each_other_are_not_merged() {
    let files = Files::new();
    files.write("a.json", lock_of("a", &["x"]));
    files.write("b.json", lock_of("a", &["x", "y"]));
    let (code, said) = files.said(&["schema", "docs", "a.json", "b.json"]);
    assert_eq!(code, 2);
    assert!(said.contains("a v1 has two shapes, in a.json and in b.json"), "{said}");
    let key = |value| {
        let rest = format!(r#""type":"{value}","scope":"local","description":"K.""#);
        format!(r#"{{"name":"k",{rest}}}"#)
    };
    files.write("c.json", lock(&[], &key("text")));
    files.write("d.json", lock(&[], &key("u8")));
    let (code, said) = files.said(&["schema", "lock", "c.json", "d.json"]);
    assert!(code == 2 && said.contains("the key k in d.json"), "{said}");
}

#[test]
fn what_is_no_lock_file_says_so() {
    let files = Files::new();
    files.write("bad.json", "{}");
    for arguments in [
        &["schema", "lock", "none.json"][..],
        &["schema", "lock", "bad.json"],
        &["schema", "diff", "bad.json", "bad.json"],
        &["schema", "check", "bad.json"],
        &["schema", "diff", "one.json"],
        &["schema"],
    ] {
        let (code, said) = files.said(arguments);
        assert_eq!(code, 2, "{arguments:?}: {said}");
        assert!(said.contains(".json") || said.contains("Usage"), "{said}");
    }
}

#[test]
fn every_export_is_made() {
    let files = Files::new();
    files.write("a.json", lock_of("a.b", &["x"]));
    let (code, docs) = files.said(&["schema", "docs", "a.json"]);
    assert!(code == 0 && docs.contains("## `a.b` v1"), "{docs}");
    let (code, weaver) = files.said(&["schema", "weaver", "a.json"]);
    assert!(code == 0 && weaver.starts_with("groups:\n"), "{weaver}");
    let (code, stream) = files.said(&["schema", "json-schema", "a.json"]);
    assert!(code == 0 && stream.contains("json-schema.org/draft/2020-12"), "{stream}");
    let (code, said) = files.said(&["schema", "json-schema", "a.json", "--out", "schemas"]);
    assert_eq!((code, said.as_str()), (0, ""));
    assert_eq!(files.read("schemas/stream.schema.json"), stream);
    assert!(files.read("schemas/a.b.v1.schema.json").contains("urn:throughline:event:a.b:1"));
}

#[test]
fn a_difference_that_breaks_readers_is_a_failure() {
    let files = Files::new();
    files.write("1.json", lock_of("a", &["x"]));
    files.write("2.json", lock_of("a", &["x", "y"]));
    let (code, said) = files.said(&["schema", "diff", "1.json", "2.json"]);
    assert_eq!(code, 0);
    assert!(said.starts_with("a v1, field y: field added; readers ignore"), "{said}");
    let (code, said) = files.said(&["schema", "diff", "2.json", "1.json"]);
    assert_eq!((code, said.lines().count()), (1, 1), "{said}");
    assert!(said.contains("field y: field removed") && said.contains("`version = 2`"), "{said}");
    let (code, said) = files.said(&["schema", "diff", "1.json", "1.json"]);
    assert_eq!((code, said.as_str()), (0, ""));
    // Another version is another event.
    files.write("3.json", lock(&[event("a", 2, &[])], ""));
    assert_eq!(files.said(&["schema", "diff", "1.json", "3.json"]).0, 0);
}

#[test]
fn a_name_with_two_meanings_is_found_where_it_stands() {
    let files = Files::new();
    let (a, b) = (field("size", r#""type":"u32","unit":"By""#), field("size", r#""type":"text""#));
    files.write("a.json", lock(&[event("a", 1, &[&a])], ""));
    files.write("b.json", lock(&[event("b", 1, &[&b])], ""));
    let (code, said) = files.said(&["schema", "check", "a.json", "b.json"]);
    assert_eq!(code, 1);
    assert_eq!(
        said,
        "b.json:1: size has two types: integer in a v1 (a.json), text in b v1 (b.json)\n"
    );
    let check = ["schema", "check", "a.json", "b.json", "--format"];
    let (code, said) = files.said(&[&check[..], &["github"]].concat());
    assert_eq!(code, 1);
    assert!(said.starts_with("::error file=b.json,line=1,title=two types::size has"), "{said}");
    let (_, said) = files.said(&[&check[..], &["json"]].concat());
    let json: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&json["file"], &json["line"]), (&"b.json".into(), &1.into()));
    assert_eq!((&json["expected"], &json["found"]), (&"integer".into(), &"text".into()));
    assert_eq!(files.said(&["schema", "check", "a.json", "a.json"]), (0, String::new()));
}

#[test]
fn two_shapes_of_one_version_are_told_apart_field_by_field() {
    let files = Files::new();
    files.write("a.json", lock_of("a", &["x"]));
    files.write("b.json", lock_of("a", &["x", "y"]));
    let (code, said) = files.said(&["schema", "check", "b.json", "a.json"]);
    assert_eq!(code, 1);
    assert_eq!(said, "a.json:1: a v1 has two shapes, in b.json and in a.json: y: field removed\n");
}

#[test]
fn names_that_are_taken_for_others_are_found_and_can_be_allowed() {
    let files = Files::new();
    files.write("a.json", lock_of("payment.done", &["amount", "tenant_id", "http_method"]));
    files.write("b.json", lock_of("payment.started", &["ammount", "tenant.id", "net.peer.name"]));
    files.write("c.json", lock_of("paymemt.started", &["amount"]));
    let check = ["schema", "check", "a.json", "b.json", "c.json"];
    let (code, said) = files.said(&check);
    assert_eq!(code, 1);
    let expected = [
        "a.json:1: http_method is http.request.method in OpenTelemetry's semantic conventions",
        "b.json:1: net.peer.name is deprecated in OpenTelemetry's semantic conventions",
        "b.json:1: ammount (b.json) is one edit away from amount (a.json)",
        "a.json:1: tenant_id (a.json) is another spelling of tenant.id (b.json)",
        "b.json:1: payment.started (b.json) is one edit away from paymemt.started (c.json)",
    ];
    assert_eq!(said.lines().collect::<Vec<_>>(), expected);
    files.write(
        "allowed",
        "# Old ones\nhttp_method\nnet.peer.name # theirs\n\ntenant_id\nunheard\n",
    );
    let allow = ["--allow-file", "allowed", "--allow", "paymemt.started", "--allow", "amount"];
    let (code, said) = files.said(&[&check[..], &allow].concat());
    assert_eq!(code, 0, "{said}");
    assert_eq!(said, "throughline: nothing was found of \"unheard\", which is allowed\n");
}

#[test]
fn help_states_the_exit_codes() {
    let files = Files::new();
    let schema = ["lock", "json-schema", "docs", "weaver", "diff", "check", "lint"];
    let all = schema.map(|name| ["schema", name]).into_iter().chain([["spec", "check"]]);
    for [group, command] in all {
        let (code, said) = files.said(&[group, command, "--help"]);
        assert!(code == 0 && said.contains("Exit codes: 0"), "{said}");
    }
}

#[test]
fn an_export_that_nobody_reads_to_its_end_is_no_success() {
    let files = Files::new();
    let many: Vec<_> = (0..2000).map(|n| event(&format!("e{n}"), 1, &[])).collect();
    files.write("a.json", lock(&many, ""));
    let mut child = Command::new(BIN)
        .args(["schema", "docs", "a.json"])
        .current_dir(&files.0)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}
