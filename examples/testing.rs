//! Testing your own events: what was emitted, by type and by field, and whether all events are still what was agreed on.
//!
//! `cargo test --example testing` runs the tests; `cargo run --example testing` the code that they test.

use throughline::{Context, Event, Logger};

/// A login attempt was refused.
#[derive(Event)]
#[event(name = "login.refused", version = 1, level = "warn", message = "Login refused")]
struct LoginRefused<'a> {
    /// Account name as typed.
    #[event(rename = "user.name", class = "personal")]
    user: &'a str,
    /// Failed attempts in the last hour.
    attempts: u32,
}

fn log_in(log: &Logger, ctx: &Context, user: &str, password: &str) -> bool {
    let is_known = password == "lovelace";
    if !is_known {
        log.emit(ctx, &LoginRefused { user, attempts: 1 });
    }
    is_known
}

fn main() {
    let log = Logger::builder("accounts").stdout().build();
    log_in(&log, &Context::root(), "ada", "byron");
    eprintln!("Next: `cargo test --example testing`, and break a test to see what it says.");
}

#[cfg(test)]
mod tests {
    use throughline::structlog::testing::{assert_nothing_lost, capture, capture_with};
    use throughline::{Class, Level};

    use super::*;

    #[test]
    fn a_refused_login_is_said_in_the_context_of_its_request() {
        let (log, captured) = capture();
        let ctx = Context::root();
        assert!(!log_in(&log, &ctx, "ada", "byron"));
        let refused = captured.only::<LoginRefused<'_>>(); // one, and as its type declares
        assert_eq!(refused.level(), Level::Warn);
        assert_eq!(refused["attempts"], 1);
        assert_eq!(refused["context"]["id"], ctx.request_id().as_str());
        assert_nothing_lost(&log);
    }

    #[test]
    fn a_login_that_succeeds_is_not_worth_an_event() {
        let (log, captured) = capture();
        assert!(log_in(&log, &Context::root(), "ada", "lovelace"));
        assert!(captured.of::<LoginRefused<'_>>().is_empty());
    }

    #[test]
    fn only_those_who_are_cleared_see_the_name() {
        let cleared = capture_with(|log| log.cleared_for(Class::Personal));
        for ((log, captured), name) in [(capture(), "[redacted]"), (cleared, "ada")] {
            log_in(&log, &Context::root(), "ada", "byron");
            assert_eq!(captured.only::<LoginRefused<'_>>()["user.name"], name);
        }
    }

    #[test]
    fn all_events_are_as_agreed() {
        // Feature `lock`. In a service: alone in a file under `tests/`, and `THROUGHLINE_BLESS=1` to agree on a change.
        throughline::schema::testing::assert_locked("examples/testing.lock.json");
    }
}
