//! The records of [`log`](https://docs.rs/log) as lines.
//!
//! ```no_run
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let _guard = throughline_structlog::log::init("accounts")?;
//!     log::info!(user = "tylertreat", attempts = 3; "login failed");
//!     Ok(())
//! }
//! ```
//!
//! A record is an event without a type: its name is `log`, its `target` is the record's, and its key-values are fields with the JSON type of their Rust type. It carries the
//! [current context](throughline_ctx::Context::current). The logger's [filter](crate::Logger::set_filter) decides what is written, by target; `log`'s own maximal level follows it.
//!
//! A key that is no name of a field (`spec/event.md`, "Names") becomes one: lower case, with an underscore for what no name has. Where every line has a member of that name already, it gets an underscore: `level` is
//! `level_`. Of two keys that come to the same name, the last counts. A key-value whose value is null is left out. Of the first 1024 names that a program uses, each is a field; values of names beyond that stand
//! together in the field `log.kv`, as text.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use ::log::kv::{self, VisitSource, VisitValue};
use ::log::{LevelFilter, Log, Metadata, Record};
use throughline_ctx::Context;
use throughline_schema::{AsDisplay, Field, Fields, Level, MessageVisitor, Visitor};

use super::guard;
use super::place::{self, Place};
use super::table::Table;
use crate::logger::Origin;
use crate::{Guard, InitError, Logger, Service};

/// How many names of key-values are fields of their own, and how many pairs of level and target are places: both live as long as the program.
const MOST: usize = 1024;

/// Makes the global logger as [`crate::init`] does, and `log`'s logger of it.
///
/// # Errors
///
/// As [`crate::init`] and [`install`].
pub fn init(service: impl Into<Service>) -> Result<Guard, InitError> {
    let guard = crate::init(service)?;
    install(crate::logger())?;
    Ok(guard)
}

/// Makes `logger` the one to which `log`'s records go.
///
/// It is kept as long as the program runs, so that dropping other handles of it flushes nothing: call [`Logger::flush`], or [install](crate::install) it as the global logger and keep the guard.
///
/// # Errors
///
/// If `log` has a logger already.
pub fn install(logger: &Logger) -> Result<(), InitError> {
    let bridge = Box::leak(Box::new(Bridge(logger.clone())));
    ::log::set_logger(bridge).map_err(|_| InitError::taken("log"))?;
    let _ = INSTALLED.set(logger.clone());
    throughline_ctx::__private::on_detail_wanted(super::filter_changed);
    follow();
    Ok(())
}

static INSTALLED: OnceLock<Logger> = OnceLock::new();

/// Keeps `log`'s maximal level in step with the filter.
pub(super) fn follow() {
    let Some(logger) = INSTALLED.get() else { return };
    let threshold = logger.filter().most_verbose();
    ::log::set_max_level(match Level::ALL.into_iter().find(|level| threshold.allows(*level)) {
        // A request may ask for whatever is not switched off.
        Some(_) if Context::any_wants_detail() => LevelFilter::Trace,
        Some(level) => theirs(level),
        None => LevelFilter::Off,
    });
}

fn ours(level: ::log::Level) -> Level {
    match level {
        ::log::Level::Error => Level::Error,
        ::log::Level::Warn => Level::Warn,
        ::log::Level::Info => Level::Info,
        ::log::Level::Debug => Level::Debug,
        ::log::Level::Trace => Level::Trace,
    }
}

fn theirs(level: Level) -> LevelFilter {
    match level {
        Level::Error => LevelFilter::Error,
        Level::Warn => LevelFilter::Warn,
        Level::Info => LevelFilter::Info,
        Level::Debug => LevelFilter::Debug,
        Level::Trace => LevelFilter::Trace,
    }
}

struct Bridge(Logger);

impl Log for Bridge {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let ctx = Context::any_wants_detail().then(Context::current).flatten();
        self.0.takes(ctx.as_ref(), ours(metadata.level()), metadata.target())
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        guard::write(&self.0, || {
            let ctx = Context::current();
            let mut names = Names::default();
            let _ = record.key_values().visit(&mut names);
            at(ours(record.level()), record.target(), |place, origin| {
                let fields = Values { record, names: &names };
                self.0.submit(
                    ctx.as_ref(),
                    place.descriptor.level,
                    Some(origin),
                    &place.descriptor,
                    &fields,
                );
            });
        });
    }

    fn flush(&self) {
        let _ = self.0.flush(crate::global::FLUSH_TIMEOUT);
    }
}

/// Calls `work` with the place of this level and target.
pub(super) fn at(level: Level, target: &str, work: impl FnOnce(&'static Place, Origin<'_>)) {
    static PLACES: Table<Place> = Table::new();
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let make = |target: &str| {
        let target: &'static str = target.to_owned().leak();
        Place::new(level, target, target)
    };
    let is = |place: &Place| place.target() == target && place.descriptor.level == level;
    if let Some(place) = PLACES.get(hash(target), is, || may_add(&COUNT).then(|| make(target))) {
        return work(place, place.origin());
    }
    // A program that makes up targets as it runs.
    static OTHERS: [OnceLock<Place>; 5] = [const { OnceLock::new() }; 5];
    let number = Level::ALL.iter().position(|other| *other == level).unwrap_or_default();
    let place = OTHERS[number].get_or_init(|| make(""));
    work(place, Origin { name: target, member: &place::member(target) });
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Whether there is room for one more, which is then counted.
fn may_add(count: &AtomicUsize) -> bool {
    count.load(Ordering::Relaxed) < MOST && count.fetch_add(1, Ordering::Relaxed) < MOST
}

/// A name that keys of records had.
struct Known {
    theirs: Box<str>,
    field: Field,
}

fn known(key: &str) -> Option<&'static Field> {
    static KEYS: Table<Known> = Table::new();
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let make = || Known { theirs: key.into(), field: place::field(key) };
    let found = KEYS.get(hash(key), |known| *known.theirs == *key, || may_add(&COUNT).then(make));
    found.map(|known| &known.field)
}

/// The fields of a record's key-values, in their order.
#[derive(Default)]
struct Names(Vec<Option<&'static Field>>);

impl<'kvs> VisitSource<'kvs> for Names {
    fn visit_pair(&mut self, key: kv::Key<'kvs>, _: kv::Value<'kvs>) -> Result<(), kv::Error> {
        self.0.push(known(key.as_str()));
        Ok(())
    }
}

impl Names {
    /// The field of the key-value at this place, if it is the last of its name.
    fn last(&self, at: usize) -> Option<&'static Field> {
        let field = (*self.0.get(at)?)?;
        let later = self.0.iter().skip(at + 1).flatten();
        later.into_iter().all(|later| later.name != field.name).then_some(field)
    }
}

struct Values<'a, 'r> {
    record: &'a Record<'r>,
    names: &'a Names,
}

impl Fields for Values<'_, '_> {
    fn visit<V: Visitor>(&self, visitor: &mut V) {
        if self.names.0.is_empty() {
            return;
        }
        guard::asking(|| {
            let rest = Rest(self);
            let mut pairs = Pairs { at: 0, names: self.names, visitor: &mut *visitor };
            let _ = self.record.key_values().visit(&mut pairs);
            if self.names.0.iter().any(Option::is_none) {
                static REST: OnceLock<Field> = OnceLock::new();
                visitor.field(
                    REST.get_or_init(|| place::named("log.kv".to_owned())),
                    &AsDisplay(&rest),
                );
            }
        });
    }

    fn visit_message<V: MessageVisitor>(&self, visitor: &mut V) {
        guard::asking(|| visitor.value(&MESSAGE, self.record.args()));
    }
}

static MESSAGE: Field = Field::new("message", "", throughline_schema::Class::Public, "");

struct Pairs<'a, V> {
    at: usize,
    names: &'a Names,
    visitor: &'a mut V,
}

impl<'kvs, V: Visitor> VisitSource<'kvs> for Pairs<'_, V> {
    fn visit_pair(&mut self, _: kv::Key<'kvs>, value: kv::Value<'kvs>) -> Result<(), kv::Error> {
        let field = self.names.last(self.at);
        self.at += 1;
        field.map_or(Ok(()), |field| value.visit(Typed { field, visitor: self.visitor }))
    }
}

struct Typed<'a, V> {
    field: &'static Field,
    visitor: &'a mut V,
}

macro_rules! typed {
    ($($method:ident: $type:ty),*) => {$(
        fn $method(&mut self, value: $type) -> Result<(), kv::Error> {
            self.visitor.field(self.field, &value);
            Ok(())
        }
    )*};
}

impl<'v, V: Visitor> VisitValue<'v> for Typed<'_, V> {
    typed!(
        visit_bool: bool, visit_u64: u64, visit_i64: i64, visit_u128: u128, visit_i128: i128, visit_f64: f64,
        visit_char: char, visit_str: &str
    );

    fn visit_any(&mut self, value: kv::Value<'_>) -> Result<(), kv::Error> {
        self.visitor.field(self.field, &AsDisplay(&value));
        Ok(())
    }

    fn visit_null(&mut self) -> Result<(), kv::Error> {
        Ok(())
    }
}

/// The key-values whose names are too many: `name=value name=value`.
struct Rest<'a, 'b, 'r>(&'a Values<'b, 'r>);

impl fmt::Display for Rest<'_, '_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = List { at: 0, names: self.0.names, f, is_first: true };
        self.0.record.key_values().visit(&mut list).map_err(|_| fmt::Error)
    }
}

struct List<'a, 'f> {
    at: usize,
    names: &'a Names,
    f: &'a mut fmt::Formatter<'f>,
    is_first: bool,
}

impl<'kvs> VisitSource<'kvs> for List<'_, '_> {
    fn visit_pair(&mut self, key: kv::Key<'kvs>, value: kv::Value<'kvs>) -> Result<(), kv::Error> {
        let is_known = self.names.0.get(self.at).is_some_and(Option::is_some);
        self.at += 1;
        if is_known {
            return Ok(());
        }
        let space = if std::mem::take(&mut self.is_first) { "" } else { " " };
        write!(self.f, "{space}{key}={value}").map_err(kv::Error::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::capture;

    #[test]
    fn names_and_targets_that_are_made_up_without_end_are_written_and_not_kept() {
        let (log, captured) = capture();
        let bridge = Bridge(log);
        for number in 0..3000 {
            let (key, target) = (format!("key_{number}"), format!("target {number}"));
            let pairs = [(&*key, number), ("known", number)];
            let record = Record::builder()
                .args(format_args!("m"))
                .level(::log::Level::Info)
                .target(&target)
                .key_values(&pairs)
                .build();
            bridge.log(&record);
        }
        let lines = captured.events();
        assert_eq!(lines.len(), 3000);
        assert_eq!(lines[0]["key_0"], 0);
        for (number, line) in lines.iter().enumerate() {
            assert_eq!(line["known"], number as u64);
            assert_eq!(line["target"], &*format!("target {number}"));
            let own = line.get(&format!("key_{number}")).is_some();
            assert!(own || line["log.kv"] == *format!("key_{number}={number}"), "{}", line.line());
        }
        assert!(lines[2999].get("log.kv").is_some());
    }
}
