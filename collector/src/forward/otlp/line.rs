use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{
    attributes::Attributes,
    json::{Members, text},
    value::any,
};
use crate::clock::Moment;

/// What a line says, sorted by what OpenTelemetry has a place for. What is not of the type that such a place needs is in `own`.
#[derive(Debug, Default)]
pub(super) struct Line<'a> {
    /// Nanoseconds since 1970.
    pub(super) time: Option<u64>,
    pub(super) level: Cow<'a, str>,
    pub(super) event: Cow<'a, str>,
    pub(super) message: Option<&'a RawValue>,
    pub(super) kind: Option<&'a RawValue>,
    pub(super) service: Option<&'a RawValue>,
    pub(super) target: Cow<'a, str>,
    pub(super) duration_us: Option<&'a RawValue>,
    pub(super) outcome: Cow<'a, str>,
    pub(super) ids: Option<Ids>,
    pub(super) parent_span_id: Option<&'a RawValue>,
    /// Entries of the context.
    pub(super) entries: Vec<(Cow<'a, str>, &'a RawValue)>,
    pub(super) fields: Vec<(Cow<'a, str>, &'a RawValue)>,
    /// Members without a place, by the keys of their attributes.
    own: Vec<(&'static str, &'a RawValue)>,
}

/// The trace and the span of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ids {
    pub(super) trace: [u8; 16],
    pub(super) span: [u8; 8],
}

impl<'a> Line<'a> {
    /// Reads `line`, if it is a JSON object.
    pub(super) fn parse(line: &'a str) -> Option<Self> {
        let Members(members) = Members::of(line)?;
        let mut this = Self::default();
        for (name, json) in members {
            match &*name {
                "timestamp" => {
                    this.time = text(json).and_then(|text| Moment::parse_unix_nanos(&text));
                    this.keep_unless(this.time.is_some(), "throughline.timestamp", json);
                }
                "level" => this.level = this.text("throughline.level", json),
                "event" => this.event = this.text("throughline.event", json),
                "version" => this.own.push(("throughline.version", json)),
                "kind" => this.kind = Some(json),
                "message" => this.message = Some(json),
                "service" => {
                    let is_object = json.get().starts_with('{');
                    this.service = is_object.then_some(json);
                    this.keep_unless(is_object, "throughline.service", json);
                }
                "context" => this.context(json),
                "weight" => this.own.push(("throughline.weight", json)),
                "target" => this.target = this.text("throughline.target", json),
                "duration_us" => this.duration_us = Some(json),
                "outcome" => {
                    this.outcome = text(json).unwrap_or_default();
                    this.own.push(("throughline.outcome", json));
                }
                "violations" => this.own.push(("throughline.violations", json)),
                _ => this.fields.push((name, json)),
            }
        }
        Some(this)
    }

    fn context(&mut self, json: &'a RawValue) {
        let Some(Members(members)) = Members::of(json.get()) else {
            self.own.push(("throughline.context", json));
            return;
        };
        let (mut trace_id, mut span_id) = (None, None);
        for (name, json) in members {
            match &*name {
                "id" => self.own.push(("throughline.request.id", json)),
                "trace_id" => trace_id = Some(json),
                "span_id" => span_id = Some(json),
                "parent_span_id" => self.parent_span_id = Some(json),
                _ => self.entries.push((name, json)),
            }
        }
        if let (Some(trace), Some(span)) = (trace_id.and_then(id), span_id.and_then(id)) {
            self.ids = Some(Ids { trace, span });
            return;
        }
        self.own.extend(trace_id.map(|json| ("throughline.trace_id", json)));
        self.own.extend(span_id.map(|json| ("throughline.span_id", json)));
    }

    /// The text of `json`, which is kept under `key` if it is none.
    fn text(&mut self, key: &'static str, json: &'a RawValue) -> Cow<'a, str> {
        let text = text(json);
        self.keep_unless(text.is_some(), key, json);
        text.unwrap_or_default()
    }

    fn keep_unless(&mut self, placed: bool, key: &'static str, json: &'a RawValue) {
        if !placed {
            self.own.push((key, json));
        }
    }

    /// What stands in the line of its kind. Every log has none.
    pub(super) fn is_span(&self) -> bool {
        self.kind.and_then(text).is_some_and(|kind| kind == "span")
    }

    /// The text of the field `name`, if it is one.
    pub(super) fn field(&self, name: &str) -> Option<Cow<'a, str>> {
        find(&self.fields, name)
    }

    /// The text of the entry `name` of the context, if it is one.
    pub(super) fn entry(&self, name: &str) -> Option<Cow<'a, str>> {
        find(&self.entries, name)
    }

    /// Attributes with the members that have no place.
    pub(super) fn own_attributes(&self) -> Attributes<'a> {
        let mut attributes = Attributes::default();
        for (key, json) in &self.own {
            attributes.own(key, any(json));
        }
        attributes
    }
}

fn find<'a>(members: &[(Cow<'a, str>, &'a RawValue)], name: &str) -> Option<Cow<'a, str>> {
    let (_, json) = members.iter().find(|(member, _)| member == name)?;
    text(json)
}

/// The bytes of an id: hexadecimal digits, not all of them zero.
pub(super) fn id<const N: usize>(json: &RawValue) -> Option<[u8; N]> {
    let text = text(json)?;
    let digit =
        |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut id = [0; N];
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    if pairs.len() != N {
        return None;
    }
    for (byte, [high, low]) in id.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    (id != [0; N]).then_some(id)
}
