use crate::encode::{push_str, written};

/// Who writes the events (`spec/event.md`, "Service").
///
/// ```
/// use throughline_structlog::Service;
///
/// let service = Service::new("accounts").version(env!("CARGO_PKG_VERSION"));
/// ```
#[derive(Clone, Debug)]
pub struct Service {
    name: String,
    version: Option<String>,
    instance: String,
}

impl Service {
    /// The service of this name, at most 128 bytes. Its instance is a new UUID, so that two processes of one service differ.
    ///
    /// An empty name becomes `unknown_service`, as in OpenTelemetry; of a longer one the first 128 bytes are kept.
    pub fn new(name: impl Into<String>) -> Service {
        let mut name = name.into();
        let fits = (0..=name.len().min(128)).rev().find(|&len| name.is_char_boundary(len));
        name.truncate(fits.unwrap_or(0));
        if name.is_empty() {
            name.push_str("unknown_service");
        }
        Service { name, version: None, instance: throughline_ctx::RequestId::mint().to_string() }
    }

    /// The version of the service.
    pub fn version(mut self, version: impl Into<String>) -> Service {
        self.version = Some(version.into());
        self
    }

    /// What tells this process from others of the service, in place of a new UUID.
    pub fn instance(mut self, instance: impl Into<String>) -> Service {
        self.instance = instance.into();
        self
    }

    /// The member of the line, with the comma before it.
    pub(crate) fn render(&self) -> Box<[u8]> {
        written(|room| {
            room.push(b",\"service\":{\"name\":");
            push_str(room, &self.name);
            if let Some(version) = &self.version {
                room.push(b",\"version\":");
                push_str(room, version);
            }
            room.push(b",\"instance\":");
            push_str(room, &self.instance);
            room.push(b"}");
        })
    }
}

impl From<&str> for Service {
    fn from(name: &str) -> Service {
        Service::new(name)
    }
}

impl From<String> for Service {
    fn from(name: String) -> Service {
        Service::new(name)
    }
}
