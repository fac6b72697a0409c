use super::*;
use std::time::UNIX_EPOCH;
use tempfile::TempDir;

fn at(second: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(2_000_000_000 + second)
}

fn rotating(rotation: Rotation) -> (TempDir, FileSink) {
    let folder = tempfile::tempdir().unwrap();
    let sink = FileSink::rotating(folder.path().join("log"), rotation).unwrap();
    (folder, sink)
}

/// What the old files hold, the oldest first, and the present one.
fn texts(sink: &FileSink) -> Vec<String> {
    let old = rotation::old_files(&sink.path).unwrap();
    old.iter().chain([&sink.path]).map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// As if it had not looked for a while.
fn look(sink: &FileSink) {
    sink.own().state().looked -= LOOK_EVERY;
}

#[test]
fn a_file_ends_before_the_line_that_would_make_it_too_large() {
    let (_folder, sink) = rotating(Rotation::keep(9).at_bytes(10));
    for line in ["12345\n", "123\n", "1\n", "larger than all of it\n", "2\n", "3\n"] {
        sink.write_at(line.as_bytes(), at(0)).unwrap();
    }
    assert_eq!(texts(&sink), ["12345\n123\n", "1\n", "larger than all of it\n", "2\n3\n"]);
}

#[test]
fn a_file_ends_with_its_period_and_not_when_the_clock_steps_back() {
    let (_folder, sink) = rotating(Rotation::keep(9).every(Duration::from_secs(100)));
    for (second, line) in
        [(0, "a\n"), (99, "b\n"), (100, "c\n"), (1, "d\n"), (350, "e\n"), (399, "f\n")]
    {
        sink.write_at(line.as_bytes(), at(second)).unwrap();
    }
    assert_eq!(texts(&sink), ["a\nb\n", "c\nd\n", "e\nf\n"]);
}

#[test]
fn a_file_that_was_there_belongs_to_the_period_in_which_it_was_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    fs::write(&path, "old\n").unwrap();
    let century = Rotation::keep(9).every(Duration::from_secs(100 * 366 * 86_400));
    let sink = FileSink::rotating(&path, century).unwrap();
    sink.write_at(b"same\n", SystemTime::now()).unwrap();
    let micro = Rotation::keep(9).every(Duration::from_micros(1));
    let next = FileSink::rotating(&path, micro).unwrap();
    next.write_at(b"next\n", SystemTime::now() + Duration::from_secs(1)).unwrap();
    assert_eq!(texts(&next), ["old\nsame\n", "next\n"]);
}

#[test]
fn the_oldest_files_are_deleted() {
    let (_folder, sink) = rotating(Rotation::keep(2).at_bytes(1));
    for line in ["1\n", "2\n", "3\n", "4\n", "5\n"] {
        sink.write_at(line.as_bytes(), at(0)).unwrap();
    }
    assert_eq!(texts(&sink), ["3\n", "4\n", "5\n"]);
}

#[test]
fn a_file_that_is_moved_or_deleted_or_truncated_is_followed() {
    let (folder, sink) = rotating(Rotation::keep(1));
    let moved = folder.path().join("moved");
    sink.write_at(b"1\n", at(0)).unwrap();
    fs::rename(&sink.path, &moved).unwrap();
    look(&sink);
    sink.write_at(b"2\n", at(0)).unwrap();
    assert_eq!(
        (fs::read_to_string(&moved).unwrap(), texts(&sink)),
        ("1\n".into(), vec!["2\n".into()])
    );
    fs::remove_file(&sink.path).unwrap();
    look(&sink);
    sink.write_at(b"3\n", at(0)).unwrap();
    assert_eq!(texts(&sink), ["3\n"]);
    fs::write(&sink.path, "").unwrap();
    sink.write_at(b"4\n", at(0)).unwrap();
    assert_eq!(texts(&sink), ["4\n"]);
}

#[test]
fn while_no_file_can_be_begun_lines_go_where_they_can_be_found_or_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let [here, there] = ["here", "there"].map(|name| folder.path().join(name));
    fs::create_dir(&here).unwrap();
    let sink = FileSink::open(here.join("log")).unwrap();
    sink.write_at(b"1\n", at(0)).unwrap();
    fs::rename(&here, &there).unwrap();
    look(&sink);
    sink.write_at(b"2\n", at(0)).unwrap();
    assert_eq!(fs::read_to_string(there.join("log")).unwrap(), "1\n2\n");
    fs::remove_dir_all(&there).unwrap();
    look(&sink);
    assert_eq!(sink.write_at(b"3\n", at(0)).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(sink.write_at(b"4\n", at(0)).unwrap_err().kind(), ErrorKind::NotFound);
    fs::create_dir(&here).unwrap();
    sink.write_at(b"5\n", at(0)).unwrap();
    assert_eq!(texts(&sink), ["5\n"]);
}

#[test]
fn a_file_that_cannot_be_renamed_is_written_on() {
    let (_folder, sink) = rotating(Rotation::keep(1).at_bytes(4));
    sink.write_at(b"1\n", at(0)).unwrap();
    // A folder in the place of the old file to be, whatever its time: nothing can be renamed to it.
    for micro in 0..3 {
        let at = at(0) + Duration::from_micros(micro);
        fs::create_dir(rotation::old_name(&sink.path, at).0).unwrap();
    }
    sink.write_at(b"22\n", at(0)).unwrap();
    assert!(sink.own().state().told, "folders cannot be deleted as old files");
    assert_eq!(fs::read_to_string(&sink.path).unwrap(), "22\n");
    sink.write_at(b"333\n", at(0)).unwrap();
    assert_eq!(fs::read_to_string(&sink.path).unwrap(), "333\n");
}

#[test]
fn half_a_line_at_the_end_of_a_file_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    for (held, expected) in [("half", "half\nnext\n"), ("whole\n", "whole\nnext\n"), ("", "next\n")]
    {
        fs::write(&path, held).unwrap();
        FileSink::open(&path).unwrap().write_at(b"next\n", at(0)).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), expected);
    }
}
