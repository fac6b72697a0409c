use crate::encode::{push_str, written};
use crate::fork::PerProcess;

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
    /// The id of the process whose instance it is.
    process: u32,
}

impl Service {
    /// The service of this name, at most 128 bytes. Its instance is a new UUID, so that two processes of one service differ.
    ///
    /// An empty name becomes `unknown_service`, as in OpenTelemetry; of a longer one the first 128 bytes are kept.
    pub fn new(name: impl Into<String>) -> Service {
        let mut name = clipped(name.into());
        if name.is_empty() {
            name.push_str("unknown_service");
        }
        let instance = throughline_ctx::RequestId::mint().to_string();
        Service { name, version: None, instance, process: std::process::id() }
    }

    /// The version of the service, of which the first 128 bytes are kept.
    #[must_use]
    pub fn version(mut self, version: impl Into<String>) -> Service {
        self.version = Some(clipped(version.into()));
        self
    }

    /// What tells this process from others of the service, in place of a new UUID.
    ///
    /// The first 128 bytes are kept. Whichever it is, a forked child adds a full stop and its process id, since two processes must differ.
    #[must_use]
    pub fn instance(mut self, instance: impl Into<String>) -> Service {
        (self.instance, self.process) = (clipped(instance.into()), std::process::id());
        self
    }

    /// The member of the line.
    pub(crate) fn render(&self) -> ServiceMember {
        ServiceMember { service: self.clone(), rendered: PerProcess::new(self.render_bytes()) }
    }

    fn render_bytes(&self) -> Box<[u8]> {
        written(|room| {
            room.push(b",\"service\":{\"name\":");
            push_str(room, &self.name);
            if let Some(version) = &self.version {
                room.push(b",\"version\":");
                push_str(room, version);
            }
            room.push(b",\"instance\":");
            let process = std::process::id();
            if process == self.process {
                push_str(room, &self.instance);
            } else {
                push_str(room, &format!("{}.{process}", self.instance));
            }
            room.push(b"}");
        })
    }
}

/// As much of a text as fits into 128 bytes, by whole characters.
fn clipped(mut text: String) -> String {
    let fits = (0..=text.len().min(128)).rev().find(|&len| text.is_char_boundary(len));
    text.truncate(fits.unwrap_or(0));
    text
}

/// The member `service` of every line of a logger.
#[derive(Debug)]
pub(crate) struct ServiceMember {
    service: Service,
    rendered: PerProcess<Box<[u8]>>,
}

impl ServiceMember {
    /// The member, with the comma before it.
    #[inline]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.rendered.get(|| self.service.render_bytes())
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
