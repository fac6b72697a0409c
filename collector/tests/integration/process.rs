use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use crate::support::{BIN, Client, Place, Process, STREAM, events, wait_until};

fn throughline(arguments: &[&str]) -> Output {
    Command::new(BIN).args(arguments).output().unwrap()
}

#[test]
fn a_signal_ends_it_with_everything_stored_and_no_socket_left() {
    for signal in ["TERM", "INT"] {
        let place = Place::new();
        let mut collector = Process::collect(&place);
        let (mut client, _) = Client::hello(&place.socket(), STREAM, 0);
        client.send(events(0..1000));
        let status = collector.signal(signal);
        assert_eq!(status.code(), Some(0), "{}", collector.stderr());
        assert!(!place.socket().exists());
        assert_eq!(place.numbers().len(), 1000);
        let said = collector.stderr();
        assert!(said.contains("stopped: 1000 lines"), "{said}");
    }
}

#[test]
fn says_what_to_do_next() {
    let place = Place::new();
    let collector = Process::collect(&place);
    let said = collector.stderr();
    let socket = place.socket();
    let export = format!("export THROUGHLINE_SOCKET={}", socket.display());
    let watch = format!("throughline tail --dir {}", place.dir().display());
    assert!(said.contains(&export) && said.contains(&watch), "{said}");
}

#[test]
fn a_folder_that_cannot_be_used_is_explained() {
    let place = Place::new();
    fs::write(place.dir(), "a file").unwrap();
    let dir = place.dir().display().to_string();
    let output = throughline(&["collect", "--dir", &dir]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("cannot store in"), "{said}");
}

#[test]
fn the_socket_stands_in_the_folder_unless_told_otherwise() {
    let place = Place::new();
    let mut command = Command::new(BIN);
    command.env("THROUGHLINE_DIR", "/nowhere");
    let _collector = Process::start(&place, command);
    assert!(place.socket().exists() && !Path::new("/nowhere").exists());
}

#[test]
fn help_states_the_exit_codes() {
    for command in ["collect", "tail"] {
        let output = throughline(&[command, "--help"]);
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains("Exit codes: 0"), "{said}");
    }
    assert_eq!(throughline(&["collect", "--mode", "x"]).status.code(), Some(2));
}

#[test]
fn more_clients_than_it_may_have_open_files_are_served_in_turn() {
    let place = Place::new();
    let mut command = Command::new("bash");
    command.args(["-c", "ulimit -n 40; exec \"$0\" \"$@\"", BIN]);
    let mut collector = Process::start(&place, command);
    let mut clients: Vec<_> = (0..80).map(|_| Client::connect(&place.socket())).collect();
    for (n, client) in clients.iter_mut().enumerate() {
        client.send(events(n..n + 1));
    }
    wait_until("it says that it can accept no more", || {
        collector.stderr().contains("cannot accept")
    });
    wait_until("those that it has are stored", || place.numbers().len() > 10);
    drop(clients);
    wait_until("all are stored", || place.numbers().len() == 80);
    assert!(collector.signal("TERM").success());
    assert_eq!(collector.stderr().matches("cannot write").count(), 0);
}
