use std::{io, time::Duration};

use super::super::Later;

/// What an endpoint says to a request.
#[derive(Debug)]
pub(super) enum Answer {
    /// It has the records, but so many. The text says why, or warns of something.
    Taken { rejected: u64, message: String },
    /// It does not take them, and will not.
    Refused { fault: Fault, message: String },
}

/// What an endpoint finds wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The request is too large.
    TooLarge,
    /// Something that is in it.
    Content,
    /// Something that is in it, or the endpoint itself: only what it says to other requests can tell.
    Unclear,
}

/// It could not be asked, or does not want to be asked now.
pub(super) fn later(after: Option<Duration>, why: String) -> io::Error {
    match after {
        Some(after) => io::Error::other(Later { after, why }),
        None => io::Error::other(why),
    }
}

/// What an endpoint wrote, fit to be shown to people.
pub(super) fn shown(text: &str) -> String {
    const MAX: usize = 300;
    let mut shown: String = text.trim().chars().take(MAX).collect();
    if text.trim().chars().nth(MAX).is_some() {
        shown.push('…');
    }
    shown.replace(|c: char| c.is_control(), " ")
}
