use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use ::tracing::{debug, info, info_span, warn};
use throughline_schema::Level;
use throughline_structlog::testing::capture;
use throughline_structlog::tracing::layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{EnvFilter, Layer, fmt, registry};

#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn another_layer_has_a_filter_of_its_own() {
    let (log, captured) = super::capture_with(|log| log.filter(Level::Warn));
    let memory = Memory::default();
    let writer = memory.clone();
    let other = fmt::layer().json().with_writer(move || writer.clone());
    let subscriber = registry().with(layer(&log)).with(other.with_filter(EnvFilter::new("debug")));
    ::tracing::subscriber::with_default(subscriber, || {
        let _span = info_span!("s", a = 1).entered();
        debug!("for the other");
        warn!("for both");
    });
    let theirs = String::from_utf8(memory.0.lock().unwrap().clone()).unwrap();
    assert_eq!(theirs.lines().count(), 2);
    let lines = captured.events();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].message(), "for both");
    assert!(lines[0].context().is_none(), "the span is below the logger's level");
}

#[test]
fn what_an_env_filter_in_front_leaves_out_does_not_arrive() {
    let (log, captured) = capture();
    let subscriber = registry().with(EnvFilter::new("info")).with(layer(&log));
    ::tracing::subscriber::with_default(subscriber, || {
        debug!("out");
        info!("in");
    });
    assert_eq!(captured.events().len(), 1);
}

#[test]
fn subscribers_within_each_other_do_not_mix_up_their_spans() {
    let ((outer, of_outer), (inner, of_inner)) = (capture(), capture());
    super::under(&outer, || {
        let _a = info_span!("a", a = 1).entered();
        super::under(&inner, || {
            let _b = info_span!("b", b = 1).entered();
            info!("inner");
        });
        info!("outer");
    });
    let line = &of_outer.events()[0];
    assert_eq!(line.context().unwrap()["span.name"], "a");
    assert!(line.context().unwrap().get("b").is_none());
    let line = &of_inner.events()[0];
    // It is opened in the context of the other's span.
    assert_eq!(line.context().unwrap()["a"], 1);
    assert_eq!(line.context().unwrap()["b"], 1);
}
