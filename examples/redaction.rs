//! Who may read what: a class for each value, and outputs that are cleared for some, or write hashes in place of the others.
//!
//! `cargo run --example redaction`.

use throughline::structlog::{HashKey, Output, StreamSink};
use throughline::{Class, Context, Event, Key, Logger, info};

/// Entries of the context have classes as well. They are in every event of the request.
const USER: Key<str> = Key::local("user.name", "Account name as typed").personal();

/// A password was changed.
#[derive(Event)]
#[event(name = "user.password_changed", version = 1, level = "info", message = "Password changed")]
struct PasswordChanged<'a> {
    /// Address that was told.
    #[event(rename = "user.email", class = "personal")]
    email: &'a str,
    /// What confirms it is the owner.
    #[event(class = "secret")]
    token: &'a str,
    /// How many passwords this account has had.
    passwords: u32,
}

fn main() {
    // In a service the key comes from where its passwords come from. With the same one, all services write the same hashes.
    let key = HashKey::new(*b"sixteen bytes...");
    let log = Logger::builder("accounts")
        .stdout() // for everybody: without a word, nothing but public values
        .also(Output::to(StreamSink::stdout()).hashed_with(key)) // for analysts
        .also(Output::to(StreamSink::stdout()).cleared_for(Class::Personal)) // for support
        .build();

    let ctx = Context::root().with(&USER, "ada");
    eprintln!(
        "For everybody, for analysts, who can join on hashes, and for support, who may know people but no secrets:"
    );
    log.emit(&ctx, &PasswordChanged { email: "ada@example.org", token: "s3cr3t", passwords: 2 });
    eprintln!("The same user once more: the same hash.");
    info!(logger: log, &ctx, "logged in again");
    // Classes hold wherever values are shown: the debug form of a context has none.
    eprintln!("{ctx:?}");
    eprintln!(
        "Next: outputs of your own, a file or a collector's socket, in place of the standard output."
    );
}
