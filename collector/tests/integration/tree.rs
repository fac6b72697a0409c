use std::{fs, process::Command};

use throughline_collector::tail::{Record, Style, tree};

use crate::support::{BIN, Place};

const REQUEST: &str = include_str!("request.ndjson");
const SHOWN: &str = include_str!("request.txt");

#[test]
fn a_request_over_services_is_one_tree() {
    let place = Place::new();
    fs::create_dir(place.dir()).unwrap();
    let path = place.dir().join("events-00000000000000000001.ndjson");
    fs::write(path, REQUEST).unwrap();
    let id = "0193f6c2-7d3e-7bb4-9c1e-2f0d3a1b5c6d";
    for arguments in [&["--request", id][..], &["--tree", "--level", "error"]] {
        let output = Command::new(BIN)
            .args(["tail", "--dir"])
            .arg(place.dir())
            .args(arguments)
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), SHOWN);
        assert_eq!(output.status.code(), Some(0));
    }
}

#[test]
fn the_order_of_lines_makes_no_difference() {
    let id = "0193f6c2-7d3e-7bb4-9c1e-2f0d3a1b5c6d";
    let of_request = REQUEST.lines().filter(|line| line.contains(id));
    let mut records: Vec<_> = of_request.map(|line| Record::parse(line).unwrap()).collect();
    for _ in 0..records.len() {
        records.rotate_left(1);
        assert_eq!(tree::render(&records, &Style::plain()), SHOWN);
    }
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let records: Vec<_> = REQUEST.lines().map(|line| Record::parse(line).unwrap()).collect();
    for width in [0, 1, 20, 80, 120] {
        let shown = tree::render(&records, &Style::new(false, Some(width)));
        let widest = shown.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(width.max(1)), "{widest:?} at {width}");
    }
}
