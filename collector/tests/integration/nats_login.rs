//! How a collector proves to NATS who it is, and knows that it is NATS.

use std::{process::Command, sync::atomic::AtomicU64};

use async_nats::ConnectOptions;
use data_encoding::BASE64URL_NOPAD;
use nkeys::KeyPair;
use serde_json::{Value, json};

use crate::{
    jetstream::{NAME, flags},
    nats::{Observer, Server, free_port, is_available},
    support::{Place, Process, STREAM, deliver, events, wait_until},
};

#[test]
fn a_token_is_taken_and_a_wrong_one_is_not() {
    if !is_available() {
        return;
    }
    let place = Place::new();
    let server = Server::with(free_port(), &["--auth", "secret"]);
    let observer = Observer::with(&server.url(), ConnectOptions::with_token("secret".into()));
    let url = server.url();
    let collect = |token| {
        let arguments = ["--forward", &url, "--nats-create-stream", NAME, "--nats-token", token];
        Process::collect_with(&place, &arguments)
    };
    let mut collector = collect("wrong");
    deliver(&place.socket(), STREAM, &events(0..10), &AtomicU64::new(0));
    wait_until("it says so", || collector.stderr().contains("cannot forward to nats://127"));
    assert!(!collector.stderr().contains("wrong"), "{}", collector.stderr());
    assert_eq!(observer.count(NAME), 0);
    collector.kill();

    let mut collector = collect("secret");
    wait_until("all has arrived", || observer.count(NAME) == 10);
    assert!(collector.signal("TERM").success());
}

#[test]
fn an_nkey_and_certificates_of_both_sides_are_taken() {
    if !is_available() || !crate::support::is_available("openssl") {
        return;
    }
    let key = KeyPair::new_user();
    let mut server = Server::stopped(free_port(), &[]);
    let file = |name: &str, text: &str| server.file(name, text).display().to_string();
    let seed = file("seed", &key.seed().unwrap());
    let folder = file("config", "").strip_suffix("config").unwrap().to_owned();
    let config = file(
        "config",
        &format!(
            "authorization {{ users = [{{ nkey: {} }}] }}\n\
             tls {{ cert_file: \"{folder}server.pem\", key_file: \"{folder}server.key\", ca_file: \"{folder}ca.pem\", verify: true }}\n",
            key.public_key()
        ),
    );
    let make = format!(
        "cd {folder} && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=ca -keyout ca.key -out ca.pem \
         && for name in server client; do \
            openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=$name -keyout $name.key -out $name.csr \
            && printf 'subjectAltName=IP:127.0.0.1\\n' > ext \
            && openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out $name.pem || exit 1; \
         done"
    );
    let made = Command::new("bash").args(["-c", &make]).output().unwrap();
    assert!(made.status.success(), "openssl: {}", String::from_utf8_lossy(&made.stderr));
    server.add_argument("--config");
    server.add_argument(&config);
    server.run();

    let place = Place::new();
    let [ca, cert, client_key] =
        ["ca.pem", "client.pem", "client.key"].map(|name| format!("{folder}{name}"));
    let url = server.url().replace("nats://", "tls://");
    let login = ["--nats-nkey", &seed, "--nats-tls-cert", &cert, "--nats-tls-key", &client_key];
    let mut arguments = flags(&url);
    arguments.extend(login.map(str::to_owned));

    // Who signed the server's certificate is not known.
    let strangers: Vec<_> = arguments.iter().map(String::as_str).collect();
    let mut collector = Process::collect_with(&place, &strangers);
    deliver(&place.socket(), STREAM, &events(0..10), &AtomicU64::new(0));
    wait_until("it says so", || collector.stderr().contains("cannot forward to tls://127"));
    collector.kill();

    let friends: Vec<_> = strangers.into_iter().chain(["--nats-tls-ca", &ca]).collect();
    let mut collector = Process::collect_with(&place, &friends);
    wait_until("it has arrived", || {
        assert!(!collector.stderr().contains("cannot forward"), "{}", collector.stderr());
        std::fs::read_to_string(place.dir().join("forwarded-nats"))
            .is_ok_and(|text| !text.starts_with("0 0 "))
    });
    assert!(collector.signal("TERM").success());
    assert!(collector.stderr().contains("10 forwarded, 0 given up"), "{}", collector.stderr());
}

/// A claim about `subject`, signed by `issuer`: a JWT as NATS has them (ADR-14 of its architecture).
fn jwt(issuer: &KeyPair, subject: &KeyPair, kind: &str, mut nats: Value) -> String {
    nats["type"] = kind.into();
    nats["version"] = 2.into();
    let claims = json!({
        "jti": "1",
        "iat": 1_795_253_311,
        "iss": issuer.public_key(),
        "sub": subject.public_key(),
        "name": kind,
        "nats": nats,
    });
    let header = json!({ "typ": "JWT", "alg": "ed25519-nkey" });
    let [header, claims] = [header, claims].map(|part| encode(part.to_string()));
    let signed = format!("{header}.{claims}");
    let signature = encode(issuer.sign(signed.as_bytes()).unwrap());
    format!("{signed}.{signature}")
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64URL_NOPAD.encode(bytes.as_ref())
}

/// What a file of credentials has for a new user of `account`.
fn credentials(account: &KeyPair) -> String {
    let user = KeyPair::new_user();
    let limits = json!({ "pub": {}, "sub": {}, "subs": -1, "data": -1, "payload": -1 });
    format!(
        "-----BEGIN NATS USER JWT-----\n{}\n------END NATS USER JWT------\n\n\
         -----BEGIN USER NKEY SEED-----\n{}\n------END USER NKEY SEED------\n",
        jwt(account, &user, "user", limits),
        user.seed().unwrap()
    )
}

#[test]
fn credentials_of_a_known_account_are_taken() {
    if !is_available() {
        return;
    }
    let [account, system, stranger] = [(); 3].map(|()| KeyPair::new_account());
    let operator = KeyPair::new_operator();
    let limits = json!({ "limits": {
        "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "conn": -1, "leaf": -1,
        "wildcards": true, "mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1,
    } });
    let of_system = json!({ "limits": { "subs": -1, "data": -1, "payload": -1, "conn": -1 } });
    let mut server = Server::stopped(free_port(), &[]);
    let config = format!(
        "operator: {}\nresolver: MEMORY\nsystem_account: {}\nresolver_preload: {{ {}: {}, {}: {} }}\n",
        jwt(&operator, &operator, "operator", json!({})),
        system.public_key(),
        account.public_key(),
        jwt(&operator, &account, "account", limits),
        system.public_key(),
        jwt(&operator, &system, "account", of_system),
    );
    let config = server.file("config", &config);
    server.add_argument("--config");
    server.add_argument(config.to_str().unwrap());
    server.run();
    let observer = Observer::with(
        &server.url(),
        ConnectOptions::with_credentials(&credentials(&account)).unwrap(),
    );

    let place = Place::new();
    let collect = |name: &str, account: &KeyPair| {
        let path = server.file(name, &credentials(account));
        let mut arguments = flags(&server.url());
        arguments.extend(["--nats-creds".into(), path.display().to_string()]);
        Process::collect_with(&place, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let mut collector = collect("stranger", &stranger);
    deliver(&place.socket(), STREAM, &events(0..10), &AtomicU64::new(0));
    wait_until("it says so", || collector.stderr().contains("cannot forward to nats://127"));
    assert_eq!(observer.count(NAME), 0);
    collector.kill();

    let mut collector = collect("friend", &account);
    wait_until("all has arrived", || observer.count(NAME) == 10);
    assert!(collector.signal("TERM").success());
}
