use std::hint::black_box;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use throughline_structlog::{Logger, NullSink, Service, testing::Captured};

/// Where lines go: nowhere, or to memory so that they can be looked at.
#[derive(Clone, Default)]
pub struct Target(Option<(Captured, Arc<Mutex<Vec<String>>>)>);

impl Target {
    /// Takes every line nowhere.
    pub fn null() -> Target {
        Target(None)
    }

    /// Keeps every line.
    pub fn memory() -> Target {
        Target(Some(Default::default()))
    }

    /// Whether it keeps lines.
    pub fn is_kept(&self) -> bool {
        self.0.is_some()
    }

    /// The lines that it kept.
    pub fn lines(&self) -> Vec<String> {
        let Some((captured, lines)) = &self.0 else { return Vec::new() };
        let mut all = captured.lines();
        all.append(&mut lines.lock().unwrap().clone());
        all
    }

    /// Takes a line.
    #[inline]
    pub fn take(&self, line: &[u8]) {
        black_box(line);
        if let Some((_, lines)) = &self.0 {
            lines.lock().unwrap().push(String::from_utf8(line.to_vec()).unwrap());
        }
    }

    /// A logger of throughline that writes here.
    pub fn logger(&self) -> Logger {
        let service = Service::new("shop").instance("1");
        let builder = Logger::builder(service);
        match &self.0 {
            Some((captured, _)) => builder.sink(captured.clone()).build(),
            None => builder.sink(NullSink).build(),
        }
    }

    /// A writer that takes whole lines, for those who write them at once.
    pub fn whole(&self) -> Whole {
        Whole(self.clone())
    }

    /// A writer that takes pieces of lines, for those who write them so.
    pub fn pieces(&self) -> Pieces {
        Pieces { target: self.clone(), line: Vec::with_capacity(1024) }
    }
}

pub struct Whole(Target);

impl Write for Whole {
    #[inline]
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.take(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub struct Pieces {
    target: Target,
    line: Vec<u8>,
}

impl Write for Pieces {
    #[inline]
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.line.extend_from_slice(piece);
        if piece.ends_with(b"\n") {
            self.target.take(&self.line);
            self.line.clear();
        }
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
