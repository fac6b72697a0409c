//! The example that moves from `tracing-subscriber`: what was said before is said after.

use std::process::{Command, Stdio};

use serde_json::Value;
use throughline::structlog::testing::Record;

use crate::examples::binary;

fn lines(how: &str) -> Vec<String> {
    let mut command = Command::new(binary("tracing_migration"));
    command.arg(how).env_remove("THROUGHLINE_SOCKET").env_remove("THROUGHLINE_LOG");
    let output = command.stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn every_call_is_on_the_new_writer_with_the_same_values() {
    let before: Vec<Value> =
        lines("before").iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let after: Vec<Value> = lines("after")
        .iter()
        .map(|line| {
            line.parse::<Record>().unwrap_or_else(|why| panic!("{why}: {line}"));
            serde_json::from_str(line).unwrap()
        })
        .collect();
    let said = |line: &Value| line["fields"]["message"].as_str().map(str::to_owned);
    for before in before.iter().filter(|line| said(line).is_some()) {
        let message = said(before).unwrap();
        let after = after.iter().find(|line| line["message"] == *message).unwrap();
        assert_eq!(before["level"], after["level"], "{message}");
        for (name, value) in before["fields"].as_object().unwrap() {
            // `tracing-log` adds where a record comes from.
            if name != "message" && !name.starts_with("log.") {
                assert_eq!(after[name], *value, "{message}");
            }
        }
        for span in before["spans"].as_array().into_iter().flatten() {
            for (name, value) in
                span.as_object().unwrap().iter().filter(|(name, _)| *name != "name")
            {
                let typed = &after["context"][name];
                assert_eq!(typed, value, "{message}: {name}");
            }
        }
    }
    assert_eq!(after.len(), before.len() + 2);
    let [.., span, macro_of_ours] = &*after else { panic!("two lines of the next step") };
    assert_eq!(span["context"], macro_of_ours["context"]);
    assert_eq!(span["context"]["tenant.id"], "acme");
}
