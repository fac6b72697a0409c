use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use arc_swap::ArcSwap;
use throughline_ctx::{Context, Verbosity};
use throughline_schema::Level;

use crate::fork::PerProcess;
use crate::rate::Sites;
use crate::sampling::keeps;
use crate::withheld::Counters;
use crate::{Filter, Sampling, Threshold};

/// What decides which events are written, and can be changed at any time.
pub(crate) struct Control {
    /// What most events need to know of the rules: see [`Gate`].
    gate: AtomicU8,
    rules: ArcSwap<Rules>,
    /// Whether the logger has more than one output, so that no event is as simple as can be.
    is_tee: bool,
    setting: Mutex<()>,
    pub(crate) sites: OnceLock<PerProcess<Sites>>,
    pub(crate) withheld: Counters,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    pub(crate) filter: Filter,
    pub(crate) sampling: Sampling,
    /// How many events a place may write in a second; 0 if as many as it likes.
    pub(crate) limit: u32,
}

/// The rules at a glance: the least important level that any event may have, and whether that is all there is to know.
#[derive(Clone, Copy)]
pub(crate) struct Gate(u8);

impl Gate {
    /// More than any level is.
    const HAS_RULES: u8 = 0x80;

    /// Whether the level is enough to know that an event is written: then there are no rules.
    #[inline]
    pub(crate) fn passes(self, level: Level) -> bool {
        level as u8 >= self.0
    }

    #[inline]
    pub(crate) fn has_rules(self) -> bool {
        self.0 >= Gate::HAS_RULES
    }

    /// Whether some event of this level may be written.
    #[inline]
    pub(crate) fn allows(self, level: Level) -> bool {
        level as u8 >= self.0 & !Gate::HAS_RULES
    }
}

/// Where an event stands by its level, its name and its context.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Standing {
    /// It is written, as far as sampling keeps it.
    In,
    /// It is written, since its request asks for it.
    Asked,
    /// It is held back by its context, or, where that is over, written.
    Held,
    /// It is left out.
    Out,
}

impl Control {
    pub(crate) fn new(rules: Rules, is_tee: bool) -> Control {
        let control = Control {
            gate: AtomicU8::new(0),
            rules: ArcSwap::default(),
            is_tee,
            setting: Mutex::default(),
            sites: OnceLock::new(),
            withheld: Counters::default(),
        };
        control.change(|present| *present = rules);
        control
    }

    #[inline]
    pub(crate) fn gate(&self) -> Gate {
        Gate(self.gate.load(Ordering::Relaxed))
    }

    pub(crate) fn filter(&self) -> Filter {
        self.rules.load().filter.clone()
    }

    /// How many events a place may write in a second, and what counts them, if they are limited.
    pub(crate) fn limit(&self) -> Option<(u32, &Sites)> {
        let limit = self.rules.load().limit;
        let sites = self.sites.get()?.get(Sites::new);
        (limit > 0).then_some((limit, sites))
    }

    /// Whether events of this name are switched off, whoever asks.
    pub(crate) fn is_off(&self, name: &str) -> bool {
        self.rules.load().filter.threshold(name) == Threshold::OFF
    }

    /// Changes the rules, at once.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Rules)) {
        let _one_at_a_time = self.setting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rules = Rules::clone(&self.rules.load());
        change(&mut rules);
        if rules.limit > 0 {
            self.sites.get_or_init(|| PerProcess::new(Sites::new()));
        }
        let simple =
            rules.filter.is_plain() && rules.sampling.is_none() && rules.limit == 0 && !self.is_tee;
        let gate = rules.filter.most_verbose().bits() | if simple { 0 } else { Gate::HAS_RULES };
        self.rules.store(rules.into());
        self.gate.store(gate, Ordering::Relaxed);
    }

    /// Where an event stands, known to filters by `name`.
    pub(crate) fn standing(&self, ctx: Option<&Context>, level: Level, name: &str) -> Standing {
        let threshold = self.rules.load().filter.threshold(name);
        if threshold == Threshold::OFF {
            return Standing::Out; // whoever asks
        }
        if ctx.and_then(Context::verbosity).is_some_and(|verbosity| level >= least(verbosity)) {
            return Standing::Asked;
        }
        if threshold.allows(level) {
            return Standing::In;
        }
        match ctx.and_then(Context::hold) {
            Some(hold) if hold.wants(level.severity_number()) => Standing::Held,
            _ => Standing::Out,
        }
    }

    /// For how many events this one stands, or `None` if it is left to another one to stand for it. `is_failure` says whether it reports a unit of work that failed.
    pub(crate) fn weight(
        &self,
        ctx: Option<&Context>,
        level: Level,
        name: &str,
        is_failure: impl FnOnce() -> bool,
    ) -> Option<u32> {
        let Some(ctx) = ctx.filter(|_| level < Level::Warn) else { return Some(1) };
        let n = self.rules.load().sampling.of(name);
        if n == 1 || is_failure() {
            return Some(1);
        }
        keeps(n, ctx).then_some(n)
    }
}

/// The least important level that a request asks for.
fn least(verbosity: Verbosity) -> Level {
    match verbosity {
        Verbosity::Trace => Level::Trace,
        Verbosity::Debug => Level::Debug,
        _ => Level::Info,
    }
}
