//! The contract's vectors of lines (`spec/vectors/README.md`), and the checker that holds other programs against all of them.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value as Json;
use throughline_collector::lint::Linter;
use throughline_schema::lock::Lock;

use crate::schema::Files;

const SPEC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../spec");

/// The lines, by their names.
fn lines() -> BTreeMap<String, Vec<u8>> {
    let folder = Path::new(SPEC).join("vectors/line");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let named = entries.map(|path| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, fs::read(path).unwrap())
    });
    named.collect()
}

#[test]
fn every_line_is_valid_or_not_as_its_vector_says() {
    let contract = Lock::parse(r#"{"format":1,"events":[],"keys":[]}"#).unwrap();
    let mut linter = Linter::new(contract);
    let lines = lines();
    assert!(lines.len() > 90);
    for (name, line) in lines {
        let mut faults = Vec::new();
        linter.check(&line, &mut faults);
        match name.split_once('_').unwrap().0 {
            "y" => assert_eq!(faults, [], "{name}"),
            "n" => assert_ne!(faults, [], "{name}"),
            verdict => assert_eq!(verdict, "i", "{name}"),
        }
    }
}

#[test]
fn the_json_schema_of_a_line_accepts_every_line_that_is_valid() {
    let schema = fs::read(Path::new(SPEC).join("line.schema.json")).unwrap();
    let schema: Json = serde_json::from_slice(&schema).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    for (name, line) in lines().into_iter().filter(|(name, _)| name.starts_with("y_")) {
        let line: Json = serde_json::from_slice(&line).unwrap();
        assert!(schema.validate(&line).is_ok(), "{name}: {:?}", schema.validate(&line));
    }
}

#[test]
fn a_stream_is_checked_against_the_contract() {
    let files = Files::new();
    let lines = lines();
    let good: Vec<u8> =
        [&lines["y_least.line"][..], b"\n\n", &lines["y_span.line"], b"\n"].concat();
    files.write("good.ndjson", &good);
    let (code, said) = files.said(&["spec", "check", "good.ndjson"]);
    assert_eq!((code, said.as_str()), (0, "throughline: 3 lines, 0 faults\n"));
    let bad = [&good[..], &lines["n_level_in_lower_case.line"]].concat();
    let output = files.run(&["spec", "check"], &bad);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1));
    let expected =
        "-:4: user.login v1, level: expected TRACE, DEBUG, INFO, WARN or ERROR, found \"info\"\n";
    assert_eq!(said, expected);
}

/// A folder with a few vectors, and what the checker says of a program in the language of the shell.
fn candidate(program: &str) -> (i32, String) {
    let files = Files::new();
    for (name, content) in [
        ("vectors/line/y_a.line", "{}"),
        ("vectors/line/n_b.line", "\u{1b}"),
        ("vectors/line/i_c.line", "{ }"),
        (
            "vectors/propagation/y_d.json",
            r#"{"headers":[["x-request-id","a"]],"read":{"request_id":"a"}}"#,
        ),
        ("vectors/evolution/n_e.json", r#"{"before":{},"after":{}}"#),
    ] {
        let folder = name.rsplit_once('/').unwrap().0;
        let made = files.write("marker", "").parent().unwrap().join(folder);
        fs::create_dir_all(made).unwrap();
        files.write(name, content);
    }
    files.said(&["spec", "check", "--vectors", "vectors", "--", "sh", "-c", program])
}

#[test]
fn a_program_that_shares_all_verdicts_conforms() {
    let program = r#"while read -r line; do case $line in
        *'"hex":"7b7d"'*|*'"hex":"7b207d"'*) echo '{"valid":true}';;
        *'"group":"line"'*) echo '{"valid":false}';;
        *'"headers":[["x-request-id","a"]]'*) echo '{"read":{"request_id":"a"}}';;
        *'"before":{}'*) echo '{"breaks":true}';;
        esac; done"#;
    let (code, said) = candidate(program);
    assert_eq!(code, 0, "{said}");
    let expected = [
        "evolution/n_e: ok",
        "line/i_c: ok, either way",
        "line/n_b: ok",
        "line/y_a: ok",
        "propagation/y_d: ok",
        "throughline: 5 vectors, 5 shared, 0 not, 0 skipped",
    ];
    let mut lines: Vec<_> = said.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, expected);
}

#[test]
fn a_verdict_that_is_not_shared_is_told() {
    let program = r#"while read -r line; do case $line in
        *'"group":"line"'*) echo '{"valid":true}';;
        *) echo '{"skip":true}';;
        esac; done"#;
    let (code, said) = candidate(program);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("line/n_b: expected {\"valid\":false}, found {\"valid\":true}"),
        "{said}"
    );
    assert!(said.contains("evolution/n_e: skipped"), "{said}");
    assert!(said.contains("5 vectors, 2 shared, 1 not, 2 skipped"), "{said}");
}

#[test]
fn a_program_that_does_not_answer_does_not_conform() {
    for (program, why) in [
        ("exit 0", "ended without an answer"),
        ("read -r line; echo no; read -r line", "no JSON"),
        ("while read -r line; do echo '{\"skip\":true}'; done", "5 skipped"),
    ] {
        let (code, said) = candidate(program);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains(why), "{said}");
    }
    let files = Files::new();
    for arguments in [
        &["spec", "check", "--vectors", "none", "--", "true"][..],
        &["spec", "check", "--vectors", "none"],
        &["spec", "check", "none.ndjson"],
    ] {
        assert_eq!(files.said(arguments).0, 2, "{arguments:?}");
    }
}
