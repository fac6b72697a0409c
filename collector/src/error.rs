use std::{
    error, fmt, io,
    path::{Path, PathBuf},
};

/// Why a collector could not start, or could not end well.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    path: PathBuf,
    source: Option<io::Error>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Another process answers on the socket.
    SocketTaken,
    /// Something that is no socket has the socket's name.
    NotASocket,
    /// The path does not fit the kernel's address.
    SocketPathTooLong,
    /// The socket could not be made.
    Listen,
    /// Another collector uses the folder.
    FolderTaken,
    /// The folder cannot be used.
    Folder,
    /// What the folder holds could not be read.
    Recover,
    /// Lines that had been taken in could not be written before the end.
    Unwritten,
    /// A flush failed, and with it all knowledge of what the disk has.
    Unflushed,
    /// Two destinations of one kind.
    ForwardTwice,
    /// A destination that cannot be used.
    Forward,
    /// The group of the socket could not be set.
    Group,
    /// The collector itself failed.
    Runtime,
}

impl Error {
    pub(crate) fn new(kind: Kind, path: &Path) -> Self {
        Self { kind, path: path.to_owned(), source: None }
    }

    pub(crate) fn io(kind: Kind, path: &Path, source: io::Error) -> Self {
        Self { source: Some(source), ..Self::new(kind, path) }
    }

    /// Another collector listens on the socket already.
    pub fn is_socket_taken(&self) -> bool {
        self.kind == Kind::SocketTaken
    }

    /// Another collector stores in the folder already.
    pub fn is_folder_taken(&self) -> bool {
        self.kind == Kind::FolderTaken
    }

    /// The path of the socket is longer than Unix allows.
    pub fn is_socket_path_too_long(&self) -> bool {
        self.kind == Kind::SocketPathTooLong
    }

    /// The configuration contradicts itself, or names what cannot be.
    pub fn is_configuration(&self) -> bool {
        matches!(self.kind, Kind::ForwardTwice | Kind::Forward)
    }

    /// The collector stopped while events that it had received, but not acknowledged, were not yet written.
    pub fn is_unwritten(&self) -> bool {
        self.kind == Kind::Unwritten
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match self.kind {
            Kind::SocketTaken => write!(f, "another collector is listening on {path}"),
            Kind::NotASocket => {
                write!(f, "{path} exists and is not a socket: remove it, or choose another path")
            }
            Kind::SocketPathTooLong => write!(
                f,
                "the socket path {path} has {} bytes, and Unix allows {}: choose a shorter one",
                self.path.as_os_str().len(),
                crate::listen::MAX_PATH
            ),
            Kind::Listen => write!(f, "cannot listen on {path}"),
            Kind::FolderTaken => write!(
                f,
                "another collector is storing in {path}: stop it, or choose another folder"
            ),
            Kind::Folder => write!(
                f,
                "cannot store in {path}: the folder must be one that this user may write to"
            ),
            Kind::Recover => write!(f, "cannot read what is stored at {path}"),
            Kind::Unwritten => write!(
                f,
                "stopped before everything received could be written to {path}; it was not acknowledged"
            ),
            Kind::Unflushed => write!(
                f,
                "{path} could not be flushed to the disk: ending, so that clients send again what was not acknowledged"
            ),
            Kind::ForwardTwice => {
                write!(
                    f,
                    "events can be forwarded to one destination of the kind {path}, not to two"
                )
            }
            Kind::Forward => write!(f, "cannot forward to {path}"),
            Kind::Group => write!(f, "cannot give {path} to its group"),
            Kind::Runtime => write!(f, "the collector on {path} failed"),
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}
