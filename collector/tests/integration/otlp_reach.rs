//! How an OTLP endpoint is reached, what proves who is who, and what is said where it cannot be.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Command, Stdio},
    sync::atomic::AtomicU64,
    thread,
};

use tonic::transport::{Certificate, Identity, ServerTlsConfig};

use crate::{
    otlp_receiver::{Receiver, Reply},
    support::{BIN, Place, Process, STREAM, deliver, events, is_available, wait_until},
};

#[test]
fn whoever_speaks_something_else_is_told_apart_with_a_hint() {
    let (grpc, http) = (Receiver::grpc(), Receiver::http_with(|_| Reply::Take));
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in silent.incoming() {
            let _ = stream.unwrap().write_all(b"SSH-2.0-garbage\r\n");
        }
    });
    for (port, scheme, protocol, hint) in [
        (http.port(), "http", "grpc", "--otlp-protocol http/protobuf"),
        (grpc.port(), "http", "http/protobuf", "--otlp-protocol grpc"),
        (http.port(), "http", "http/protobuf", "/v1/traces are added"),
        (port, "http", "grpc", "--otlp-protocol http/protobuf"),
        (port, "http", "http/protobuf", "--otlp-protocol grpc"),
        (http.port(), "https", "grpc", "write http://"),
        (1, "http", "grpc", "refused"),
    ] {
        let place = Place::new();
        let to = format!("otlp:{scheme}://127.0.0.1:{port}");
        let arguments = ["--forward", &to, "--otlp-protocol", protocol];
        let collector = Process::collect_with(&place, &arguments);
        deliver(&place.socket(), STREAM, &events(0..10), &AtomicU64::new(0));
        // A connection that is reset before its garbage was read says less, and is tried again.
        let what = format!("{protocol} over {scheme}: {hint}");
        wait_until(&what, || collector.stderr().contains(&format!("cannot forward to {to}: ")));
        wait_until(&what, || collector.stderr().contains(hint));
    }
}

/// A folder with `ca.pem`, and with `NAME.pem` and `NAME.key` of a server and of a client.
fn certificates() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=ca -keyout ca.key -out ca.pem \
         && for name in server client; do \
            openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=$name -keyout $name.key -out $name.csr \
            && printf 'subjectAltName=IP:127.0.0.1\\n' > ext \
            && openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out $name.pem || exit 1; \
         done";
    let made = Command::new("bash").args(["-c", make]).current_dir(&folder).output().unwrap();
    assert!(made.status.success(), "openssl: {}", String::from_utf8_lossy(&made.stderr));
    folder
}

/// Forwards to `to`, where a certificate is wanted from either side.
fn forward_with_certificates(folder: &Path, to: &str, protocol: &str, receiver: &Receiver) {
    let place = Place::new();
    let [ca, cert, key] =
        ["ca.pem", "client.pem", "client.key"].map(|name| folder.join(name).display().to_string());
    let flags = ["--forward", to, "--otlp-protocol", protocol];
    let own = ["--otlp-cert", &cert, "--otlp-key", &key];
    let authority = ["--otlp-ca", &ca];

    let mut collector = Process::collect_with(&place, &[&flags[..], &own].concat());
    deliver(&place.socket(), STREAM, &events(0..10), &AtomicU64::new(0));
    wait_until("it says so", || collector.stderr().contains("with --otlp-ca"));
    collector.kill();
    let mut collector = Process::collect_with(&place, &[&flags[..], &authority].concat());
    wait_until("it says so", || collector.stderr().contains("cannot forward"));
    collector.kill();
    assert!(receiver.numbers().is_empty());
    let mut collector = Process::collect_with(&place, &[&flags[..], &own, &authority].concat());
    wait_until("all has arrived", || receiver.numbers().len() == 10);
    assert!(collector.signal("TERM").success());
}

#[test]
fn a_receiver_proves_who_it_is_and_so_does_the_collector() {
    if !is_available("openssl") {
        return;
    }
    let folder = certificates();
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
    let tls = ServerTlsConfig::new()
        .identity(Identity::from_pem(read("server.pem"), read("server.key")))
        .client_ca_root(Certificate::from_pem(read("ca.pem")));
    let receiver = Receiver::grpc_with_tls(tls);
    forward_with_certificates(folder.path(), &receiver.destination(), "grpc", &receiver);
}

#[test]
fn so_does_one_of_http_behind_a_proxy() {
    if !is_available("openssl") || !is_available("socat") {
        return;
    }
    let folder = certificates();
    let receiver = Receiver::http_with(|_| Reply::Take);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut proxy = Command::new("socat")
        .arg(format!("OPENSSL-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork,cert=server.pem,key=server.key,cafile=ca.pem"))
        .arg(format!("TCP:127.0.0.1:{}", receiver.port()))
        .current_dir(&folder)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_until("it listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    let to = format!("otlp:https://127.0.0.1:{port}/base");
    forward_with_certificates(folder.path(), &to, "http/protobuf", &receiver);
    proxy.kill().unwrap();
    proxy.wait().unwrap();
}

#[test]
fn secrets_come_from_files_and_the_environment_and_are_never_shown() {
    let receiver = Receiver::grpc();
    let place = Place::new();
    let config = place.path("config.toml");
    fs::write(&config, "otlp_headers = \"x-first=hidden%201\"").unwrap();
    let headers = place.path("headers");
    fs::write(&headers, "x-second: hidden 2\n").unwrap();
    let to = receiver.destination();
    let (config, headers) = (config.to_str().unwrap(), headers.to_str().unwrap());
    let arguments = ["--forward", &to, "--config", config, "--otlp-headers-file", headers];
    let mut collector = Process::collect_with(&place, &arguments);
    deliver(&place.socket(), STREAM, &events(0..1), &AtomicU64::new(0));
    wait_until("it has arrived", || receiver.numbers().len() == 1);
    {
        let got = receiver.got();
        assert_eq!(got.headers[0]["x-first"], "hidden 1");
        assert_eq!(got.headers[0]["x-second"], "hidden 2");
    }
    assert!(collector.signal("TERM").success());
    assert!(!collector.stderr().contains("hidden"), "{}", collector.stderr());

    let wrong = Command::new(BIN)
        .args(["collect", "--check", "--forward", "otlp:http://me:hidden@h:1"])
        .env("THROUGHLINE_OTLP_HEADERS", "hidden")
        .output()
        .unwrap();
    let said = String::from_utf8(wrong.stderr).unwrap();
    assert_eq!(wrong.status.code(), Some(2), "{said}");
    assert!(!said.contains("hidden"), "{said}");
    let help = Command::new(BIN)
        .args(["collect", "--help"])
        .env("THROUGHLINE_OTLP_HEADERS", "hidden")
        .output()
        .unwrap();
    assert!(!String::from_utf8(help.stdout).unwrap().contains("hidden"));
}

#[test]
fn settings_that_cannot_be_meant_are_refused_with_a_hint() {
    let place = Place::new();
    let path = place.path("config.toml");
    for (text, hint) in [
        ("forward = [\"otlp:localhost:4317\"]", "otlp:http://HOST:PORT"),
        ("forward = [\"otlp:http://h:4317/v1/logs\"]", "--otlp-protocol http/protobuf"),
        ("otlp_protocol = \"http/json\"", "http/protobuf"),
        ("forward = [\"otlp:http://h:1\"]\notlp_headers = \"a\"", "NAME=VALUE"),
        ("forward = [\"otlp:http://h:1\"]\notlp_cert = \"a\"", "its key"),
    ] {
        fs::write(&path, text).unwrap();
        let checked =
            Command::new(BIN).args(["collect", "--check", "--config"]).arg(&path).output();
        let checked = checked.unwrap();
        let said = String::from_utf8(checked.stderr).unwrap();
        assert_eq!(checked.status.code(), Some(2), "{text}: {said}");
        assert!(said.contains(hint), "{text}: {said}");
    }
}

#[test]
fn progress_stands_among_the_metrics() {
    let receiver = Receiver::grpc();
    let place = Place::new();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let to = receiver.destination();
    let _collector = Process::collect_with(&place, &["--forward", &to, "--http", &port]);
    deliver(&place.socket(), STREAM, &events(0..10), &AtomicU64::new(0));
    wait_until("they are counted", || {
        let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
        let mut answer = String::new();
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").unwrap();
        stream.read_to_string(&mut answer).unwrap();
        answer.contains("throughline_collector_forwarded_lines_total{to=\"otlp\"} 10\n")
    });
}
