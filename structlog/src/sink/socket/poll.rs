//! Waiting for a socket, which the standard library leaves out.

#![allow(unsafe_code, reason = "one call of poll(2)")]

use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

/// Waits until something can be read from the socket, or, if `write` is set, written to it; or the time is over.
pub(super) fn poll(socket: impl AsFd, write: bool, timeout: Duration) {
    let events = libc::POLLIN | if write { libc::POLLOUT } else { 0 };
    let mut fd = libc::pollfd { fd: socket.as_fd().as_raw_fd(), events, revents: 0 };
    let millis = timeout.as_millis().clamp(1, 60_000) as libc::c_int;
    // SAFETY: `fd` is one valid `pollfd` for the whole call, and 1 is how many there are. The descriptor is open, since `socket` borrows it.
    unsafe { libc::poll(&raw mut fd, 1, millis) };
    // Whether it was the socket, the time or a signal: the caller tries, and finds out.
}
