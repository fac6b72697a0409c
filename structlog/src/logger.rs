use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant, UNIX_EPOCH};

use throughline_ctx::{Context, Hold, HoldWriter};
use throughline_schema::{Descriptor, Event, Fields, Kind, Level};

use crate::control::{Control, Rules, Standing};
use crate::encode::{AnyFields, Encoder, Entry, Scratch};
use crate::notices::{DetailDropped, Suppressed};
use crate::packed::{self, Packed};
use crate::rate::Sites;
use crate::{
    Builder, Filter, FlushError, Line, Lost, NullSink, Sampling, Service, Sink, Stats, Threshold,
    Withheld,
};

/// Writes events. A handle: a clone writes to the same sinks, and dropping the last one flushes them.
#[derive(Clone)]
pub struct Logger(Arc<Core>);

// Whatever panics while it writes, the sinks among it, leaves no half of anything behind: what a line is written to is dropped, and counters are counters.
impl UnwindSafe for Logger {}
impl RefUnwindSafe for Logger {}

struct Core {
    control: Control,
    first: Written,
    others: Box<[Written]>,
    /// Whether events go to the subscriber of `tracing`.
    #[cfg(feature = "to-tracing")]
    forwards: bool,
}

/// An [`Output`] at work.
pub(crate) struct Written {
    pub(crate) encoder: Encoder,
    pub(crate) threshold: Threshold,
    pub(crate) sink: Box<dyn Sink>,
}

impl Logger {
    /// Begins a logger for a service.
    pub fn builder(service: impl Into<Service>) -> Builder {
        Builder::new(service.into())
    }

    pub(crate) fn new(
        rules: Rules,
        first: Written,
        others: Box<[Written]>,
        forwards: bool,
    ) -> Logger {
        let control = Control::new(rules, forwards || !others.is_empty());
        Logger(Arc::new(Core {
            control,
            first,
            others,
            #[cfg(feature = "to-tracing")]
            forwards,
        }))
    }

    /// A logger that writes nothing.
    pub fn disabled() -> Logger {
        Logger::builder("").filter(Threshold::OFF).sink(NullSink).build()
    }

    /// Writes an event, at the level that its type states.
    ///
    /// `ctx` is the [`Context`] of the request to which it belongs, or `None` for an event that belongs to none, such as a start.
    ///
    /// It does not fail, and blocks no longer than its sink: the [socket](crate::SocketSink) never does, and [standard output](crate::StreamSink) does while nobody reads it. What could not be
    /// delivered is [counted](Logger::lost).
    ///
    /// A value may be asked for its text more than once: by a message with placeholders, by several outputs, and for a line that turns out to be very long. A `Display` that panics is
    /// written as `"[unprintable]"`.
    ///
    /// # Panics
    ///
    /// If an implementation of [`Value`](throughline_schema::Value) of your own panics, or a function that makes one.
    #[inline]
    pub fn emit<'a, E: Event>(&self, ctx: impl Into<Option<&'a Context>>, event: &E) {
        self.emit_at(E::DESCRIPTOR.level, ctx, event);
    }

    /// Writes an event at another level: for an event whose weight depends on how it went.
    #[inline]
    pub fn emit_at<'a, E: Event>(
        &self,
        level: Level,
        ctx: impl Into<Option<&'a Context>>,
        event: &E,
    ) {
        self.submit(ctx.into(), level, None, E::DESCRIPTOR, event);
    }

    /// Whether there are events of this level that are written. Which, the [filter](Logger::filter) may decide by their names.
    #[inline]
    pub fn enabled(&self, level: Level) -> bool {
        #[cfg(feature = "to-tracing")]
        if self.0.forwards && self.0.others.is_empty() && !crate::bridge::forward::wants(level) {
            return false;
        }
        self.0.control.gate().allows(level)
    }

    /// Which events are written.
    pub fn filter(&self) -> Filter {
        self.0.control.filter()
    }

    /// Changes which events are written: at once, for all handles of this logger and for every place in the code.
    ///
    /// ```
    /// use throughline_schema::Level;
    /// use throughline_structlog::{Filter, Logger};
    ///
    /// let log = Logger::builder("accounts").build();
    /// log.set_filter("warn,user.login=debug".parse::<Filter>()?);
    /// log.set_filter(Level::Debug);
    /// # Ok::<(), throughline_structlog::InvalidFilter>(())
    /// ```
    pub fn set_filter(&self, filter: impl Into<Filter>) {
        let filter = filter.into();
        self.0.control.change(|rules| rules.filter = filter);
        #[cfg(feature = "log")]
        crate::bridge::filter_changed();
    }

    /// Changes which part of the events is written: at once, for all handles of this logger.
    pub fn set_sampling(&self, sampling: Sampling) {
        self.0.control.change(|rules| rules.sampling = sampling);
    }

    /// Changes how many events a place in the code may write in a second: at once, for all handles of this logger. 0 is no limit.
    ///
    /// A place is a call of a macro, or a type of events. What is over the limit is not written but counted, and when it is over, a `throughline.suppressed` event
    /// says how many there were. Up to 1024 places are limited.
    pub fn set_rate_limit(&self, events_per_second: u32) {
        if events_per_second == 0 {
            self.0.tell_suppressed(None);
        }
        self.0.control.change(|rules| rules.limit = events_per_second);
    }

    /// Waits until all that was emitted before is delivered, but no longer than `timeout`. What delivered means is for each sink to say.
    ///
    /// # Errors
    ///
    /// If something is not delivered by then, or never will be.
    pub fn flush(&self, timeout: Duration) -> Result<(), FlushError> {
        self.0.flush(timeout)
    }

    /// How many events were lost since the logger was made. One that several sinks lost counts for each.
    pub fn lost(&self) -> Lost {
        self.0.outputs().fold(Lost::default(), |sum, output| sum.plus(&output.sink.lost()))
    }

    /// What its sinks did since the logger was made, together: for metrics.
    pub fn stats(&self) -> Stats {
        self.0.outputs().fold(Stats::default(), |sum, output| sum.plus(&output.sink.stats()))
    }

    /// A handle that does not keep the logger: it is flushed when the others are dropped.
    pub(crate) fn downgrade(&self) -> WeakLogger {
        WeakLogger(Arc::downgrade(&self.0))
    }

    /// How many events were not written because the logger was told not to, since it was made.
    pub fn withheld(&self) -> Withheld {
        self.0.control.withheld.get()
    }

    /// Whether an event that comes through `tracing` now is one that this logger handed to it.
    #[cfg(feature = "tracing")]
    pub(crate) fn is_forwarding(&self) -> bool {
        #[cfg(feature = "to-tracing")]
        return crate::bridge::forward::is_from(self.0.number());
        #[cfg(not(feature = "to-tracing"))]
        false
    }

    #[cfg(feature = "log")]
    pub(crate) fn count_reentrant(&self) {
        self.0.control.withheld.add_reentrant();
    }

    /// Whether an event of some name, in some context, could be written.
    #[inline]
    pub(crate) fn may_write(&self, level: Level) -> bool {
        self.enabled(level) || Context::any_wants_detail()
    }

    /// Whether an event could be written, or held back.
    #[inline]
    pub(crate) fn takes(&self, ctx: Option<&Context>, level: Level, name: &str) -> bool {
        let gate = self.0.control.gate();
        if gate.has_rules() || ctx.is_some_and(wants_detail) {
            self.0.control.standing(ctx, level, name) != Standing::Out
        } else {
            gate.passes(level)
        }
    }

    /// Writes an event, if it is to be written.
    #[inline]
    pub(crate) fn submit<F: Fields>(
        &self,
        ctx: Option<&Context>,
        level: Level,
        origin: Option<Origin<'_>>,
        descriptor: &'static Descriptor,
        fields: &F,
    ) {
        let gate = self.0.control.gate();
        if gate.passes(level) && !ctx.is_some_and(wants_detail) {
            let member = origin.map_or("", |origin| origin.member);
            self.0.first.write(&Entry::new(ctx, level, member, descriptor), fields);
        } else if gate.has_rules() || ctx.is_some_and(wants_detail) {
            self.select(ctx, level, origin, descriptor, fields);
        }
    }

    /// As [`submit`](Logger::submit), where the level alone does not decide.
    #[inline(never)]
    fn select(
        &self,
        ctx: Option<&Context>,
        level: Level,
        origin: Option<Origin<'_>>,
        descriptor: &'static Descriptor,
        fields: &dyn AnyFields,
    ) {
        let core = &self.0;
        if !core.control.gate().allows(level) && !ctx.is_some_and(wants_detail) {
            return;
        }
        let Origin { name, member } =
            origin.unwrap_or(Origin { name: descriptor.name, member: "" });
        let hold = ctx.and_then(Context::hold);
        let number = level.severity_number();
        let standing = core.control.standing(ctx, level, name);
        let weight = match standing {
            Standing::Out => return,
            Standing::In => {
                let is_failure = || descriptor.kind == Kind::Span && fields.failed();
                core.control.weight(ctx, level, name, is_failure)
            }
            Standing::Asked => Some(1),
            Standing::Held => None,
        };
        let entry =
            Entry { weight: weight.unwrap_or(1), ..Entry::new(ctx, level, member, descriptor) };
        let release = || {
            if let (Some(ctx), Some(hold)) = (ctx, hold)
                && hold.releases(number)
            {
                ctx.release_hold();
            }
        };
        match (weight, hold) {
            (None, Some(hold)) if hold.wants(number) => {
                core.hold(hold, &entry, fields);
                release();
            }
            (None, _) => core.control.withheld.add_sampled(),
            (Some(_), _) => {
                release();
                if core.admits(&entry) {
                    core.write(&entry, fields, name);
                }
            }
        }
    }
}

/// What an event without a type says of where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Origin<'e> {
    /// By which filters know the event: its target, or the name of its type.
    pub(crate) name: &'e str,
    /// What the line says of it, as JSON: `,"target":"…"`, or nothing.
    pub(crate) member: &'e str,
}

/// Whether a context has something to say on what is written of it.
#[inline]
fn wants_detail(ctx: &Context) -> bool {
    ctx.verbosity().is_some() || ctx.hold().is_some()
}

impl Core {
    fn outputs(&self) -> impl Iterator<Item = &Written> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// Writes an event to all outputs that take its level.
    ///
    /// `name` is the one by which filters know it.
    fn write(&self, entry: &Entry<'_>, fields: &dyn AnyFields, name: &str) {
        #[cfg(feature = "to-tracing")]
        if self.forwards {
            let clearance = &self.first.encoder.clearance;
            crate::bridge::forward::event(self.number(), clearance, entry, fields, name);
        }
        #[cfg(not(feature = "to-tracing"))]
        let _ = name;
        self.each_line(entry, fields, |_, output, scratch, len| {
            output.take(entry, scratch.line(len));
        });
    }

    /// Writes an event of the logger's own.
    fn tell<E: Event>(&self, ctx: Option<&Context>, event: &E) {
        let entry = Entry::new(ctx, E::DESCRIPTOR.level, "", E::DESCRIPTOR);
        self.write(&entry, event, E::DESCRIPTOR.name);
    }

    /// Tells the logger from others.
    #[cfg(feature = "to-tracing")]
    fn number(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// Encodes an event for each output that takes its level, and hands over the place of the output, itself, and the line.
    fn each_line(
        &self,
        entry: &Entry<'_>,
        fields: &dyn AnyFields,
        mut take: impl FnMut(u8, &Written, &mut Scratch, usize),
    ) {
        let mut scratch = Scratch::take();
        let mut last: Option<(u64, usize)> = None;
        for (at, output) in (0..=u8::MAX).zip(self.outputs()) {
            if !output.threshold.allows(entry.level) {
                continue;
            }
            let form = output.encoder.clearance.form();
            let len = match last {
                Some((last, len)) if last == form => len,
                _ => output.encoder.encode_any(&mut scratch, entry, fields),
            };
            take(at, output, &mut scratch, len);
            last = Some((form, len));
        }
        scratch.keep();
    }

    /// Holds an event back, or writes it, if nothing is held any more.
    fn hold(self: &Arc<Core>, hold: &Hold, entry: &Entry<'_>, fields: &dyn AnyFields) {
        let delivery = entry.descriptor.delivery;
        Packed::with(delivery, |packed| {
            self.each_line(entry, fields, |at, _, scratch, len| packed.add(at, scratch.line(len)));
            let number = entry.level.severity_number();
            if !hold.push(number, self, packed.as_bytes()) && self.admits(entry) {
                self.unpack(entry.level, packed.as_bytes());
            }
        });
    }

    /// Writes what was packed.
    fn unpack(&self, level: Level, packed: &[u8]) {
        let (delivery, lines) = packed::read(packed);
        for (at, line) in lines {
            if let Some(output) = self.outputs().nth(at.into()) {
                output.sink.write(Line::new(level, delivery, line));
            }
        }
    }

    /// Whether the place where an event stands may write another one now.
    fn admits(&self, entry: &Entry<'_>) -> bool {
        let Some((limit, sites)) = self.control.limit() else { return true };
        let since_epoch = entry.time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let second = since_epoch.as_secs();
        if sites.is_time_to_sweep(second) {
            self.tell_suppressed(Some(second));
        }
        let admits = sites.admit(entry.descriptor, second, limit, entry.weight);
        if !admits {
            self.control.withheld.add_suppressed();
        }
        admits
    }

    /// Writes how many events were suppressed, at each place where that is over; with `None`, at all.
    fn tell_suppressed(&self, second: Option<u64>) {
        let Some(sites) = self.control.sites.get() else { return };
        let descriptor = Suppressed::DESCRIPTOR;
        if self.control.is_off(descriptor.name) {
            return;
        }
        sites.get(Sites::new).sweep(second, |suppressed, events| {
            let (of, saying) = (suppressed.name, suppressed.message);
            self.tell(None, &Suppressed { events, of, saying });
        });
    }

    fn flush(&self, timeout: Duration) -> Result<(), FlushError> {
        self.tell_suppressed(None);
        let deadline = Instant::now().checked_add(timeout);
        let mut errors = Vec::new();
        for output in self.outputs() {
            let left = deadline
                .map_or(timeout, |deadline| deadline.saturating_duration_since(Instant::now()));
            errors.extend(output.sink.flush(left).err().map(|error| error.to_string()));
        }
        if errors.is_empty() { Ok(()) } else { Err(FlushError::new(errors.join("; "))) }
    }
}

impl HoldWriter for Core {
    fn write(&self, severity: u8, packed: &[u8]) {
        self.unpack(Level::from_severity_number(severity), packed);
    }

    fn vanished(&self, lines: u64) {
        self.control.withheld.add_vanished(lines);
    }

    fn dropped(&self, lines: u64, ctx: Option<&Context>) {
        self.control.withheld.add_dropped(lines);
        self.tell(ctx, &DetailDropped { events: lines });
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.tell_suppressed(None);
    }
}

impl Written {
    #[inline]
    fn write<F: Fields>(&self, entry: &Entry<'_>, fields: &F) {
        let mut scratch = Scratch::take();
        let len = self.encoder.encode(&mut scratch, entry, fields);
        self.take(entry, scratch.line(len));
        scratch.keep();
    }

    #[inline]
    fn take(&self, entry: &Entry<'_>, line: &[u8]) {
        self.sink.write(Line::new(entry.level, entry.descriptor.delivery, line));
    }
}

/// See [`Logger::downgrade`].
pub(crate) struct WeakLogger(Weak<Core>);

impl WeakLogger {
    /// The logger, unless all handles that keep it were dropped.
    pub(crate) fn upgrade(&self) -> Option<Logger> {
        self.0.upgrade().map(Logger)
    }
}

impl fmt::Debug for Logger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logger").field("filter", &self.filter()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
