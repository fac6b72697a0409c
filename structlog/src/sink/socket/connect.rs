//! The way to a collector, and what can stand in it.

use std::fmt;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use super::system;

/// The longest path that fits `sockaddr_un`, with its final zero.
const MAX_PATH: usize =
    size_of::<libc::sockaddr_un>() - std::mem::offset_of!(libc::sockaddr_un, sun_path) - 1;

/// Connects to the collector that listens at `path`, if it is one that may be trusted.
///
/// Where everybody may make a socket, as in `/tmp`, anybody could wait for our lines. So what stands directly in such a folder, be it the next folder on the path or the process that listens, must belong to
/// root or to the user of this process. Elsewhere it is for those to whom the folders belong to say who listens there.
pub(super) fn connect(path: &Path) -> Result<UnixStream, Trouble> {
    let len = path.as_os_str().as_bytes().len();
    if len > MAX_PATH {
        return Err(Trouble::PathTooLong(len));
    }
    let user = system::own_user();
    let is_public = check_folders(path, user)?;
    let socket = UnixStream::connect(path).map_err(|error| Trouble::of_connect(path, error))?;
    if is_public {
        check_user(path, system::peer_user(&socket).map_err(Trouble::Broken)?, user)?;
    }
    Ok(socket)
}

/// Whether everybody may write to the folder of `path`. An error if one of the folders above belongs to somebody whom `user` does not trust.
fn check_folders(path: &Path, user: u32) -> Result<bool, Trouble> {
    let path = std::path::absolute(path).map_err(Trouble::Broken)?;
    let folders: Vec<_> = path.ancestors().skip(1).collect();
    let mut is_public = false;
    for folder in folders.into_iter().rev() {
        let failed = |error| Trouble::of_connect(folder, error);
        if is_public {
            let entry = fs::symlink_metadata(folder).map_err(failed)?;
            check_user(folder, entry.uid(), user)?;
        }
        is_public = fs::metadata(folder).map_err(failed)?.mode() & 0o002 != 0;
    }
    Ok(is_public)
}

fn check_user(path: &Path, owner: u32, user: u32) -> Result<(), Trouble> {
    if owner == 0 || owner == user {
        return Ok(());
    }
    Err(Trouble::Untrusted { path: path.to_owned(), owner })
}

/// Why nothing is delivered at the moment.
#[derive(Debug)]
pub(super) enum Trouble {
    PathTooLong(usize),
    NotASocket,
    NotAllowed(io::Error),
    Untrusted { path: PathBuf, owner: u32 },
    NotThere,
    NobodyListens,
    NoThread(io::Error),
    Broken(io::Error),
}

impl Trouble {
    fn of_connect(path: &Path, error: io::Error) -> Trouble {
        match error.kind() {
            ErrorKind::NotFound => Trouble::NotThere,
            ErrorKind::PermissionDenied => Trouble::NotAllowed(error),
            // The same error for a socket on which nobody listens, and for a file that is none.
            ErrorKind::ConnectionRefused => match fs::metadata(path) {
                Ok(found) if !found.file_type().is_socket() => Trouble::NotASocket,
                _ => Trouble::NobodyListens,
            },
            _ => Trouble::Broken(error),
        }
    }

    /// Whether it stays until somebody changes something. The others pass when a collector is started.
    pub(super) fn is_lasting(&self) -> bool {
        !matches!(self, Trouble::NotThere | Trouble::NobodyListens | Trouble::Broken(_))
    }

    /// Tells the kinds of trouble apart, as one bit.
    pub(super) fn bit(&self) -> u8 {
        1 << match self {
            Trouble::PathTooLong(_) => 0,
            Trouble::NotASocket => 1,
            Trouble::NotAllowed(_) => 2,
            Trouble::Untrusted { .. } => 3,
            Trouble::NotThere => 4,
            Trouble::NobodyListens => 5,
            Trouble::NoThread(_) => 6,
            Trouble::Broken(_) => 7,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::PathTooLong(len) => write!(
                f,
                "the path has {len} bytes, and the path of a socket can have {MAX_PATH} at most"
            ),
            Trouble::NotASocket => f.write_str("there is a file of that name which is no socket"),
            Trouble::NotAllowed(error) => write!(f, "this process may not write to it: {error}"),
            Trouble::Untrusted { path, owner } => write!(
                f,
                "it is in a folder where everybody may write, and {} belongs to user {owner}, not to root or to the user of this process",
                path.display()
            ),
            Trouble::NotThere => f.write_str("no socket is there yet; is the collector started?"),
            Trouble::NobodyListens => f.write_str(
                "nobody listens on the socket, which a collector that was killed leaves; is it started again?",
            ),
            Trouble::NoThread(error) => write!(f, "no thread could be started: {error}"),
            Trouble::Broken(error) => error.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::UnixListener;

    #[test]
    fn each_trouble_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        assert!(matches!(connect(&path), Err(Trouble::NotThere)));
        fs::write(&path, "").unwrap();
        assert!(matches!(connect(&path), Err(Trouble::NotASocket)));
        fs::remove_file(&path).unwrap();
        drop(UnixListener::bind(&path).unwrap());
        assert!(matches!(connect(&path), Err(Trouble::NobodyListens)));
        let long = folder.path().join("x".repeat(100));
        assert!(matches!(connect(&long), Err(Trouble::PathTooLong(_))));
    }

    #[test]
    fn the_longest_path_that_fits_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let rest = MAX_PATH - folder.path().as_os_str().len() - 1;
        let path = folder.path().join("x".repeat(rest));
        let _listener = UnixListener::bind(&path).unwrap();
        connect(&path).unwrap();
        let longer = folder.path().join("x".repeat(rest + 1));
        assert!(UnixListener::bind(&longer).is_err(), "the limit is the system's");
        assert!(matches!(connect(&longer), Err(Trouble::PathTooLong(_))));
    }

    #[test]
    fn a_collector_of_our_own_is_trusted_where_everybody_may_write() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o1777)).unwrap();
        let path = folder.path().join("socket");
        let _listener = UnixListener::bind(&path).unwrap();
        connect(&path).unwrap();
    }

    #[test]
    fn what_belongs_to_another_user_is_trusted_only_where_not_everybody_may_write() {
        let folder = tempfile::tempdir().unwrap();
        let theirs = folder.path().join("theirs");
        fs::create_dir(&theirs).unwrap();
        // Only root can give a folder away. To anybody else, it is the rest that belongs to somebody else.
        let (own, owner) = match system::own_user() {
            0 => (0, 12345),
            owner => (owner + 1, owner),
        };
        if own == 0 {
            std::os::unix::fs::chown(&theirs, Some(owner), None).unwrap();
        }
        let check = || check_folders(&theirs.join("socket"), own);
        if own == 0 {
            assert!(!check().unwrap());
        }
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o1777)).unwrap();
        let error = check().unwrap_err();
        assert!(matches!(error, Trouble::Untrusted { owner: found, .. } if found == owner));
        assert!(error.to_string().contains(&format!("belongs to user {owner}")), "{error}");
    }
}
