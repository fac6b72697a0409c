//! The socket's file: made where nobody else listens, removed where it is still ours.
use std::{
    fs, io,
    os::unix::{
        ffi::OsStrExt,
        fs::{FileTypeExt, MetadataExt, PermissionsExt, chown},
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
};

use crate::error::{Error, Kind};

/// The longest path that fits `sockaddr_un` with its final zero.
pub(crate) const MAX_PATH: usize = 107;

/// The name of a listening socket in the file system. Dropping it removes the name.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl SocketFile {
    /// Listens on `path`, after removing what a killed collector may have left there.
    pub(crate) fn listen(
        path: &Path,
        mode: u32,
        group: Option<u32>,
    ) -> Result<(UnixListener, Self), Error> {
        if path.as_os_str().as_bytes().len() > MAX_PATH {
            return Err(Error::new(Kind::SocketPathTooLong, path));
        }
        remove_stale(path)?;
        let failed = |source| Error::io(Kind::Listen, path, source);
        let listener = UnixListener::bind(path).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let made = fs::symlink_metadata(path).map_err(failed)?;
        let file = Self { path: path.to_owned(), device: made.dev(), inode: made.ino() };
        if group.is_some() {
            chown(path, None, group).map_err(|source| Error::io(Kind::Group, path, source))?;
        }
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(failed)?;
        Ok((listener, file))
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let ours = fs::symlink_metadata(&self.path)
            .is_ok_and(|now| now.dev() == self.device && now.ino() == self.inode);
        if ours {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn remove_stale(path: &Path) -> Result<(), Error> {
    let failed = |source| Error::io(Kind::Listen, path, source);
    match fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => Err(Error::new(Kind::NotASocket, path)),
        Ok(_) => match UnixStream::connect(path) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                fs::remove_file(path).map_err(failed)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            // A full backlog answers "would block": somebody is there.
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(failed(error)),
            _ => Err(Error::new(Kind::SocketTaken, path)),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removes_only_its_own_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let (_first, file) = SocketFile::listen(&path, 0o600, None).unwrap();
        fs::remove_file(&path).unwrap();
        // Keeps the inode from being used again.
        fs::write(folder.path().join("other"), "").unwrap();
        fs::write(&path, "somebody else's").unwrap();
        drop(file);
        assert!(path.exists());
    }

    #[test]
    fn a_plain_file_in_the_way_is_not_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        fs::write(&path, "notes").unwrap();
        let error = SocketFile::listen(&path, 0o600, None).unwrap_err();
        assert!(error.to_string().contains("not a socket"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "notes");
    }

    #[test]
    fn a_long_path_is_explained() {
        let path = Path::new("/tmp").join("x".repeat(200));
        let error = SocketFile::listen(&path, 0o600, None).unwrap_err();
        assert!(error.is_socket_path_too_long());
        assert!(error.to_string().contains("shorter"), "{error}");
    }

    #[test]
    fn has_the_mode_it_was_given() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let (_listener, _file) = SocketFile::listen(&path, 0o620, None).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o620);
    }
}
