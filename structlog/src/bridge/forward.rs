//! The other way: events as events of `tracing`, for those who keep their subscriber.

use std::cell::Cell;
use std::error::Error;
use std::fmt::{self, Write};
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, SystemTime};

use ::tracing_core::callsite::{self, Callsite, Identifier};
use ::tracing_core::field::{FieldSet, Value as Theirs, display};
use ::tracing_core::metadata::Kind;
use ::tracing_core::subscriber::Interest;
use ::tracing_core::{Event, Level as TheirLevel, LevelFilter, Metadata, dispatcher};
use throughline_schema::{
    Descriptor, Field, Level, MessageVisitor, Scalar, Value, ValueWriter, Visitor,
};

use super::guard;
use super::table::Table;
use crate::clearance::{Clearance, Treatment};
use crate::encode::{AnyFields, Entry, time_text};

/// How many fields `tracing` is given of one event; what is beyond that is left out.
const MOST: usize = 256;

thread_local! {
    /// Which logger hands an event to `tracing` at the moment.
    static FORWARDING: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Whether an event that comes through `tracing` now is one that the logger of this number handed to it.
#[cfg(feature = "tracing")]
pub(crate) fn is_from(logger: usize) -> bool {
    FORWARDING.try_with(Cell::get).ok().flatten() == Some(logger)
}

/// Whether some subscriber takes events of this level.
#[inline]
pub(crate) fn wants(level: Level) -> bool {
    theirs(level) <= LevelFilter::current()
}

fn theirs(level: Level) -> TheirLevel {
    match level {
        Level::Error => TheirLevel::ERROR,
        Level::Warn => TheirLevel::WARN,
        Level::Info => TheirLevel::INFO,
        Level::Debug => TheirLevel::DEBUG,
        Level::Trace => TheirLevel::TRACE,
    }
}

/// Hands an event to the subscriber that `tracing` has, unless it came from there.
pub(crate) fn event(
    logger: usize,
    clearance: &Clearance,
    entry: &Entry<'_>,
    fields: &dyn AnyFields,
    target: &str,
) {
    if !wants(entry.level) || guard::is_writing() {
        return;
    }
    let Ok(None) = FORWARDING.try_with(|forwarding| forwarding.replace(Some(logger))) else {
        return;
    };
    let _restore = Restore;
    let message = Message(String::new());
    let mut said = Said { clearance, values: Vec::with_capacity(16), message };
    fields.say(&mut said);
    if !entry.descriptor.is_template() {
        said.message.text(entry.descriptor.message);
    }
    if let Some(ctx) = entry.ctx {
        said.add("request_id", Some(Plain::Text(ctx.request_id().to_string())));
        said.add("trace_id", Some(Plain::Text(ctx.trace_id().to_string())));
        said.add("span_id", Some(Plain::Text(ctx.span_id().to_string())));
    }
    said.add("event.name", Some(Plain::Text(entry.descriptor.name.to_owned())));
    said.values.truncate(MOST - 1);
    let Said { values, message: Message(message), .. } = said;
    Site::of(entry.descriptor, entry.level, target, &values).dispatch(&message, &values);
}

struct Restore;

impl Drop for Restore {
    fn drop(&mut self) {
        let _ = FORWARDING.try_with(|forwarding| forwarding.set(None));
    }
}

/// A place, as `tracing` knows one.
struct Site {
    descriptor: &'static Descriptor,
    level: Level,
    target: &'static str,
    /// `message` and the others.
    names: &'static [&'static str],
    metadata: OnceLock<Metadata<'static>>,
    interest: AtomicU8,
}

const NEVER: u8 = 0;
const SOMETIMES: u8 = 1;
const ALWAYS: u8 = 2;

impl Site {
    fn of(
        descriptor: &'static Descriptor,
        level: Level,
        target: &str,
        values: &[(&'static str, Option<Plain>)],
    ) -> &'static Site {
        static SITES: Table<Site> = Table::new();
        let hash = ptr::from_ref(descriptor).addr() as u64;
        let names = || values.iter().map(|(name, _)| *name);
        // An event has the same fields each time, but for groups that are not always there.
        let is = |site: &Site| {
            ptr::eq(site.descriptor, descriptor)
                && site.level == level
                && site.target == target
                && site.names[1..].iter().copied().eq(names())
        };
        let make = || {
            let names: Vec<_> = ["message"].into_iter().chain(names()).collect();
            let (target, names) = (target.to_owned().leak(), names.leak());
            let (metadata, interest) = (OnceLock::new(), AtomicU8::new(SOMETIMES));
            Some(Site { descriptor, level, target, names, metadata, interest })
        };
        let site = SITES.get(hash, is, make);
        site.unwrap_or_else(|| unreachable!("it is made where it is not found")).registered()
    }

    /// The same, known to `tracing`.
    fn registered(&'static self) -> &'static Site {
        if self.metadata.get().is_none() {
            let fields = FieldSet::new(self.names, Identifier(self));
            let name = self.descriptor.name;
            let level = theirs(self.level);
            let module = Some(self.target);
            let (file, line) = (None, None);
            let metadata =
                Metadata::new(name, self.target, level, file, line, module, fields, Kind::EVENT);
            if self.metadata.set(metadata).is_ok() {
                callsite::register(self);
            }
        }
        self
    }

    fn dispatch(&'static self, message: &str, values: &[(&'static str, Option<Plain>)]) {
        let interest = self.interest.load(Ordering::Relaxed);
        if interest == NEVER {
            return;
        }
        let metadata = self.metadata();
        let message = display(message);
        let values = values.iter().map(|(_, value)| value.as_ref().map(Plain::as_theirs));
        let values: Vec<_> = [Some(&message as &dyn Theirs)].into_iter().chain(values).collect();
        let fields: Vec<_> = metadata.fields().iter().collect();
        let Some(first) = fields.first() else { return };
        // What is beyond the fields of the event stands for nothing.
        let set: [_; MOST] = std::array::from_fn(|at| match (fields.get(at), values.get(at)) {
            (Some(field), Some(value)) => (field, *value),
            _ => (first, None),
        });
        let set = metadata.fields().value_set(&set);
        dispatcher::get_default(|subscriber| {
            if interest == ALWAYS || subscriber.enabled(metadata) {
                subscriber.event(&Event::new(metadata, &set));
            }
        });
    }
}

impl Callsite for Site {
    fn set_interest(&self, interest: Interest) {
        let interest = match () {
            () if interest.is_never() => NEVER,
            () if interest.is_always() => ALWAYS,
            () => SOMETIMES,
        };
        self.interest.store(interest, Ordering::Relaxed);
    }

    fn metadata(&self) -> &Metadata<'_> {
        self.metadata.get().unwrap_or_else(|| unreachable!("they are set before it is registered"))
    }
}

/// A value of a type that `tracing` knows.
enum Plain {
    Bool(bool),
    I64(i64),
    U64(u64),
    I128(i128),
    U128(u128),
    F64(f64),
    Text(String),
}

impl Plain {
    fn as_theirs(&self) -> &dyn Theirs {
        match self {
            Plain::Bool(value) => value,
            Plain::I64(value) => value,
            Plain::U64(value) => value,
            Plain::I128(value) => value,
            Plain::U128(value) => value,
            Plain::F64(value) => value,
            Plain::Text(value) => value,
        }
    }
}

/// What an event says, as far as the logger is cleared for it.
pub(crate) struct Said<'c> {
    clearance: &'c Clearance,
    values: Vec<(&'static str, Option<Plain>)>,
    pub(crate) message: Message,
}

impl Said<'_> {
    /// Adds a value, unless there is one of this name.
    fn add(&mut self, name: &'static str, value: Option<Plain>) {
        if self.values.iter().all(|(other, _)| *other != name) {
            self.values.push((name, value));
        }
    }

    fn is_cleared(&self, field: &'static Field) -> bool {
        matches!(self.clearance.treatment(field.class), Treatment::Plain)
    }
}

const REDACTED: &str = "[redacted]";

impl Visitor for Said<'_> {
    fn field<T: Value + ?Sized>(&mut self, field: &'static Field, value: &T) {
        let mut plain = None;
        if !value.is_absent() {
            if self.is_cleared(field) {
                value.write(Take(&mut plain));
            } else {
                plain = Some(Plain::Text(REDACTED.to_owned()));
            }
        }
        self.add(field.name, plain);
    }

    fn error(&mut self, field: &'static Field, causes: &'static Field, error: &(dyn Error + '_)) {
        if !self.is_cleared(field) {
            self.add(field.name, Some(Plain::Text(REDACTED.to_owned())));
            return self.add(causes.name, None);
        }
        self.add(field.name, Some(Plain::Text(text(error))));
        let mut texts = String::new();
        let mut cause = error.source();
        for at in 0..16 {
            let Some(error) = cause else { break };
            texts.push_str(if at > 0 { "; " } else { "" });
            texts.push_str(&text(error));
            cause = error.source();
        }
        self.add(causes.name, (!texts.is_empty()).then_some(Plain::Text(texts)));
    }
}

/// The text of a value, whatever its code does.
fn text(value: impl fmt::Display) -> String {
    let print = std::panic::AssertUnwindSafe(|| {
        let mut text = String::new();
        write!(text, "{value}").map(|()| text)
    });
    let printed = std::panic::catch_unwind(print);
    printed.ok().and_then(Result::ok).unwrap_or_else(|| "[unprintable]".to_owned())
}

struct Take<'p>(&'p mut Option<Plain>);

macro_rules! take {
    ($($method:ident: $type:ty => $plain:ident),*) => {$(
        fn $method(self, value: $type) {
            *self.0 = Some(Plain::$plain(value.into()));
        }
    )*};
}

impl ValueWriter for Take<'_> {
    take!(
        bool: bool => Bool, i64: i64 => I64, u64: u64 => U64, i128: i128 => I128, u128: u128 => U128, f32: f32 => F64,
        f64: f64 => F64, str: &str => Text
    );

    fn display(self, value: &(dyn fmt::Display + '_)) {
        *self.0 = Some(Plain::Text(text(value)));
    }

    fn duration(self, value: Duration) {
        *self.0 = Some(Plain::F64(value.as_secs_f64()));
    }

    fn time(self, value: SystemTime) {
        *self.0 = Some(Plain::Text(time_text(value)));
    }

    fn list<'a, T: Scalar + 'a>(self, values: impl Iterator<Item = &'a T>) {
        let mut list = String::from("[");
        for (at, value) in values.enumerate() {
            let mut item = None;
            value.write(Take(&mut item));
            list.push_str(if at > 0 { ", " } else { "" });
            let _ = item.map_or(Ok(()), |item| write!(list, "{item}"));
        }
        list.push(']');
        *self.0 = Some(Plain::Text(list));
    }
}

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Plain::Bool(value) => value.fmt(f),
            Plain::I64(value) => value.fmt(f),
            Plain::U64(value) => value.fmt(f),
            Plain::I128(value) => value.fmt(f),
            Plain::U128(value) => value.fmt(f),
            Plain::F64(value) => value.fmt(f),
            Plain::Text(value) => value.fmt(f),
        }
    }
}

/// Fills in a message. Its fields are public.
pub(crate) struct Message(String);

impl MessageVisitor for Message {
    fn text(&mut self, text: &'static str) {
        self.0.push_str(text);
    }

    fn value<T: Value + ?Sized>(&mut self, _: &'static Field, value: &T) {
        let mut plain = None;
        if !value.is_absent() {
            value.write(Take(&mut plain));
        }
        let _ = match plain {
            Some(plain) => write!(self.0, "{plain}"),
            None => self.0.write_str("-"),
        };
    }
}
