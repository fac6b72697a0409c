use super::{Level, Record};

/// Which events to show. The default shows all.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    /// Names of events, or the first parts of names; any of them will do.
    pub(crate) events: Vec<String>,
    pub(crate) level: Option<Level>,
    pub(crate) service: Option<String>,
    pub(crate) request: Option<String>,
    /// All of them have to hold.
    pub(crate) conditions: Vec<Condition>,
}

/// What a field, or an entry of the context, has to be.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    name: String,
    value: String,
}

impl Condition {
    /// The condition that `name=value` states.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => {
                Ok(Self { name: name.into(), value: value.into() })
            }
            _ => Err("write it as FIELD=VALUE".into()),
        }
    }

    fn holds(&self, record: &Record) -> bool {
        let value = match (self.name.as_str(), &record.span) {
            ("outcome", Some(span)) => Some(span.outcome.as_str()),
            ("message", _) => Some(record.message.as_str()),
            (name, _) => record.find(name.strip_prefix("context.").unwrap_or(name)),
        };
        value == Some(&self.value)
    }
}

impl Filter {
    /// Whether it leaves anything out.
    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
            && self.level.is_none()
            && self.service.is_none()
            && self.request.is_none()
            && self.conditions.is_empty()
    }

    pub(crate) fn matches(&self, record: &Record) -> bool {
        let named = |name: &String| match record.event.strip_prefix(name.as_str()) {
            Some(rest) => rest.is_empty() || rest.starts_with('.'),
            None => false,
        };
        (self.events.is_empty() || self.events.iter().any(named))
            && self.level.is_none_or(|least| record.level().is_some_and(|level| level >= least))
            && self.service.as_ref().is_none_or(|s| *s == record.service)
            && self.request.as_deref().is_none_or(|id| record.request_id() == Some(id))
            && self.conditions.iter().all(|c| c.holds(record))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(filter: Filter) -> bool {
        let line = r#"{"timestamp":"t","level":"WARN","event":"user.login_failed","service":{"name":"accounts"},"context":{"id":"r1","user":"tyler"},"attempts":3}"#;
        filter.matches(&Record::parse(line).unwrap())
    }

    #[test]
    fn a_name_matches_in_whole_parts() {
        let by = |name: &str| {
            matches(Filter { events: vec!["other".into(), name.into()], ..Filter::default() })
        };
        assert!(by("user") && by("user.login_failed"));
        assert!(!by("use") && !by("user.login") && !by("login_failed"));
    }

    #[test]
    fn a_level_is_the_least_shown() {
        let by = |level| matches(Filter { level: Some(level), ..Filter::default() });
        assert!(by(Level::Info) && by(Level::Warn) && !by(Level::Error));
    }

    #[test]
    fn conditions_look_at_fields_and_context() {
        let by = |conditions: &[&str]| {
            let conditions = conditions.iter().map(|c| Condition::parse(c).unwrap());
            matches(Filter { conditions: conditions.collect(), ..Filter::default() })
        };
        assert!(by(&["attempts=3", "user=tyler", "context.id=r1"]));
        assert!(!by(&["attempts=3", "user=other"]));
        assert!(!by(&["missing="]));
        assert!(Condition::parse("=x").is_err() && Condition::parse("x").is_err());
    }
}
