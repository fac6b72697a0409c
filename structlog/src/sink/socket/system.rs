//! What the standard library leaves out.

#![allow(unsafe_code, reason = "calls of the C library")]

use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixStream;
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

/// The user as which this process runs.
pub(super) fn own_user() -> u32 {
    // SAFETY: it has no conditions, and always succeeds.
    unsafe { libc::geteuid() }
}

/// The user as which the process ran that listens at the other end, when it began to.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn peer_user(socket: &UnixStream) -> io::Result<u32> {
    let mut peer = libc::ucred { pid: 0, uid: 0, gid: 0 };
    let mut len = size_of::<libc::ucred>() as libc::socklen_t;
    // SAFETY: `peer` is valid for writing `len` bytes, and any bytes make a `ucred`. The descriptor is open, since `socket` is borrowed.
    let failed = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            (&raw mut peer).cast(),
            &raw mut len,
        )
    };
    if failed == 0 { Ok(peer.uid) } else { Err(io::Error::last_os_error()) }
}

/// The user as which the process ran that listens at the other end, when it began to.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn peer_user(socket: &UnixStream) -> io::Result<u32> {
    let (mut user, mut group) = (0, 0);
    // SAFETY: both are valid for writing. The descriptor is open, since `socket` is borrowed.
    let failed = unsafe { libc::getpeereid(socket.as_raw_fd(), &raw mut user, &raw mut group) };
    if failed == 0 { Ok(user) } else { Err(io::Error::last_os_error()) }
}
