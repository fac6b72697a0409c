use std::fmt;

use ::tracing::{Level as Theirs, debug, error, event, info, trace, warn};
use throughline_schema::Level;

use super::{line, written};

#[test]
fn a_value_keeps_its_type() {
    let bytes = &b"\x00\xff"[..];
    let line = line(|| {
        info!(
            small = -3_i8,
            large = u64::MAX,
            wide = i128::MIN,
            wider = u128::MAX,
            half = 0.5,
            not = f64::NAN,
            yes = true,
            text = "a \"b\"\n",
            shown = %"c",
            debugged = ?Some(1),
            bytes,
            "typed"
        );
    });
    assert_eq!(line["small"], -3);
    assert_eq!(line["large"], u64::MAX);
    assert_eq!(line["wide"], i128::MIN);
    assert_eq!(line["wider"], u128::MAX);
    assert_eq!(line["half"], 0.5);
    assert!(line.line().contains(r#""not":null,"yes":true,"#), "{}", line.line());
    assert_eq!(line["text"], "a \"b\"\n");
    assert_eq!(line["shown"], "c");
    assert_eq!(line["debugged"], "Some(1)");
    assert_eq!(line["bytes"], "00ff");
    assert_eq!(line.message(), "typed");
}

#[test]
fn an_event_has_its_level_its_target_and_its_message() {
    let lines = written(|| {
        trace!("a");
        debug!(target: "h2::\"codec\"", "b {}", 1);
        info!(message = "c");
        warn!({ x = 1 }, "d\u{2028}");
        error!(x = 2);
    });
    let seen: Vec<_> = lines.iter().map(|line| (line.level(), line.message())).collect();
    let expected = [
        (Level::Trace, "a"),
        (Level::Debug, "b 1"),
        (Level::Info, "c"),
        (Level::Warn, "d\u{2028}"),
        (Level::Error, ""),
    ];
    assert_eq!(seen, expected);
    assert_eq!(lines[0]["target"], module_path!());
    assert_eq!(lines[1]["target"], "h2::\"codec\"");
    assert!(lines.iter().all(|line| line.event() == "log" && line.context().is_none()));
}

#[test]
fn a_name_that_no_line_has_becomes_one_that_it_can_have() {
    let line = line(|| {
        info!(
            r#type = "a",
            userId = 1,
            otel.kind = "server",
            "peer addr" = 2,
            level = 3,
            timestamp = 42,
            target = "t",
            service = true,
            "names"
        );
    });
    let names: Vec<_> = line.fields().map(|(name, _)| name.to_owned()).collect();
    let expected = [
        "type",
        "user_id",
        "otel.kind",
        "peer_addr",
        "level_",
        "timestamp_",
        "target_",
        "service_",
    ];
    assert_eq!(names, expected);
}

#[test]
fn of_two_fields_that_come_to_one_name_the_last_that_is_there_counts() {
    let none: Option<u64> = None;
    let lines = written(|| {
        info!(a = 1, "a" = 2, "same");
        info!(userId = 1, user_id = 2, UserId = none, "alike");
        info!(userId = 1, user_id = none, "one is not there");
    });
    assert_eq!(lines[0]["a"], 2);
    assert_eq!(lines[1]["user_id"], 2);
    assert_eq!(lines[2]["user_id"], 1);
}

#[test]
fn an_error_has_its_causes_in_a_field_of_their_own() {
    #[derive(Debug)]
    struct Failed(std::io::Error);
    impl fmt::Display for Failed {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("failed")
        }
    }
    impl std::error::Error for Failed {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }
    let error = Failed(std::io::Error::other("disk full"));
    let error: &(dyn std::error::Error + 'static) = &error;
    let lines = written(|| {
        error!(error, "with causes");
        error!(error, error.causes = "taken", "the name is taken");
    });
    assert_eq!(lines[0]["error"], "failed");
    assert_eq!(lines[0]["error.causes"], ["disk full"]);
    assert_eq!(lines[1]["error.causes"], "taken");
}

#[test]
fn a_value_that_panics_costs_its_own_text_only() {
    struct Panics;
    impl fmt::Debug for Panics {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("of a test")
        }
    }
    let line = line(|| info!(bad = ?Panics, good = 1, "m"));
    assert_eq!(line["bad"], "[unprintable]");
    assert_eq!(line["good"], 1);
}

#[test]
fn a_record_of_log_that_tracing_log_hands_on_has_the_target_of_the_record() {
    let line = line(|| {
        let record = log::Record::builder()
            .args(format_args!("SELECT 1"))
            .level(log::Level::Info)
            .target("sqlx::query")
            .module_path(Some("sqlx_core::logger"))
            .file(Some("logger.rs"))
            .line(Some(7))
            .build();
        tracing_log::format_trace(&record).unwrap();
    });
    assert_eq!(line["target"], "sqlx::query");
    assert_eq!(line.message(), "SELECT 1");
    assert_eq!(line.fields().count(), 0, "{}", line.line());
}

#[test]
fn a_line_that_is_too_long_is_clipped_and_not_lost() {
    let long = "x".repeat(3 << 20);
    let line = line(|| event!(Theirs::INFO, long, "m"));
    assert_eq!(line["long"].as_str().unwrap().len(), 1024);
    assert!(line.get("violations").is_some());
}
