use std::error::Error;
use std::fmt::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use ::tracing_core::Metadata;
use ::tracing_core::field::{Field as Theirs, Visit};
use throughline_ctx::__private::{in_place, is_same, key, with_fields};
use throughline_ctx::{Context, KeyInfo, Text, Value, registered_keys};
use throughline_schema::Descriptor;

use super::event::Hex;
use super::report;
use crate::bridge::guard;
use crate::bridge::name;
use crate::bridge::table::Table;

/// The longest text of an entry that is written, in bytes (`spec/event.md`, "Limits"), so that no more is kept.
const MAX_TEXT: usize = 8192;

/// How many causes of an error are told: errors that go in circles exist.
const MAX_CAUSES: usize = 16;

/// A place where a span of `tracing` is opened.
pub(super) struct SpanSite {
    pub(super) metadata: &'static Metadata<'static>,
    /// By the index that `tracing` gives a field.
    keys: Box<[&'static KeyInfo]>,
    /// What every span says of itself.
    name: Entry,
    closed: OnceLock<Descriptor>,
}

impl SpanSite {
    pub(super) fn of(metadata: &'static Metadata<'static>) -> &'static SpanSite {
        static SITES: Table<SpanSite> = Table::new();
        let hash = ptr::from_ref(metadata).addr() as u64;
        let make = || {
            let keys = metadata.fields().iter().map(|field| entry(field.name())).collect();
            let name = (entry("span.name"), Value::Text(Text::from_static(metadata.name())));
            Some(SpanSite { metadata, keys, name, closed: OnceLock::new() })
        };
        let site = SITES.get(hash, |site| ptr::eq(site.metadata, metadata), make);
        site.unwrap_or_else(|| unreachable!("it is made where it is not found"))
    }

    /// What is written when such a span is closed, if that is asked for.
    pub(super) fn closed(&'static self) -> &'static Descriptor {
        self.closed.get_or_init(|| report::descriptor(self.metadata))
    }
}

/// The key for a field of this name: the program's own, if it declared one, so that the field has its class.
fn entry(theirs: &str) -> &'static KeyInfo {
    static KEYS: Table<KeyInfo> = Table::new();
    let name = name::of_entry(theirs);
    if let Some(declared) = registered_keys().find(|key| key.name() == name) {
        return declared;
    }
    let hash = name.bytes().fold(0, |hash: u64, byte| hash.wrapping_mul(31) + u64::from(byte));
    let found = KEYS.get(hash, |key| key.name() == name, || key(name.clone().leak()));
    found.unwrap_or_else(|| unreachable!("`{name}` is the name of an entry"))
}

type Entry = (&'static KeyInfo, Value);

/// A span that is open.
pub(super) struct Span {
    parent: Option<Arc<Span>>,
    pub(super) site: &'static SpanSite,
    pub(super) opened: Instant,
    pub(super) failed: AtomicBool,
    /// How often a value was recorded later, in this span or one that is its kin.
    recorded: Arc<AtomicU64>,
    state: Mutex<State>,
}

struct State {
    /// The unit of work that the span is, with the fields of the span and of those around it as entries.
    ctx: Context,
    /// What the span itself says.
    own: Vec<Entry>,
    /// What `recorded` was when `ctx` was made.
    seen: u64,
    /// The last context that was made current within the span, and the same with the fields of the span.
    inner: Option<(Context, Context)>,
}

impl Span {
    /// Opens a span within `around`, which is of the spans around it, if there are any.
    pub(super) fn open(
        metadata: &'static Metadata<'static>,
        parent: Option<Arc<Span>>,
        around: Option<Context>,
        record: impl FnOnce(&mut dyn Visit),
    ) -> Span {
        let site = SpanSite::of(metadata);
        let mut own = Vec::with_capacity(1 + site.keys.len());
        own.push(site.name.clone());
        let own = collect(site, own, record);
        let ctx = match around {
            Some(around) => with_fields(&around, own.iter().cloned()),
            None => in_place(&Context::root(), own.iter().cloned()),
        };
        let recorded = parent.as_ref().map_or_else(Arc::default, |parent| parent.recorded.clone());
        let seen = recorded.load(Ordering::Acquire);
        let state = Mutex::new(State { ctx, own, seen, inner: None });
        Span {
            parent,
            site,
            opened: Instant::now(),
            failed: AtomicBool::new(false),
            recorded,
            state,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is recorded, and when: a context that was made then is not made anew.
    pub(super) fn recorded(&self) -> u64 {
        self.recorded.load(Ordering::Acquire)
    }

    /// Adds values that come late.
    pub(super) fn record(&self, record: impl FnOnce(&mut dyn Visit)) {
        let late = collect(self.site, Vec::new(), record);
        let mut state = self.state();
        state.ctx = in_place(&state.ctx, late.iter().cloned());
        state.inner = None;
        for entry in late {
            set(&mut state.own, entry);
        }
        drop(state);
        self.recorded.fetch_add(1, Ordering::AcqRel);
    }

    /// The context of the span, with all that was recorded until now.
    pub(super) fn context(&self) -> Context {
        self.fresh().ctx.clone()
    }

    /// A context that was made current within the span, with those fields of the span that it has not.
    pub(super) fn with_fields_in(&self, inner: &Context) -> Context {
        let mut state = self.fresh();
        if let Some((of, with_fields)) = &state.inner
            && is_same(of, inner)
        {
            return with_fields.clone();
        }
        let mut lacking: Vec<Entry> = Vec::new();
        self.each_field(&state, |entry| {
            let has = |name| {
                inner.entries().any(|(key, _)| key.name() == name)
                    || lacking.iter().any(|(key, _)| key.name() == name)
            };
            if !has(entry.0.name()) {
                lacking.push(entry.clone());
            }
        });
        let with_fields = match &*lacking {
            [] => inner.clone(),
            _ => in_place(inner, lacking.into_iter()),
        };
        state.inner = Some((inner.clone(), with_fields.clone()));
        with_fields
    }

    /// The state, in which everything that spans around it recorded meanwhile has arrived.
    fn fresh(&self) -> MutexGuard<'_, State> {
        let now = self.recorded();
        let mut state = self.state();
        if state.seen != now {
            let mut late: Vec<Entry> = Vec::new();
            self.each_field(&state, |entry| {
                if late.iter().all(|(key, _)| key.name() != entry.0.name()) {
                    late.push(entry.clone());
                }
            });
            let has = |(key, value): &Entry| {
                state
                    .ctx
                    .entries()
                    .any(|(other, present)| other.name() == key.name() && present == value)
            };
            late.retain(|entry| !has(entry));
            if !late.is_empty() {
                state.ctx = in_place(&state.ctx, late.into_iter());
                state.inner = None;
            }
            state.seen = now;
        }
        state
    }

    /// Hands over the fields of this span and then of those around it, from the inside out.
    fn each_field(&self, state: &State, mut take: impl FnMut(&Entry)) {
        state.own.iter().for_each(&mut take);
        let mut parent = self.parent.as_deref();
        while let Some(span) = parent {
            span.state().own.iter().for_each(&mut take);
            parent = span.parent.as_deref();
        }
    }

    /// Whether it is this span, or one within it.
    pub(super) fn is_kin(&self, other: &Span) -> bool {
        Arc::ptr_eq(&self.recorded, &other.recorded)
    }
}

fn set(own: &mut Vec<Entry>, new: Entry) {
    match own.iter_mut().find(|(key, _)| key.name() == new.0.name()) {
        Some(entry) => *entry = new,
        None => own.push(new),
    }
}

fn collect(
    site: &'static SpanSite,
    into: Vec<Entry>,
    record: impl FnOnce(&mut dyn Visit),
) -> Vec<Entry> {
    let mut collector = Collector { site, own: into };
    guard::asking(|| record(&mut collector));
    collector.own
}

/// Takes the values of a span.
struct Collector {
    site: &'static SpanSite,
    own: Vec<Entry>,
}

impl Collector {
    fn put(&mut self, field: &Theirs, value: Value) {
        if let Some(key) = self.site.keys.get(field.index()) {
            set(&mut self.own, (key, value));
        }
    }

    fn text(&mut self, field: &Theirs, value: fmt::Arguments<'_>) {
        let mut clipped = Clipped::default();
        // A panic in somebody's `Debug` is no reason for one here.
        let printed = catch_unwind(AssertUnwindSafe(|| clipped.write_fmt(value)));
        let text = match printed {
            Ok(printed) if printed.is_ok() || clipped.is_full => clipped.text.into(),
            _ => Text::from_static("[unprintable]"),
        };
        self.put(field, Value::Text(text));
    }
}

impl Visit for Collector {
    fn record_f64(&mut self, field: &Theirs, value: f64) {
        self.put(field, Value::F64(value));
    }

    fn record_i64(&mut self, field: &Theirs, value: i64) {
        self.put(field, Value::I64(value));
    }

    fn record_u64(&mut self, field: &Theirs, value: u64) {
        self.put(field, Value::U64(value));
    }

    fn record_i128(&mut self, field: &Theirs, value: i128) {
        match (i64::try_from(value), u64::try_from(value)) {
            (Ok(value), _) => self.put(field, Value::I64(value)),
            (_, Ok(value)) => self.put(field, Value::U64(value)),
            _ => self.text(field, format_args!("{value}")),
        }
    }

    fn record_u128(&mut self, field: &Theirs, value: u128) {
        match u64::try_from(value) {
            Ok(value) => self.put(field, Value::U64(value)),
            Err(_) => self.text(field, format_args!("{value}")),
        }
    }

    fn record_bool(&mut self, field: &Theirs, value: bool) {
        self.put(field, Value::Bool(value));
    }

    fn record_str(&mut self, field: &Theirs, value: &str) {
        self.put(field, Value::Text(clipped(value, MAX_TEXT).into()));
    }

    fn record_bytes(&mut self, field: &Theirs, value: &[u8]) {
        self.text(field, format_args!("{}", Hex(value)));
    }

    fn record_error(&mut self, field: &Theirs, value: &(dyn Error + 'static)) {
        self.text(field, format_args!("{}", WithCauses(value)));
    }

    fn record_debug(&mut self, field: &Theirs, value: &dyn fmt::Debug) {
        self.text(field, format_args!("{value:?}"));
    }
}

/// An error and its causes, as one text: an entry is no list.
struct WithCauses<'a>(&'a (dyn Error + 'static));

impl fmt::Display for WithCauses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        for _ in 0..MAX_CAUSES {
            let Some(error) = cause else { break };
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

/// Text of which no more is kept than is written.
#[derive(Default)]
struct Clipped {
    text: String,
    is_full: bool,
}

impl Write for Clipped {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let kept = clipped(text, MAX_TEXT - self.text.len());
        self.text.push_str(kept);
        self.is_full = kept.len() < text.len();
        // Nobody has to make the rest.
        if self.is_full { Err(fmt::Error) } else { Ok(()) }
    }
}

fn clipped(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|&end| text.is_char_boundary(end));
    &text[..end.unwrap_or_default()]
}
