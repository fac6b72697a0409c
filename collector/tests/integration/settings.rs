//! What the collector is told, and by whom.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    process::{Command, Output},
    sync::atomic::AtomicU64,
    time::Duration,
};

use throughline_collector::{Collector, SyncPolicy};

use crate::support::{BIN, Client, Place, Process, STREAM, deliver, event, events, wait_until};

fn collect(arguments: &[&str]) -> (Output, String) {
    let output = Command::new(BIN).arg("collect").args(arguments).output().unwrap();
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    (output, said)
}

fn own_user() -> u32 {
    fs::metadata("/proc/self").unwrap().uid()
}

#[test]
fn check_says_whether_the_settings_can_be_used_and_touches_nothing() {
    let place = Place::new();
    let path = place.path("config.toml");
    let dir = place.dir();
    let check = |text: &str| {
        fs::write(&path, format!("dir = {dir:?}\n{text}")).unwrap();
        collect(&["--check", "--config", path.to_str().unwrap()])
    };
    let (good, said) = check("retain_age = \"7d\"\nforward = [\"file:/tmp/out\"]");
    assert!(good.status.success(), "{said}");
    assert!(!dir.exists());
    for (text, hint) in [
        ("retain_ages = 7", "retain_age"),
        ("retain_age = 7", "line 2"),
        ("forward = [\"kafka://x\"]", "nats://"),
        ("forward = [\"stdout\", \"stdout\"]", "stdout"),
        ("group = \"no such group\"", "no such group"),
    ] {
        let (bad, said) = check(text);
        assert_eq!(bad.status.code(), Some(2), "{text}: {said}");
        assert!(said.contains(hint), "{text}: {said}");
    }
    assert_eq!(collect(&["--check", "--config", "/nowhere"]).0.status.code(), Some(2));
}

#[test]
fn the_socket_has_the_mode_and_the_group_that_it_is_given() {
    let place = Place::new();
    let group = fs::metadata("/proc/self").unwrap().gid();
    let _collector =
        Process::collect_with(&place, &["--mode", "0620", "--group", &group.to_string()]);
    let made = fs::metadata(place.socket()).unwrap();
    assert_eq!((made.permissions().mode() & 0o777, made.gid()), (0o620, group));
}

#[test]
fn only_the_users_that_are_allowed_may_send() {
    let place = Place::new();
    let allowed = Collector::spawn(place.config().users([own_user()])).unwrap();
    deliver(allowed.socket(), STREAM, &events(0..5), &AtomicU64::new(0));
    assert_eq!(allowed.stop().unwrap().lines, 5);

    let others = Collector::spawn(place.config().users([own_user() + 1])).unwrap();
    let mut client = Client::connect(others.socket());
    assert_eq!(client.ack(), None);
    assert_eq!(others.stop().unwrap().connections, 0);
}

#[test]
fn a_socket_that_systemd_made_is_used_and_left() {
    let place = Place::new();
    // What systemd does, in the order of sd_listen_fds(3).
    let activate = "import os, socket, sys\n\
        s = socket.socket(socket.AF_UNIX)\n\
        s.bind(sys.argv[1])\n\
        s.listen()\n\
        os.dup2(s.fileno(), 3)\n\
        os.set_inheritable(3, True)\n\
        os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()))\n\
        os.execv(sys.argv[2], sys.argv[2:])\n";
    let given = place.path("given");
    let mut command = Command::new("python3");
    command.args(["-c", activate]).arg(&given).arg(BIN);
    let mut collector = Process::start(&place, command);
    assert!(!place.socket().exists());
    deliver(&given, STREAM, &events(0..10), &AtomicU64::new(0));
    assert!(collector.signal("TERM").success());
    assert!(given.exists(), "it is not ours");
    assert_eq!(place.numbers().len(), 10);
}

#[test]
fn a_flush_from_time_to_time_acknowledges_what_it_covers() {
    let place = Place::new();
    let sync = SyncPolicy::Interval(Duration::from_millis(20));
    let collector = Collector::spawn(place.config().segment_bytes(5_000).sync(sync)).unwrap();
    let (mut client, _) = Client::hello(collector.socket(), STREAM, 0);
    for n in 0..100 {
        client.send(events(n * 10..n * 10 + 10));
        client.wait_for_ack(events(0..n * 10 + 10).len() as u64);
    }
    // What is there already is acknowledged, too, with nothing to flush.
    let mut again = Client::connect(collector.socket());
    again.send(crate::support::hello(STREAM, 0));
    again.send(events(0..1_000));
    again.wait_for_ack(events(0..1_000).len() as u64);
    client.send(events(1_000..1_500));
    assert_eq!(collector.stop().unwrap().lines, 1_500);
    assert_eq!(place.numbers(), (0..1_500).collect::<Vec<_>>());
}

#[test]
fn killed_between_two_flushes_it_loses_nothing_that_was_acknowledged() {
    let place = Place::new();
    let text = events(0..20_000);
    let progress = AtomicU64::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| deliver(&place.socket(), STREAM, &text, &progress));
        for kill in 1..=4 {
            let mut collector = Process::collect_with(&place, &["--sync", "5ms"]);
            let goal = text.len() as u64 * kill / 5;
            wait_until("some is acknowledged", || {
                progress.load(std::sync::atomic::Ordering::SeqCst) >= goal
            });
            collector.kill();
        }
        let mut collector = Process::collect_with(&place, &["--sync", "5ms"]);
        wait_until("all is acknowledged", || {
            progress.load(std::sync::atomic::Ordering::SeqCst) == text.len() as u64
        });
        assert!(collector.signal("TERM").success());
    });
    assert_eq!(place.numbers(), (0..20_000).collect::<Vec<_>>());
}

#[test]
fn a_folder_that_nobody_can_write_to_is_explained() {
    // Not even root can make a folder there.
    let (output, said) = collect(&["--dir", "/proc/throughline", "--socket", "/proc/socket"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("cannot store in /proc/throughline"), "{said}");
}

#[test]
fn clocks_that_are_wrong_delete_nothing() {
    let place = Place::new();
    let collector = place.spawn();
    let text = event(0).replace("2026-", "9999-") + "\n" + &event(1).replace("2026-", "0001-");
    deliver(collector.socket(), STREAM, &(text + "\n"), &AtomicU64::new(0));
    collector.stop().unwrap();
    let path = &place.files(".ndjson")[0];
    // Written a year from now, as the clock sees it.
    let year = Duration::from_secs(365 * 86_400);
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_modified(std::time::SystemTime::now() + year).unwrap();
    let config = place.config().retain_age(Duration::from_secs(3600));
    let collector = Collector::spawn(config).unwrap();
    deliver(collector.socket(), crate::support::OTHER, &events(2..3), &AtomicU64::new(0));
    collector.stop().unwrap();
    assert_eq!(place.numbers(), [0, 1, 2]);
}
