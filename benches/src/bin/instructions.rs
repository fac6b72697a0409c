//! Does one sort of work a number of times, for a tool that counts instructions: see `instructions.sh`.

use throughline_benches::{Target, Work, all};

fn main() {
    let mut args = std::env::args().skip(1);
    let (Some(name), Some(work), Some(times)) = (
        args.next(),
        args.next().and_then(|work| Work::named(&work)),
        args.next().and_then(|times| times.parse().ok()),
    ) else {
        eprintln!("usage: instructions CONTESTANT W0|W1|W2|W3|W4 TIMES");
        std::process::exit(2);
    };
    let contestants = all(&Target::null());
    let Some(contestant) = contestants.iter().find(|contestant| contestant.name() == name) else {
        let names: Vec<_> = contestants.iter().map(|contestant| contestant.name()).collect();
        eprintln!("no contestant {name:?}; there are {names:?}");
        std::process::exit(2);
    };
    contestant.run(work, times);
}
