//! The examples as processes: each ends by itself, and writes the lines that it is there to show.

use std::path::PathBuf;
use std::process::Command;

use throughline::structlog::testing::Record;

/// The binary of an example, which `cargo test` builds beside this one.
pub(crate) fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let binary = test.ancestors().nth(2).unwrap().join("examples").join(name);
    assert!(binary.exists(), "build it first: cargo build --all-features --example {name}");
    binary
}

/// The lines that an example wrote to its standard output, each of which keeps to the contract.
fn lines(name: &str) -> Vec<Record> {
    let mut command = Command::new(binary(name));
    command.env_remove("THROUGHLINE_SOCKET").env_remove("THROUGHLINE_LOG");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.lines().last().unwrap().starts_with("Next: "), "what to do next? {said}");
    let parse = |line: &str| line.parse().unwrap_or_else(|why| panic!("{why}: {line}"));
    String::from_utf8(output.stdout).unwrap().lines().map(parse).collect()
}

fn context(record: &Record, name: &str) -> String {
    let context = record.context().unwrap_or_else(|| panic!("no context: {record:?}"));
    context.get(name).and_then(|value| value.as_str()).unwrap_or("none").to_owned()
}

/// The level, what happened, and how it ended.
fn brief(record: &Record) -> String {
    let what = if record.event() == "log" { record.message() } else { record.event() };
    let outcome = record.get("outcome").map(|outcome| outcome.as_str().unwrap());
    let words = [Some(record.level().as_str()), Some(what), outcome];
    words.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn briefs<'a>(records: impl IntoIterator<Item = &'a Record>) -> Vec<String> {
    records.into_iter().map(brief).collect()
}

/// Those of one service, in order; what two services write at a time has none.
fn of<'a>(lines: &'a [Record], service: &str) -> Vec<&'a Record> {
    lines.iter().filter(|line| line["service"]["name"] == service).collect()
}

#[test]
fn axum_writes_one_wide_event_for_each_request_and_its_route_in_all() {
    let lines = lines("axum");
    let expected: [(&str, u16, &[&str]); 3] = [
        (
            "/orders/1",
            200,
            &["INFO asking the archive", "INFO order.found", "INFO server.request ok"],
        ),
        ("/orders/2", 404, &["INFO asking the archive", "INFO server.request ok"]),
        ("/orders/3", 500, &["INFO asking the archive", "ERROR server.request error"]),
    ];
    assert_eq!(lines.len(), 7);
    for (path, status, events) in expected {
        let request: Vec<_> =
            lines.iter().filter(|line| context(line, "url.path") == path).collect();
        assert_eq!(briefs(request.iter().copied()), events);
        for line in &request {
            assert_eq!(context(line, "id"), context(request[0], "id"));
            assert_eq!(context(line, "http.route"), "/orders/{id}");
            assert_eq!(context(line, "tenant.id"), "acme");
            let is_wide = line.event() == "server.request";
            assert_eq!(line.context().unwrap().get("archive.shelf").is_some(), is_wide);
        }
        assert_eq!(request.last().unwrap()["http.response.status_code"], status);
    }
    let found = lines.iter().find(|line| line.event() == "order.found").unwrap();
    assert_eq!(found.message(), "Order 1 found");
    assert_eq!((found["order.id"].number(), found["items"].number()), (Some(1), Some(3)));
    assert!(!lines.iter().any(|line| line.line().contains("not-logged")), "a query is not logged");
}

/// Checks that what `callee` wrote of each request stands under the call that `caller` reports, and that the deadline came along.
fn assert_crossed(lines: &[Record], caller: &str, callee: &str) {
    let calls = of(lines, caller).into_iter().filter(|line| line.event() == "client.request");
    for call in calls {
        let id = context(call, "id");
        let handled = of(lines, callee).into_iter().filter(|line| context(line, "id") == id);
        let handled: Vec<_> = handled.collect();
        assert!(!handled.is_empty(), "nothing of {id}");
        for line in handled {
            assert_eq!(context(line, "trace_id"), context(call, "trace_id"));
            assert_eq!(context(line, "parent_span_id"), context(call, "span_id"));
        }
    }
    let told = of(lines, callee).into_iter().filter_map(|line| line.get("remaining"));
    let told: Vec<f64> = told.map(|left| left.number().unwrap()).collect();
    assert!(!told.is_empty() && told.iter().all(|left| (0.0..=5.0).contains(left)), "{told:?}");
}

#[test]
fn tonic_reports_both_ends_of_each_call_under_one_request() {
    let lines = lines("tonic");
    assert_eq!(
        briefs(of(&lines, "gateway")),
        ["INFO client.request ok", "INFO answered", "WARN client.request error", "INFO answered"]
    );
    let handled = ["INFO checking a password", "INFO server.request ok"];
    assert_eq!(briefs(of(&lines, "accounts")), [handled, handled].concat());
    assert_crossed(&lines, "gateway", "accounts");
    assert!(lines.iter().all(|line| context(line, "tenant.id") == "acme"));
    for service in ["gateway", "accounts"] {
        let codes = of(&lines, service).into_iter().filter_map(|line| line.get("rpc.status_code"));
        assert!(
            codes.map(|code| code.as_str()).eq([Some("OK"), Some("UNAUTHENTICATED")]),
            "{lines:?}"
        );
    }
}

#[test]
fn reqwest_takes_the_context_along_and_a_call_that_is_too_late_is_refused() {
    let lines = lines("reqwest");
    assert_eq!(
        briefs(of(&lines, "shop")),
        [
            "INFO client.request ok",
            "INFO the stock answered",
            "WARN client.request timeout",
            "INFO the stock answered"
        ]
    );
    assert_eq!(
        briefs(of(&lines, "stock")),
        ["INFO counting", "INFO server.request ok", "ERROR server.request timeout"]
    );
    assert_crossed(&lines, "shop", "stock");
    let answers: Vec<_> =
        lines.iter().filter_map(|line| Some((line.get("status")?, line.get("stock")?))).collect();
    assert!(*answers[0].0 == 200 && *answers[0].1 == "7 pairs", "{answers:?}");
    assert!(*answers[1].0 == 504 && *answers[1].1 == "", "{answers:?}");
}

#[test]
fn jobs_are_reported_whatever_becomes_of_them() {
    let lines = lines("jobs");
    let ended: Vec<_> = lines.iter().filter(|line| line.event() == "job.ended").collect();
    let names: Vec<_> = ended.iter().map(|line| line["job"].as_str().unwrap()).collect();
    assert_eq!(names, ["mail", "pack", "tidy", "tidy", "report"]);
    assert_eq!(
        briefs(&lines),
        [
            "INFO mail rendered",
            "INFO job.ended ok",
            "ERROR job.ended error",
            "INFO job.ended ok",
            "INFO job.ended ok",
            "WARN job.ended cancelled"
        ]
    );
    assert_eq!(ended[1]["error"], "no parcel is big enough");

    let [mail, pack, tidy, again, report] = &*ended else { unreachable!() };
    assert_eq!(lines[0].context(), mail.context(), "a thread works in the context of its job");
    assert_eq!(context(mail, "parent_span_id"), context(report, "parent_span_id"));
    assert_ne!(context(mail, "span_id"), context(report, "span_id"));
    assert_eq!(context(mail, "trace_id"), context(report, "trace_id"));
    // What comes later is a trace of its own, and names its cause.
    assert_eq!(context(pack, "job.cause"), context(mail, "id"));
    let traces = [mail, pack, tidy, again].map(|line| context(line, "trace_id"));
    assert!((1..4).all(|at| !traces[..at].contains(&traces[at])), "{traces:?}");
}

#[test]
fn each_output_writes_what_it_is_cleared_for() {
    let lines = lines("redaction");
    let [everybody, analysts, support, later @ ..] = &*lines else { panic!("{lines:?}") };
    let personal = |line: &Record| {
        let email = line.get("user.email").map(|email| email.as_str().unwrap().to_owned());
        (context(line, "user.name"), email)
    };
    let (redacted, known) = ("[redacted]".to_owned(), "ada@example.org".to_owned());
    assert_eq!(personal(everybody), (redacted.clone(), Some(redacted)));
    assert_eq!(personal(support), ("ada".to_owned(), Some(known)));
    assert!(everybody["token"] == "[redacted]" && support["token"] == "[redacted]");
    let (name, email) = personal(analysts);
    let is_hash = |text: &str| text.len() == "[hash:]".len() + 32 && text.starts_with("[hash:");
    assert!(is_hash(&name) && email.is_some_and(|email| is_hash(&email) && email != name));
    assert!(is_hash(analysts["token"].as_str().unwrap()));
    assert!([everybody, analysts, support].iter().all(|line| line["passwords"] == 2));
    // The event that comes later is joined by the hash, and by it alone.
    let [_, joined, _] = later else { panic!("{later:?}") };
    assert_eq!((personal(joined), joined.event()), ((name, None), "log"));
}

#[test]
fn a_request_that_goes_wrong_tells_its_detail() {
    let lines = lines("detail");
    assert_eq!(
        briefs(&lines),
        [
            "INFO paid",
            "DEBUG asking the bank",
            "DEBUG the bank answered",
            "ERROR payment.refused",
            "DEBUG asking the bank",
            "DEBUG the bank answered",
            "INFO paid"
        ]
    );
    let ids: Vec<_> = lines.iter().map(|line| context(line, "id")).collect();
    assert!(ids[1..4].iter().all(|id| *id == ids[1]) && ids[4..].iter().all(|id| *id == ids[4]));
    assert!(lines[1..4].is_sorted_by_key(|line| line["timestamp"].as_str().unwrap().to_owned()));
    assert_eq!(lines[3]["cents"], 9900);
}
