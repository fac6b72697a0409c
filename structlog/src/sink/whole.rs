use std::fs::File;
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::thread;
use std::time::Duration;

/// How long it waits before it tries again a descriptor that does not block and is full.
const RETRY_AFTER: Duration = Duration::from_millis(1);

/// Something that takes bytes, such as a file, a pipe or a terminal, and is given whole lines only.
///
/// The system may take the beginning of a line and refuse the rest. What it took is then cut off again. Where that cannot be, because it is no file or because
/// somebody else has written after it, the next line begins with a line feed, so that it is not taken for the end of the one before.
#[derive(Debug)]
pub(super) struct Whole {
    file: File,
    /// Whether what it holds may end in the midst of a line.
    torn: bool,
}

impl Whole {
    /// Goes on after what `file` holds, whose last line may be `torn`.
    pub(super) fn new(file: File, torn: bool) -> Whole {
        Whole { file, torn }
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Writes a line, which ends in a line feed.
    ///
    /// # Errors
    ///
    /// Those of the system. Nothing of the line is left then, or it cannot be taken for a line.
    pub(super) fn write(&mut self, line: &[u8]) -> io::Result<()> {
        if self.torn {
            write_all(&self.file, b"\n").map_err(|(_, error)| error)?;
            self.torn = false;
        }
        write_all(&self.file, line).map_err(|(taken, error)| {
            self.torn = taken.is_some_and(|taken| take_back(&self.file, &taken).is_err());
            error
        })
    }
}

/// The beginning of a line that was written.
struct Taken {
    len: u64,
    /// Where it begins, if the file knows places.
    start: Option<u64>,
}

/// Writes all of `line`, and waits while a descriptor that does not block is full.
fn write_all(mut file: &File, line: &[u8]) -> Result<(), (Option<Taken>, io::Error)> {
    let mut rest = line;
    let mut taken: Option<Taken> = None;
    loop {
        let error = match file.write(rest) {
            Ok(len) if len == rest.len() => return Ok(()),
            Ok(0) => ErrorKind::WriteZero.into(),
            Ok(len) => {
                rest = &rest[len..];
                let len = len as u64;
                match &mut taken {
                    Some(taken) => taken.len += len,
                    None => {
                        let start = file.stream_position().ok().map(|end| end.saturating_sub(len));
                        taken = Some(Taken { len, start });
                    }
                }
                continue;
            }
            Err(error) => error,
        };
        match error.kind() {
            ErrorKind::Interrupted => {}
            ErrorKind::WouldBlock => thread::sleep(RETRY_AFTER),
            _ => return Err((taken, error)),
        }
    }
}

/// Cuts off what was taken, if it is what the file ends with.
fn take_back(mut file: &File, taken: &Taken) -> io::Result<()> {
    let start = taken.start.ok_or(ErrorKind::NotSeekable)?;
    let end = start + taken.len;
    if file.stream_position()? != end || file.metadata()?.len() != end {
        return Err(io::Error::other("somebody else has written since"));
    }
    file.set_len(start)?;
    // Standard output may go to a file that was not opened to append: the next line would leave a hole.
    file.seek(SeekFrom::Start(start))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::OpenOptions;
    use std::io::Read;
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;
    use std::process::Command;

    #[test]
    fn a_line_goes_whole_through_a_full_descriptor_that_does_not_block() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let mut out = Whole::new(File::from(OwnedFd::from(ours)), false);
        let line = [vec![b'x'; 1 << 20], vec![b'\n']].concat();
        let lines = [line.as_slice(), b"last\n"];
        let reader = thread::spawn(move || {
            let mut read = Vec::new();
            theirs.read_to_end(&mut read).map(|_| read)
        });
        lines.iter().for_each(|line| out.write(line).unwrap());
        drop(out);
        assert!(reader.join().unwrap().unwrap() == lines.concat());
    }

    #[test]
    fn what_cannot_be_taken_back_is_ended_before_the_next_line() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let read = |path: &std::path::Path| File::open(path).unwrap();
        let first = thread::spawn({
            let fifo = fifo.clone();
            move || read(&fifo)
        });
        let mut out = Whole::new(OpenOptions::new().append(true).open(&fifo).unwrap(), false);
        let mut first = first.join().unwrap();
        // The reader goes away in the midst of a line that the pipe cannot hold.
        let reader = thread::spawn(move || first.read_exact(&mut [0; 100_000]).unwrap());
        let long = [vec![b'x'; 1 << 20], vec![b'\n']].concat();
        assert_eq!(out.write(&long).unwrap_err().kind(), ErrorKind::BrokenPipe);
        reader.join().unwrap();
        let next = thread::spawn(move || {
            let mut text = String::new();
            read(&fifo).read_to_string(&mut text).map(|_| text)
        });
        let sent = (0..).find_map(|_| out.write(b"whole\n").ok());
        assert!(sent.is_some());
        drop(out);
        let text = next.join().unwrap().unwrap();
        assert_eq!(text.trim_start_matches('x'), "\nwhole\n");
    }

    #[test]
    fn only_the_end_of_a_file_is_cut_off() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"whole\nhal").unwrap();
        let taken = Taken { len: 3, start: Some(6) };
        file.write_all(b"another's\n").unwrap();
        take_back(&file, &taken).unwrap_err();
        file.set_len(9).unwrap();
        take_back(&file, &taken).unwrap_err();
        file.seek(SeekFrom::Start(9)).unwrap();
        take_back(&file, &taken).unwrap();
        file.write_all(b"next\n").unwrap();
        file.rewind().unwrap();
        assert_eq!(io::read_to_string(&file).unwrap(), "whole\nnext\n");
    }
}
