use throughline_ctx::Context;

use crate::prefixes::Prefixes;

/// The randomness of a trace has 56 bits.
const RANDOM_BITS: u32 = 56;

/// Which part of the events is written, where all of them would be too many.
///
/// Whether an event is kept is decided by the trace that it belongs to: by the random bits of its trace id (W3C Trace Context, level 2), or by the randomness that its `tracestate`
/// states (`ot=rv:…`), against a threshold, as in OpenTelemetry's consistent probability sampling. So all services agree without talking, and what is kept of one part in a hundred is
/// also kept of one part in ten. Kept events say how many they stand for, as their `weight`, so that counts can be put right.
///
/// Where a request [holds back](throughline_ctx::Hold) its detail, what is left out is held as well, and is written if the request goes wrong, with the weight 1.
///
/// Only events up to `info` that belong to a context are sampled. An event of kind span whose outcome is not `ok` is always written, and what a request
/// [asks for](throughline_ctx::Verbosity) is, too.
///
/// ```
/// use throughline_structlog::{Logger, Sampling};
///
/// let log = Logger::disabled();
/// log.set_sampling(Sampling::none().one_in(10, "server.request").one_in(100, "cache."));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sampling {
    rules: Prefixes<u32>,
}

impl Sampling {
    /// Keeps every event.
    pub const fn none() -> Sampling {
        Sampling { rules: Prefixes::new() }
    }

    /// Keeps the events of one in `n` traces, of those whose name begins with `prefix`; an event without a type goes by its target. The longest prefix decides, and `""` is for all. With 0
    /// or 1 every event is kept.
    #[must_use]
    pub fn one_in(mut self, n: u32, prefix: impl Into<String>) -> Sampling {
        self.rules.set(&prefix.into(), n.max(1));
        self
    }

    pub(crate) fn is_none(&self) -> bool {
        self.rules.is_empty()
    }

    /// Of how many traces one is kept, for the events of this name.
    pub(crate) fn of(&self, name: &str) -> u32 {
        self.rules.of(name).unwrap_or(1)
    }
}

/// Whether this is one of the traces that are kept, if one in `n` is.
pub(crate) fn keeps(n: u32, ctx: &Context) -> bool {
    let kept = (1 << RANDOM_BITS) / u64::from(n.max(1));
    randomness(ctx) >= (1 << RANDOM_BITS) - kept
}

/// The randomness of a trace: what its `tracestate` states, or the last 56 bits of its id.
fn randomness(ctx: &Context) -> u64 {
    let stated = ctx.trace_state().and_then(|state| stated(state.as_str()));
    stated.unwrap_or_else(|| {
        let [_, _, _, _, _, _, _, _, low @ ..] = ctx.trace_id().to_bytes();
        u64::from_be_bytes(low) & ((1 << RANDOM_BITS) - 1)
    })
}

/// The value `rv` of OpenTelemetry's member: 14 lower-case hex digits.
fn stated(trace_state: &str) -> Option<u64> {
    let mut members = trace_state.split(',').map(str::trim);
    let ours = members.find_map(|member| member.strip_prefix("ot="))?;
    let digits = ours.split(';').find_map(|value| value.strip_prefix("rv:"))?;
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let valid = digits.len() == 14 && digits.bytes().all(is_digit);
    valid.then(|| u64::from_str_radix(digits, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(trace_id: &str, trace_state: &str) -> Context {
        let parent = format!("00-{trace_id}-00f067aa0ba902b7-03");
        let headers = std::collections::HashMap::from([
            ("traceparent".to_owned(), parent),
            ("tracestate".to_owned(), trace_state.to_owned()),
        ]);
        Context::extract(&headers)
    }

    /// The thresholds of OpenTelemetry's specification (TraceState: Probability Sampling): `th:8` for 1 in 2, `th:c` for 1 in 4, `th:aaaaaaaaaaaaab` for 1 in 3.
    #[test]
    fn the_thresholds_are_those_of_opentelemetry() {
        let thresholds = [
            (2, "80000000000000"),
            (3, "aaaaaaaaaaaaab"),
            (4, "c0000000000000"),
            (1, "00000000000000"),
        ];
        for (n, threshold) in thresholds {
            let at =
                context(&format!("4bf92f3577b34da6ff{}", threshold), "").trace_id().to_string();
            assert!(at.ends_with(threshold));
            let ctx = |low: u64| context(&format!("4bf92f3577b34da6ff{low:014x}"), "");
            let threshold = u64::from_str_radix(threshold, 16).unwrap();
            assert!(keeps(n, &ctx(threshold)), "1 in {n}");
            assert!(threshold == 0 || !keeps(n, &ctx(threshold - 1)), "1 in {n}");
        }
    }

    #[test]
    fn randomness_that_is_stated_counts_and_malformed_does_not() {
        let low = "4bf92f3577b34da6a300000000000000";
        assert!(!keeps(2, &context(low, "")));
        assert!(keeps(2, &context(low, "a=b,ot=th:c;rv:ffffffffffffff")));
        for malformed in
            ["ot=rv:fffffffffffff", "ot=rv:FFFFFFFFFFFFFF", "ot=th:c", "x=rv:ffffffffffffff"]
        {
            assert!(!keeps(2, &context(low, malformed)), "{malformed}");
        }
    }

    #[test]
    fn about_one_in_n_is_kept_and_those_kept_of_fewer_are_among_those_of_more() {
        let traces: Vec<_> = (0..20_000).map(|_| Context::root()).collect();
        let kept = |n| traces.iter().filter(|ctx| keeps(n, ctx)).count();
        for n in [2, 10, 100] {
            let (expected, spread) =
                (20_000.0 / f64::from(n), 6.0 * (20_000.0 / f64::from(n)).sqrt());
            assert!((kept(n) as f64 - expected).abs() < spread, "1 in {n}: {}", kept(n));
        }
        assert!(traces.iter().all(|ctx| !keeps(100, ctx) || keeps(10, ctx)));
        assert!(traces.iter().all(|ctx| keeps(1, ctx)));
    }
}
