use std::{
    fs::{self, File},
    io::Write,
    os::unix::net::UnixListener,
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use throughline_collector::Collector;

use crate::support::{Client, Place, Process, STREAM, deliver, events, wait_until};

#[test]
fn a_hello_is_answered_with_what_was_held_before() {
    let place = Place::new();
    let collector = place.spawn();
    deliver(collector.socket(), STREAM, &events(0..10), &AtomicU64::new(0));
    collector.stop().unwrap();
    let collector = place.spawn();
    let held = events(0..10).len() as u64;
    let (mut client, answer) = Client::hello(collector.socket(), STREAM, 0);
    assert_eq!(answer, held);
    client.send(events(0..12));
    client.wait_for_ack(events(0..12).len() as u64);
    assert_eq!(place.numbers(), (0..12).collect::<Vec<_>>());
    assert_eq!(place.files(".ndjson").len(), 2);
}

#[test]
fn killed_under_load_it_loses_nothing_and_stores_nothing_twice() {
    let place = Place::new();
    let lines = events(0..100_000);
    let progress = AtomicU64::new(0);
    thread::scope(|scope| {
        scope.spawn(|| deliver(&place.socket(), STREAM, &lines, &progress));
        let kills = 6;
        for kill in 1..=kills {
            let mut collector = Process::collect(&place);
            let goal = lines.len() as u64 * kill / (kills + 1);
            wait_until("so much is acknowledged", || progress.load(Ordering::SeqCst) >= goal);
            collector.kill();
        }
        let mut collector = Process::collect(&place);
        wait_until("all is acknowledged", || progress.load(Ordering::SeqCst) == lines.len() as u64);
        assert!(collector.signal("TERM").success());
    });
    assert_eq!(place.numbers(), (0..100_000).collect::<Vec<_>>());
    let files = place.files(".ndjson").len();
    assert!(files > 1, "it was killed only after everything was stored");
}

#[test]
fn a_torn_end_is_cut_off_and_sent_again() {
    let place = Place::new();
    let collector = place.spawn();
    deliver(collector.socket(), STREAM, &events(0..10), &AtomicU64::new(0));
    collector.stop().unwrap();
    let append = |ending: &str, text: &str| {
        let path = &place.files(ending)[0];
        let mut file = File::options().append(true).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    };
    append(".ndjson", &(events(10..11) + "{\"timest"));
    append(".idx", &format!("{STREAM} 1380 15"));
    let collector = place.spawn();
    deliver(collector.socket(), STREAM, &events(0..20), &AtomicU64::new(0));
    collector.stop().unwrap();
    assert_eq!(place.numbers(), (0..20).collect::<Vec<_>>());
}

#[test]
fn garbage_in_the_folder_does_not_keep_it_from_starting() {
    let place = Place::new();
    let collector = place.spawn();
    deliver(collector.socket(), STREAM, &events(0..10), &AtomicU64::new(0));
    collector.stop().unwrap();
    let dir = place.dir();
    fs::write(dir.join("events-00000000000000000002.idx"), vec![0xff; 5000]).unwrap();
    fs::write(dir.join("events-00000000000000000003.ndjson"), "not ours\n").unwrap();
    fs::create_dir(dir.join("events-00000000000000000004.ndjson")).unwrap();
    fs::write(dir.join("events-99999999999999999999.idx"), "x").unwrap();
    fs::write(dir.join("notes.txt"), "x").unwrap();
    let collector = place.spawn();
    deliver(collector.socket(), STREAM, &events(0..20), &AtomicU64::new(0));
    collector.stop().unwrap();
    assert_eq!(place.numbers(), (0..20).collect::<Vec<_>>());
    assert!(place.stored().contains(&"not ours".to_owned()));
}

#[test]
fn a_stale_socket_is_replaced() {
    let place = Place::new();
    drop(UnixListener::bind(place.socket()).unwrap());
    assert!(place.socket().exists());
    let collector = place.spawn();
    Client::hello(collector.socket(), STREAM, 0);
}

#[test]
fn two_collectors_on_one_socket_or_folder_are_refused() {
    let place = Place::new();
    let collector = place.spawn();
    let error = Collector::bind(place.config()).unwrap_err();
    assert!(error.is_folder_taken(), "{error}");

    let elsewhere = Place::new();
    let mut config = elsewhere.config();
    config.socket = place.socket();
    let error = Collector::bind(config).unwrap_err();
    assert!(error.is_socket_taken(), "{error}");
    assert!(error.to_string().contains("another collector is listening"));
    // The first one goes on.
    Client::hello(collector.socket(), STREAM, 0);
}
