//! Forwarding to another collector and to a file.

use std::{
    fs,
    os::unix::net::UnixListener,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use throughline_collector::{Collector, Forward, Running};

use crate::support::{
    Client, OTHER, Place, Process, STREAM, deliver, event, events, field, wait_until,
};

fn to_collector(from: &Place, to: &Place) -> Running {
    Collector::spawn(from.config().forward(Forward::Collector(to.socket()))).unwrap()
}

fn to_file(place: &Place) -> Running {
    let config = place.config().segment_bytes(20_000);
    Collector::spawn(config.forward(Forward::File(place.path("out")))).unwrap()
}

fn deliver_all(socket: &Path, stream: &str, lines: &str) {
    deliver(socket, stream, lines, &AtomicU64::new(0));
}

/// The lines of a file, if it is there.
fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

#[test]
fn another_collector_stores_every_line_once_and_in_order() {
    let (near, far) = (Place::new(), Place::new());
    let far_end = far.spawn();
    let collector = to_collector(&near, &far);
    deliver_all(collector.socket(), STREAM, &events(0..5_000));
    deliver_all(collector.socket(), OTHER, &events(5_000..6_000));
    wait_until("all has arrived", || far.numbers().len() == 6_000);
    let summary = collector.stop().unwrap();
    assert_eq!((summary.forwarded, summary.dropped), (6_000, 0));
    assert_eq!(far_end.stop().unwrap().duplicate_bytes, 0);
    assert_eq!(far.stored(), near.stored());
}

#[test]
fn what_is_stored_while_the_other_collector_is_away_arrives_later() {
    let (near, far) = (Place::new(), Place::new());
    let collector = to_collector(&near, &far);
    deliver_all(collector.socket(), STREAM, &events(0..1_000));
    collector.stop().unwrap();
    let collector = to_collector(&near, &far);
    deliver_all(collector.socket(), STREAM, &events(0..2_000));
    let _far_end = far.spawn();
    wait_until("all has arrived", || far.numbers().len() == 2_000);
    collector.stop().unwrap();
    assert_eq!(far.numbers(), (0..2_000).collect::<Vec<_>>());
}

#[test]
fn either_collector_may_be_killed_again_and_again() {
    let (near, far) = (Place::new(), Place::new());
    let to = format!("unix:{}", far.socket().display());
    let text = events(0..20_000);
    let progress = AtomicU64::new(0);
    thread::scope(|scope| {
        scope.spawn(|| deliver(&near.socket(), STREAM, &text, &progress));
        let mut near_end = Process::collect_with(&near, &["--forward", &to]);
        let mut far_end = Process::collect(&far);
        for kill in 1..=6 {
            let some = far.stored().len() + 500;
            wait_until("some have arrived", || far.stored().len() >= some.min(20_000));
            if kill % 2 == 0 {
                near_end.kill();
                near_end = Process::collect_with(&near, &["--forward", &to]);
            } else {
                far_end.kill();
                far_end = Process::collect(&far);
            }
        }
        wait_until("all has arrived", || far.stored().len() >= 20_000);
        assert!(near_end.signal("TERM").success());
    });
    assert_eq!(far.numbers(), (0..20_000).collect::<Vec<_>>());
}

#[test]
fn whoever_does_not_acknowledge_is_not_taken_for_a_collector() {
    let (near, far) = (Place::new(), Place::new());
    let listener = UnixListener::bind(far.socket()).unwrap();
    let to = format!("unix:{}", far.socket().display());
    let mut collector = Process::collect_with(&near, &["--forward", &to]);
    let (mut client, _) = Client::hello(&near.socket(), STREAM, 0);
    client.send(events(0..10));
    client.wait_for_ack(events(0..10).len() as u64);
    let answered = listener.accept().unwrap();
    drop((answered, listener));
    wait_until("it says so", || collector.stderr().contains("cannot forward to unix:"));
    // The intake does not notice.
    client.send(events(10..20));
    client.wait_for_ack(events(0..20).len() as u64);
    assert!(collector.signal("TERM").success());
    assert!(collector.stderr().contains("not all was forwarded"), "{}", collector.stderr());
    assert_eq!(near.numbers().len(), 20);
}

#[test]
fn a_file_gets_every_line_in_order_over_restarts() {
    let place = Place::new();
    for until in [1_000, 1_500, 3_000] {
        let collector = to_file(&place);
        deliver_all(collector.socket(), STREAM, &events(0..until));
        collector.stop().unwrap();
        assert_eq!(lines(&place.path("out")), place.stored());
    }
    assert_eq!(lines(&place.path("out")), (0..3_000).map(event).collect::<Vec<_>>());
}

#[test]
fn what_follows_deleted_files_is_not_taken_for_what_was_in_them() {
    let delete_data = |near: &Place| fs::remove_file(&near.files(".ndjson")[1]).unwrap();
    let delete_both = |near: &Place| {
        for ending in [".ndjson", ".idx"] {
            fs::remove_file(&near.files(ending)[1]).unwrap();
        }
    };
    let delete_all = Place::delete_events;
    for delete in [&delete_data as &dyn Fn(&Place), &delete_both, &delete_all] {
        let (near, far) = (Place::new(), Place::new());
        let far_end = far.spawn();
        let checkpoint = near.dir().join("forwarded-collector");
        let mut saved = Vec::new();
        for until in [10, 20] {
            saved.push(fs::read(&checkpoint).unwrap_or_default());
            let collector = to_collector(&near, &far);
            deliver_all(collector.socket(), STREAM, &events(0..until));
            wait_until("all has arrived", || far.numbers().len() == until);
            collector.stop().unwrap();
        }
        // One that is killed leaves a checkpoint that is behind what arrived.
        fs::write(&checkpoint, &saved[1]).unwrap();
        let collector = near.spawn();
        deliver_all(collector.socket(), OTHER, &events(20..40));
        collector.stop().unwrap();
        delete(&near);
        let kept = near.numbers().contains(&20);

        let collector = to_collector(&near, &far);
        deliver_all(collector.socket(), &OTHER.replace('1', "2"), &events(40..60));
        wait_until("the newest has arrived", || far.numbers().contains(&59));
        collector.stop().unwrap();
        far_end.stop().unwrap();
        let expected =
            if kept { (0..60).collect::<Vec<_>>() } else { (0..20).chain(40..60).collect() };
        assert_eq!(far.numbers(), expected);
    }
}

#[test]
fn what_follows_deleted_files_is_forwarded_whoever_deleted_them() {
    let place = Place::new();
    let collector = to_file(&place);
    deliver_all(collector.socket(), STREAM, &events(0..1_000));
    collector.stop().unwrap();
    place.delete_events();
    let collector = to_file(&place);
    deliver_all(collector.socket(), OTHER, &events(1_000..1_100));
    wait_until("all has arrived", || lines(&place.path("out")).len() >= 1_100);
    collector.stop().unwrap();

    // Who takes away the file that counts the files, too, gets what is stored sent again, if anything.
    fs::remove_file(place.dir().join("collector.lock")).unwrap();
    place.delete_events();
    let collector = to_file(&place);
    deliver_all(collector.socket(), STREAM, &events(1_100..1_200));
    wait_until("all has arrived", || lines(&place.path("out")).len() >= 1_200);
    collector.stop().unwrap();
    assert_eq!(lines(&place.path("out")), (0..1_200).map(event).collect::<Vec<_>>());
}

#[test]
fn a_file_that_is_moved_away_is_made_anew() {
    let place = Place::new();
    let out = place.path("out");
    let to = format!("file:{}", out.display());
    let mut collector = Process::collect_with(&place, &["--forward", &to]);
    deliver_all(&place.socket(), STREAM, &events(0..10));
    wait_until("they have arrived", || lines(&out).len() == 10);
    fs::rename(&out, place.path("out.1")).unwrap();
    // As logrotate does: it is taken as a hint, and does no harm.
    let pid = collector.child.id().to_string();
    assert!(
        std::process::Command::new("kill").args(["-s", "HUP", &pid]).status().unwrap().success()
    );
    wait_until("there is a new file", || out.exists());
    deliver_all(&place.socket(), STREAM, &events(0..20));
    wait_until("the rest has arrived", || lines(&out).len() == 10);
    assert!(collector.signal("TERM").success());
    assert_eq!([lines(&place.path("out.1")), lines(&out)].concat(), place.stored());
}

#[test]
fn standard_output_gets_every_line() {
    let place = Place::new();
    let out = place.path("stdout");
    let mut command = std::process::Command::new("bash");
    command.args(["-c", "exec \"$0\" \"$@\" > \"$OUT\"", crate::support::BIN]).env("OUT", &out);
    let mut collector = Process::start_with(&place, command, &["--forward", "stdout"]);
    deliver_all(&place.socket(), STREAM, &events(0..500));
    assert!(collector.signal("TERM").success());
    assert_eq!(lines(&out), place.stored());
    assert_eq!(place.numbers().len(), 500);
}

#[test]
fn a_damaged_checkpoint_costs_duplicates_and_nothing_else() {
    let place = Place::new();
    let collector = to_file(&place);
    deliver_all(collector.socket(), STREAM, &events(0..100));
    collector.stop().unwrap();
    let checkpoint = place.dir().join("forwarded-file");
    fs::write(&checkpoint, "1 2 three\n").unwrap();
    to_file(&place).stop().unwrap();
    let stored = place.stored();
    assert_eq!(lines(&place.path("out")), [stored.clone(), stored].concat());
}

#[test]
fn what_was_damaged_or_moved_away_is_told_and_the_rest_arrives() {
    let place = Place::new();
    let config = place.config().segment_bytes(1_000);
    let collector = Collector::spawn(config).unwrap();
    let (mut client, _) = Client::hello(collector.socket(), STREAM, 0);
    for n in 0..30 {
        client.send(events(n..n + 1));
        client.wait_for_ack(events(0..n + 1).len() as u64);
    }
    collector.stop().unwrap();
    let files = place.files(".ndjson");
    let moved = fs::metadata(&files[0]).unwrap().len();
    fs::remove_file(&files[0]).unwrap();
    let mut bytes = fs::read(&files[1]).unwrap();
    bytes[3] ^= 1;
    fs::write(&files[1], &bytes).unwrap();

    let collector = to_file(&place);
    let told = |reason: &str| -> u64 {
        let reason = format!("\"reason\":\"{reason}\"");
        let lines = place.stored();
        let of_it =
            lines.iter().filter(|l| l.contains("throughline.dropped") && l.contains(&reason));
        of_it.map(|line| field(line, "bytes")).sum()
    };
    wait_until("what is missing is told", || told("missing") == moved);
    wait_until("what is damaged is told", || told("damaged") == event(0).len() as u64 + 1);
    collector.stop().unwrap();
    let out = lines(&place.path("out"));
    let arrived = out.iter().filter(|line| line.contains("test.numbered")).count() as u64;
    assert_eq!(arrived + moved / (event(0).len() as u64 + 1) + 1, 30);
}

#[test]
fn two_destinations_are_served_each_at_its_own_pace() {
    let (near, far) = (Place::new(), Place::new());
    let config = near
        .config()
        .forward(Forward::File(near.path("out")))
        .forward(Forward::Collector(far.socket()));
    let collector = Collector::spawn(config).unwrap();
    deliver_all(collector.socket(), STREAM, &events(0..300));
    wait_until("the file has them", || lines(&near.path("out")).len() == 300);
    let far_end = far.spawn();
    wait_until("the other collector has them", || far.numbers().len() == 300);
    collector.stop().unwrap();
    far_end.stop().unwrap();

    let config = near.config().forward(Forward::Stdout).forward(Forward::Stdout);
    let error = Collector::bind(config).unwrap_err();
    assert!(error.to_string().contains("stdout"), "{error}");
}

#[test]
fn progress_is_counted_over_the_whole_life_of_the_stream() {
    let place = Place::new();
    let progress = AtomicU64::new(0);
    let collector = to_file(&place);
    deliver(collector.socket(), STREAM, &events(0..50), &progress);
    assert_eq!(progress.load(Ordering::SeqCst), events(0..50).len() as u64);
    assert_eq!(collector.stop().unwrap().forwarded, 50);
}
