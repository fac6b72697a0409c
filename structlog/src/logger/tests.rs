use super::*;
use crate::testing;

/// Says something.
#[derive(Event)]
#[event(name = "said", version = 1, level = "info", message = "Said")]
struct Said<'a> {
    /// What.
    what: &'a str,
}

struct Emits<'a>(&'a Logger);

impl fmt::Display for Emits<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.emit(None, &Said { what: "inner" });
        f.write_str("outer")
    }
}

#[test]
fn an_event_whose_values_emit_another_is_whole_and_so_is_the_other() {
    let (log, captured) = testing::capture();
    crate::info!(logger: log, "nested", what = %Emits(&log));
    let lines = captured.lines();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].contains(r#""what":"inner"}"#), "{}", lines[0]);
    assert!(lines[1].contains(r#""what":"outer"}"#), "{}", lines[1]);
}

#[test]
fn a_threshold_takes_effect_at_once_and_for_every_handle() {
    let (log, captured) = testing::capture();
    let other = log.clone();
    other.set_filter(Level::Warn);
    log.emit(None, &Said { what: "quiet" });
    log.emit_at(Level::Error, None, &Said { what: "loud" });
    log.set_filter(Threshold::OFF);
    log.emit_at(Level::Error, None, &Said { what: "off" });
    assert_eq!(captured.lines().len(), 1);
}
