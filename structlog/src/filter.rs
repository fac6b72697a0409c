use std::fmt;
use std::str::FromStr;

use throughline_schema::Level;

use crate::Threshold;
use crate::prefixes::{Prefixes, unmarked};

/// Which events are written, by their level and their name.
///
/// A rule is for the events whose name begins with its prefix; an event without a type goes by its target, the module in which it stands. The longest prefix decides, and where no rule is
/// for an event, the default does. Raw identifiers go by either spelling: `app::r#async` is `app::async`.
///
/// As text, which [`THROUGHLINE_LOG`](crate#the-global-logger) has, too, rules are `PREFIX=LEVEL`, the default is a level alone, and commas stand between them:
///
/// ```
/// use throughline_schema::Level;
/// use throughline_structlog::{Filter, Threshold};
///
/// let filter: Filter = "info,user.login=debug,h2=off".parse()?;
/// let same = Filter::new(Level::Info).with("user.login", Level::Debug).with("h2", Threshold::OFF);
/// assert_eq!(filter, same);
///
/// assert!(filter.allows(Level::Debug, "user.login_failed"));
/// assert!(!filter.allows(Level::Error, "h2::codec"));
/// # Ok::<(), throughline_structlog::InvalidFilter>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    default: Threshold,
    rules: Prefixes<Threshold>,
}

impl Filter {
    /// Writes events from this level up, whatever their name.
    pub fn new(default: impl Into<Threshold>) -> Filter {
        Filter { default: default.into(), rules: Prefixes::new() }
    }

    /// Another threshold for the events whose name, or target, begins with `prefix`. A prefix that has one gets this one instead. An empty prefix is the default.
    #[must_use]
    pub fn with(mut self, prefix: impl Into<String>, threshold: impl Into<Threshold>) -> Filter {
        let (prefix, threshold) = (prefix.into(), threshold.into());
        if prefix.is_empty() {
            self.default = threshold;
            return self;
        }
        self.rules.set(&prefix, threshold);
        self
    }

    /// Whether an event of this level is written, which has this name, or, if it has no type, this target.
    pub fn allows(&self, level: Level, name: &str) -> bool {
        self.threshold(name).allows(level)
    }

    /// What decides on events of this name.
    pub(crate) fn threshold(&self, name: &str) -> Threshold {
        self.rules.of(name).unwrap_or(self.default)
    }

    /// The least important level that some event may have and be written.
    pub(crate) fn most_verbose(&self) -> Threshold {
        let thresholds = self.rules.iter().map(|(_, threshold)| threshold);
        thresholds.fold(self.default, Threshold::or)
    }

    /// Whether the level alone decides.
    pub(crate) fn is_plain(&self) -> bool {
        self.rules.is_empty()
    }
}

impl Default for Filter {
    /// Events from `info` up.
    fn default() -> Filter {
        Filter::new(Level::Info)
    }
}

impl From<Threshold> for Filter {
    fn from(threshold: Threshold) -> Filter {
        Filter::new(threshold)
    }
}

impl From<Level> for Filter {
    fn from(level: Level) -> Filter {
        Filter::new(level)
    }
}

impl FromStr for Filter {
    type Err = InvalidFilter;

    /// Reads rules and a default, with commas between them. Where there is no default it is `info`; where there are two, or two rules for one prefix, the last counts.
    fn from_str(text: &str) -> Result<Filter, InvalidFilter> {
        let mut filter = Filter::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let threshold = |text: &str| {
                text.parse::<Threshold>().map_err(|_| InvalidFilter { part: part.to_owned() })
            };
            match part.split_once('=') {
                None => filter.default = threshold(part)?,
                Some((prefix, level)) if is_prefix(prefix.trim()) => {
                    filter = filter.with(prefix.trim(), threshold(level)?);
                }
                Some(_) => return Err(InvalidFilter { part: part.to_owned() }),
            }
        }
        Ok(filter)
    }
}

/// Whether something can begin with it: the name of an event, or the path of a module.
fn is_prefix(text: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | ':' | '-');
    let text = unmarked(text);
    !text.is_empty() && text.chars().all(fits)
}

impl fmt::Display for Filter {
    /// As text that reads back as the same filter.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.default)?;
        self.rules.iter().try_for_each(|(prefix, threshold)| write!(f, ",{prefix}={threshold}"))
    }
}

/// A text is no [`Filter`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidFilter {
    /// What is wrong in it.
    part: String,
}

impl fmt::Display for InvalidFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is neither a level nor PREFIX=LEVEL; levels are trace, debug, info, warn, error, off, as in \"info,user.login=debug,h2=off\"",
            self.part
        )
    }
}

impl std::error::Error for InvalidFilter {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_longest_prefix_decides() {
        let filter: Filter =
            "user=warn, user.login = trace,off,user.login.mfa=error".parse().unwrap();
        let written = |level, name| filter.allows(level, name);
        assert!(!written(Level::Error, "order.placed"));
        assert!(written(Level::Warn, "user.created") && !written(Level::Info, "user.created"));
        assert!(written(Level::Trace, "user.login") && written(Level::Trace, "user.login_failed"));
        assert!(!written(Level::Warn, "user.login.mfa.sent"));
        assert_eq!(filter.most_verbose(), Level::Trace.into());
    }

    #[test]
    fn the_last_of_two_counts_and_nothing_means_info() {
        let filter: Filter = "debug,h2=off,,h2=warn,error,".parse().unwrap();
        assert_eq!(filter, Filter::new(Level::Error).with("h2", Level::Warn));
        assert_eq!("".parse(), Ok(Filter::new(Level::Info)));
        assert_eq!("h2=off".parse(), Ok(Filter::new(Level::Info).with("h2", Threshold::OFF)));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for wrong in [
            "verbose",
            "h2=loud",
            "=debug",
            "a b=debug",
            "h2=debug=info",
            "[span]=debug",
            "r#=debug",
            "a#b=debug",
        ] {
            let error = format!("info,{wrong}").parse::<Filter>().unwrap_err();
            assert!(error.to_string().starts_with(&format!("{wrong:?} is neither")), "{error}");
        }
    }

    proptest! {
        #[test]
        fn a_filter_reads_back_from_its_text(
            default in 0..6_u8, rules in proptest::collection::vec(("(r#)?[a-z.:]{1,6}", 0..6_u8), 0..6)
        ) {
            let mut filter = Filter::new(Threshold::from_bits(default));
            for (prefix, threshold) in rules {
                filter = filter.with(prefix, Threshold::from_bits(threshold));
            }
            prop_assert_eq!(filter.to_string().parse(), Ok(filter));
        }
    }
}
