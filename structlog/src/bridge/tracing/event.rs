use std::error::Error;
use std::fmt;
use std::ptr;

use ::tracing_core::field::{Field as Theirs, Visit};
use ::tracing_core::{Event, Metadata};
use throughline_schema::{
    AsDebug, AsDisplay, Class, Field, Fields, MessageVisitor, Value, Visitor,
};

use super::level;
use crate::bridge::guard;
use crate::bridge::place::{self, Place};
use crate::bridge::table::Table;

/// A place where an event of `tracing` is written.
pub(super) struct Site {
    metadata: &'static Metadata<'static>,
    pub(super) place: Place,
    /// By the index that `tracing` gives a field. Without one, what it says stands elsewhere in the line.
    slots: Box<[Option<Slot>]>,
    /// Whether it stands for all records of `log` of a level: where a record comes from is then told by its fields.
    pub(super) is_of_log: bool,
    /// Whether two fields come to one name.
    has_twins: bool,
}

/// What becomes of a field.
struct Slot {
    field: Field,
    /// For the causes of an error, unless there is a field of that name.
    causes: Option<Field>,
    /// The next field that comes to the same name.
    twin: Option<usize>,
}

impl Site {
    /// What is known of this place.
    pub(super) fn of(metadata: &'static Metadata<'static>) -> &'static Site {
        static SITES: Table<Site> = Table::new();
        // Each place has metadata of its own, which live as long as the program.
        let hash = ptr::from_ref(metadata).addr() as u64;
        let is = |site: &Site| ptr::eq(site.metadata, metadata);
        let site = SITES.get(hash, is, || Some(Site::new(metadata)));
        site.unwrap_or_else(|| unreachable!("it is made where it is not found"))
    }

    fn new(metadata: &'static Metadata<'static>) -> Site {
        let is_of_log = metadata.fields().field("log.target").is_some();
        let slot = |field: Theirs| match field.name() {
            "message" => None,
            name if is_of_log && name.starts_with("log.") => None,
            name => Some(Slot { field: place::field(name), causes: None, twin: None }),
        };
        let mut slots: Box<[_]> = metadata.fields().iter().map(slot).collect();
        let name = |slot: &Option<Slot>| slot.as_ref().map(|slot| slot.field.name);
        let names: Vec<Option<&'static str>> = slots.iter().map(name).collect();
        let mut has_twins = false;
        for (at, slot) in slots.iter_mut().enumerate() {
            let Some(Slot { field, causes, twin }) = slot else { continue };
            *twin = (at + 1..names.len()).find(|&later| names[later] == Some(field.name));
            has_twins |= twin.is_some();
            let name = format!("{}.causes", field.name);
            let is_free = name.len() <= 128 && !names.contains(&Some(&name));
            *causes = is_free.then(|| place::named(name));
        }
        let place = Place::new(level(metadata), metadata.target(), metadata.name());
        Site { metadata, place, slots, is_of_log, has_twins }
    }
}

/// The fields of an event.
pub(super) struct Values<'a> {
    pub(super) event: &'a Event<'a>,
    pub(super) site: &'static Site,
}

impl Fields for Values<'_> {
    #[inline]
    fn visit<V: Visitor>(&self, visitor: &mut V) {
        guard::asking(|| {
            let mut there = There::default();
            if self.site.has_twins {
                self.event.record(&mut there);
            }
            self.event.record(&mut Typed { slots: &self.site.slots, there, visitor });
        });
    }

    #[inline]
    fn visit_message<V: MessageVisitor>(&self, visitor: &mut V) {
        guard::asking(|| self.event.record(&mut Message(visitor)));
    }
}

/// Hands the values of an event on, each with its type.
struct Typed<'a, V> {
    slots: &'static [Option<Slot>],
    there: There,
    visitor: &'a mut V,
}

impl<V: Visitor> Typed<'_, V> {
    #[inline]
    fn put<T: Value + ?Sized>(&mut self, theirs: &Theirs, value: &T) {
        if let Some((field, _)) = self.field(theirs) {
            self.visitor.field(field, value);
        }
    }

    /// The field and the one for its causes, unless a later one takes the place of it.
    #[inline]
    fn field(&self, theirs: &Theirs) -> Option<(&'static Field, Option<&'static Field>)> {
        let Slot { field, causes, twin } = self.slots.get(theirs.index())?.as_ref()?;
        let mut twin = *twin;
        while let Some(at) = twin {
            if self.there.has(at) {
                return None;
            }
            twin = self.slots.get(at).and_then(Option::as_ref).and_then(|slot| slot.twin);
        }
        Some((field, causes.as_ref()))
    }
}

macro_rules! typed {
    ($($method:ident: $type:ty),*) => {$(
        #[inline]
        fn $method(&mut self, field: &Theirs, value: $type) {
            self.put(field, &value);
        }
    )*};
}

impl<V: Visitor> Visit for Typed<'_, V> {
    typed!(
        record_f64: f64, record_i64: i64, record_u64: u64, record_i128: i128, record_u128: u128, record_bool: bool,
        record_str: &str
    );

    fn record_bytes(&mut self, field: &Theirs, value: &[u8]) {
        self.put(field, &AsDisplay(&Hex(value)));
    }

    fn record_error(&mut self, field: &Theirs, value: &(dyn Error + 'static)) {
        match self.field(field) {
            Some((field, Some(causes))) => self.visitor.error(field, causes, value),
            Some((field, None)) => self.visitor.field(field, &AsDisplay(value)),
            None => {}
        }
    }

    fn record_debug(&mut self, field: &Theirs, value: &dyn fmt::Debug) {
        self.put(field, &AsDebug(value));
    }
}

/// Which fields an event has, of the first 128.
#[derive(Default)]
struct There(u128);

impl There {
    fn has(&self, at: usize) -> bool {
        u32::try_from(at)
            .ok()
            .and_then(|at| 1_u128.checked_shl(at))
            .is_none_or(|bit| self.0 & bit > 0)
    }
}

impl Visit for There {
    fn record_debug(&mut self, field: &Theirs, _: &dyn fmt::Debug) {
        let bit = u32::try_from(field.index()).ok().and_then(|at| 1_u128.checked_shl(at));
        self.0 |= bit.unwrap_or_default();
    }
}

static MESSAGE: Field = Field::new("message", "", Class::Public, "");

/// Hands on the message, and nothing else.
struct Message<'a, V>(&'a mut V);

impl<V: MessageVisitor> Visit for Message<'_, V> {
    fn record_debug(&mut self, field: &Theirs, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0.value(&MESSAGE, &AsDebug(value));
        }
    }

    fn record_str(&mut self, field: &Theirs, value: &str) {
        if field.name() == "message" {
            self.0.value(&MESSAGE, value);
        }
    }
}

/// Finds out where a record of `log` comes from, which is told by a field.
#[derive(Default)]
pub(super) struct Target(pub(super) Option<String>);

impl Visit for Target {
    fn record_debug(&mut self, _: &Theirs, _: &dyn fmt::Debug) {}

    fn record_str(&mut self, field: &Theirs, value: &str) {
        if field.name() == "log.target" {
            self.0 = Some(value.to_owned());
        }
    }
}

/// Bytes as lower-case hex digits.
pub(super) struct Hex<'a>(pub(super) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
