//! The tables that are printed.

/// The column that is text.
pub const DIFFERS: &str = "how it differs";

pub fn header<const N: usize>(columns: [&str; N]) {
    println!("| contestant | {} |", columns.join(" | "));
    let align = columns.map(|column| if column == DIFFERS { "---|" } else { "--:|" });
    println!("|---|{}", align.concat());
}

pub fn row<const N: usize>(name: &str, cells: [String; N]) {
    println!("| {name} | {} |", cells.join(" | "));
}

pub fn median(samples: &mut [f64]) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}
