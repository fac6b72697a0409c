//! An event as JSON. Nothing here knows where the line goes.

mod any;
mod context;
mod fields;
mod hash;
mod limited;
mod message;
mod room;
mod scan;
mod scratch;
mod string;
mod time;
mod value;

use std::fmt::Display;
use std::time::SystemTime;

use throughline_ctx::Context;
use throughline_schema::{Descriptor, Fields, Kind, Level, MessageVisitor, ValueWriter};

use crate::clearance::Clearance;
use crate::service::ServiceMember;
pub(crate) use any::AnyFields;
pub(crate) use context::class_of;
use fields::FieldEncoder;
use limited::Violations;
use message::MessageEncoder;
use room::Room;
pub(crate) use room::written;
pub(crate) use scratch::Scratch;
pub(crate) use string::push_str;
pub(crate) use time::{Precision, text as time_text};
use value::{Form, ValueEncoder};

/// The longest line, in bytes: collectors refuse longer ones (`spec/socket.md`).
pub(crate) const MAX_LINE: usize = 1 << 20;

/// The longest text in bytes, and the longest list, in a line that would be too long otherwise.
const MAX_WHERE_TOO_LONG: usize = 1024;

/// What all lines of a logger have in common.
#[derive(Debug)]
pub(crate) struct Encoder {
    pub(crate) service: ServiceMember,
    pub(crate) clearance: Clearance,
    pub(crate) precision: Precision,
}

/// What a line says, but for what the logger knows, and for the fields.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'e> {
    pub(crate) time: SystemTime,
    pub(crate) level: Level,
    pub(crate) ctx: Option<&'e Context>,
    /// What stands between context and fields, as JSON with the comma before it.
    pub(crate) member: &'e str,
    pub(crate) descriptor: &'static Descriptor,
    /// For how many events this one stands, where it was sampled; 1 where not.
    pub(crate) weight: u32,
}

impl<'e> Entry<'e> {
    /// An event that happens now.
    #[inline]
    pub(crate) fn new(
        ctx: Option<&'e Context>,
        level: Level,
        member: &'e str,
        descriptor: &'static Descriptor,
    ) -> Entry<'e> {
        Entry { time: SystemTime::now(), level, ctx, member, descriptor, weight: 1 }
    }

    /// An event that happens now and belongs to no request.
    pub(crate) fn now(descriptor: &'static Descriptor) -> Entry<'e> {
        Entry::new(None, descriptor.level, "", descriptor)
    }
}

/// How much of an event is written.
#[derive(Clone, Copy, PartialEq)]
enum Extent {
    Whole,
    /// Long values are clipped.
    Clipped,
    /// Neither fields nor context, but for what every span has.
    Bare,
}

impl Encoder {
    /// Writes the line of an event to a thread's room, and returns its length.
    ///
    /// It is never longer than [`MAX_LINE`]: where it would be, long values are clipped, and it says so.
    #[inline]
    pub(crate) fn encode<F: Fields>(
        &self,
        scratch: &mut Scratch,
        entry: &Entry<'_>,
        fields: &F,
    ) -> usize {
        let whole = self.encode_into(
            scratch,
            entry,
            Extent::Whole,
            |encoder| fields.visit_message(encoder),
            |encoder| fields.visit(encoder),
        );
        match whole {
            Some(len) => len,
            None => self.encode_any(scratch, entry, fields),
        }
    }

    /// As [`encode`](Encoder::encode), without code for the type of the event. Where there is not enough room for the line, the values of the event are asked again.
    #[inline(never)]
    pub(crate) fn encode_any(
        &self,
        scratch: &mut Scratch,
        entry: &Entry<'_>,
        fields: &dyn AnyFields,
    ) -> usize {
        loop {
            if let Some(len) = self.encode_as(scratch, entry, fields, Extent::Whole) {
                return len;
            }
            if !scratch.grow() {
                break;
            }
        }
        let shorter = [Extent::Clipped, Extent::Bare].into_iter();
        let len =
            shorter.filter_map(|extent| self.encode_as(scratch, entry, fields, extent)).next();
        // Nothing that is left of a bare line comes near the limit, but for a message of a megabyte.
        len.unwrap_or(0)
    }

    fn encode_as(
        &self,
        scratch: &mut Scratch,
        entry: &Entry<'_>,
        fields: &dyn AnyFields,
        extent: Extent,
    ) -> Option<usize> {
        scratch.forget_violations();
        self.encode_into(
            scratch,
            entry,
            extent,
            |encoder| match extent {
                Extent::Whole | Extent::Clipped => fields.visit_message(encoder),
                // The pattern: what the values would add has no bounds.
                Extent::Bare => encoder.text(entry.descriptor.message),
            },
            |encoder| match extent {
                Extent::Whole | Extent::Clipped => fields.visit(encoder),
                Extent::Bare if entry.descriptor.kind == Kind::Span => fields.visit_span(encoder),
                Extent::Bare => {}
            },
        )
    }

    /// Writes a line to the front of the room that there is, and returns its length, if there is enough.
    #[inline(always)]
    fn encode_into(
        &self,
        scratch: &mut Scratch,
        entry: &Entry<'_>,
        extent: Extent,
        message: impl FnOnce(&mut MessageEncoder<'_, '_>),
        fields: impl FnOnce(&mut FieldEncoder<'_, '_>),
    ) -> Option<usize> {
        let (room, beginning, violations) = scratch.parts();
        let len = room.len();
        let mut room = Room::new(room);
        let most = if extent == Extent::Whole { usize::MAX } else { MAX_WHERE_TOO_LONG };
        let form = Form { precision: self.precision, most };
        beginning.push(&mut room, entry.time, self.precision);
        if entry.level == entry.descriptor.level {
            room.push(entry.descriptor.head().as_bytes());
        } else {
            room.push(b"\",\"level\":\"");
            room.push(entry.level.as_str().as_bytes());
            room.push(entry.descriptor.head_after_level().as_bytes());
        }
        if entry.descriptor.is_template() {
            message(&mut MessageEncoder { room: &mut room, form });
            room.push(b"\"");
        }
        room.push(self.service.as_bytes());
        if let Some(ctx) = entry.ctx
            && extent != Extent::Bare
        {
            context::push(&mut room, ctx, &self.clearance);
        }
        if entry.weight > 1 {
            room.push(b",\"weight\":");
            room.push_short(itoa::Buffer::new().format(entry.weight).as_bytes());
        }
        if !entry.member.is_empty() {
            room.push(entry.member.as_bytes());
        }
        let clearance = &self.clearance;
        let mut encoder = FieldEncoder { room, form, clearance, violations };
        fields(&mut encoder);
        let FieldEncoder { mut room, violations, .. } = encoder;
        if extent != Extent::Whole || !violations.is_empty() {
            push_violations(&mut room, form, extent, violations);
        }
        room.push(b"}\n");
        (!room.is_full()).then(|| len - room.left())
    }
}

/// Appends the `violations` member, with the comma before it.
#[cold]
fn push_violations(room: &mut Room<'_>, form: Form, extent: Extent, violations: &mut Violations) {
    let of_line = match extent {
        Extent::Whole => None,
        Extent::Clipped => Some("line: longer than 1048576 bytes; long values are clipped"),
        Extent::Bare => Some("line: longer than 1048576 bytes; fields and context are left out"),
    };
    room.push(b",\"violations\":[");
    let of_fields = violations.iter().map(|violation| violation as &dyn Display);
    let all = of_line.iter().map(|text| text as &dyn Display).chain(of_fields);
    for (index, violation) in all.enumerate() {
        if index > 0 {
            room.push(b",");
        }
        ValueEncoder { room, form }.display(violation);
    }
    room.push(b"]");
    violations.clear();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clearance::HashKey;
    use std::net::Ipv6Addr;
    use std::time::Duration;
    use throughline_ctx::{Context, Key};
    use throughline_schema::{Class, Event, Outcome};

    /// One of each.
    #[derive(Event)]
    #[event(name = "one.of_each", version = 1, level = "info", message = "One of each")]
    struct OneOfEach<'a> {
        /// A boolean.
        truth: bool,
        /// An integer.
        small: i8,
        /// A larger one.
        large: u64,
        /// A very large one.
        larger: i128,
        /// A float.
        float: f64,
        /// Another.
        single: f32,
        /// No number.
        nan: f64,
        /// Text.
        text: &'a str,
        /// Nothing.
        none: Option<u8>,
        /// Something.
        some: Option<&'a str>,
        /// A list.
        list: Vec<f64>,
        /// An empty one.
        empty: [&'a str; 0],
        /// A length of time.
        lasted: Duration,
        /// A moment.
        at: SystemTime,
        /// An address.
        address: Ipv6Addr,
        /// One of a set.
        how: Outcome,
        /// Personal.
        #[event(class = "personal")]
        email: &'a str,
        /// Secret.
        #[event(class = "secret")]
        token: Option<&'a str>,
    }

    const EVENT: OneOfEach<'_> = OneOfEach {
        truth: true,
        small: -8,
        large: u64::MAX,
        larger: i128::MIN,
        float: 0.8682280765465323,
        single: 0.1,
        nan: f64::NAN,
        text: "a \"quoted\"\nline",
        none: None,
        some: Some("é"),
        list: Vec::new(),
        empty: [],
        lasted: Duration::from_micros(1_500_000),
        at: SystemTime::UNIX_EPOCH,
        address: Ipv6Addr::LOCALHOST,
        how: Outcome::Ok,
        email: "a@example.org",
        token: Some("hunter2"),
    };

    fn encoded<E: Event>(
        encoder: &Encoder,
        ctx: Option<&Context>,
        level: Level,
        event: &E,
    ) -> String {
        let mut scratch = Scratch::new();
        let entry = Entry::new(ctx, level, "", E::DESCRIPTOR);
        let len = encoder.encode(&mut scratch, &entry, event);
        // Without code for the type it is the same line.
        let line = scratch.line(len).to_vec();
        let len = encoder.encode_any(&mut scratch, &entry, event);
        assert_eq!(scratch.line(len), line);
        String::from_utf8(scratch.line(len).to_vec()).unwrap()
    }

    fn encoder(clearance: Clearance) -> Encoder {
        let service = crate::Service::new("accounts").version("1.4.2").instance("i-1").render();
        Encoder { service, clearance, precision: Precision::Micros }
    }

    fn line(ctx: Option<&Context>, level: Level, clearance: Clearance) -> String {
        let encoder = encoder(clearance);
        let event = OneOfEach { list: vec![1.0, f64::INFINITY], ..EVENT };
        encoded(&encoder, ctx, level, &event)
    }

    #[test]
    fn every_type_of_value_has_its_form() {
        let line = line(None, Level::Info, Clearance::default());
        let (time, rest) = line.split_at("{\"timestamp\":\"2026-11-21T09:28:31.123456Z".len());
        assert!(time.ends_with('Z'), "{time}");
        let expected = concat!(
            r#"","level":"INFO","event":"one.of_each","version":1,"message":"One of each","#,
            r#""service":{"name":"accounts","version":"1.4.2","instance":"i-1"},"#,
            r#""truth":true,"small":-8,"large":18446744073709551615,"#,
            r#""larger":-170141183460469231731687303715884105728,"float":0.8682280765465323,"#,
            r#""single":0.1,"nan":null,"text":"a \"quoted\"\nline","some":"é","#,
            r#""list":[1.0,null],"empty":[],"lasted":1.5,"at":"1970-01-01T00:00:00.000000Z","#,
            r#""address":"::1","how":"ok","email":"[redacted]","token":"[redacted]"}"#,
            "\n"
        );
        assert_eq!(rest, expected);
        serde_json::from_str::<serde_json::Value>(&line).unwrap();
    }

    #[test]
    fn the_context_is_an_object_of_its_own_and_redacted_as_the_fields_are() {
        const USER: Key<str> = Key::local("user", "Who").personal();
        const SHARD: Key<u64> = Key::local("shard", "Where");
        let ctx = Context::root().with(&USER, "tyler").with(&SHARD, 7_u64).child();
        let ids = format!(
            r#","context":{{"id":"{}","trace_id":"{}","span_id":"{}","parent_span_id":"{}""#,
            ctx.request_id(),
            ctx.trace_id(),
            ctx.span_id(),
            ctx.parent_span_id().unwrap(),
        );
        let public = line(Some(&ctx), Level::Info, Clearance::default());
        assert!(
            public.contains(&format!(r#"{ids},"user":"[redacted]","shard":7}},"truth""#)),
            "{public}"
        );
        let cleared = line(Some(&ctx), Level::Info, Clearance::default().with(Class::Personal));
        assert!(cleared.contains(&format!(r#"{ids},"user":"tyler","shard":7}}"#)), "{cleared}");
        assert!(cleared.contains(r#""email":"a@example.org","token":"[redacted]""#), "{cleared}");
    }

    #[test]
    fn with_a_key_what_is_not_cleared_is_hashed_and_the_context_as_the_fields_are() {
        const USER: Key<str> = Key::local("user", "Who").personal();
        let ctx = Context::root().with(&USER, "a@example.org");
        let clearance = Clearance::default().hashing(HashKey::new([7; 16]));
        let line = line(Some(&ctx), Level::Info, clearance);
        let hash_after = |name: &str| {
            let at = line.find(name).unwrap() + name.len();
            line[at..at + 41].to_owned()
        };
        assert!(hash_after(r#""email":"#).starts_with("\"[hash:"), "{line}");
        assert_eq!(hash_after(r#""email":"#), hash_after(r#""user":"#), "{line}");
        assert!(!line.contains("a@example.org") && !line.contains("hunter2"), "{line}");
        let plain = Clearance::default();
        assert!(self::line(Some(&ctx), Level::Info, plain).contains(r#""user":"[redacted]""#));
    }

    #[test]
    fn a_line_that_would_be_too_long_has_its_long_values_clipped_and_says_so() {
        let encoder = encoder(Clearance::default());
        for (len, clipped) in [(20_000, false), (500_000, false), (MAX_LINE + 1, true)] {
            let text = "x".repeat(len);
            let line = encoded(&encoder, None, Level::Info, &OneOfEach { text: &text, ..EVENT });
            let value: serde_json::Value = serde_json::from_str(&line).unwrap();
            assert_eq!(value.get("violations").is_some(), clipped);
            let expected = if clipped { MAX_WHERE_TOO_LONG } else { len };
            assert_eq!(value["text"].as_str().unwrap().len(), expected);
        }
        let list = vec![0.5; MAX_LINE];
        let line = encoded(&encoder, None, Level::Info, &OneOfEach { list, ..EVENT });
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["list"].as_array().unwrap().len(), MAX_WHERE_TOO_LONG);
    }

    #[test]
    fn a_line_that_is_too_long_for_its_many_values_is_written_without_them() {
        /// So many values that clipping does not help.
        struct Endless;
        impl Fields for Endless {
            fn visit<V: throughline_schema::Visitor>(&self, visitor: &mut V) {
                for _ in 0..MAX_LINE {
                    visitor.field(&OneOfEach::DESCRIPTOR.fields[0], &true);
                }
            }
        }
        let encoder = encoder(Clearance::default());
        let entry = Entry::new(None, Level::Info, "", OneOfEach::DESCRIPTOR);
        let mut scratch = Scratch::new();
        let len = encoder.encode(&mut scratch, &entry, &Endless);
        let value: serde_json::Value = serde_json::from_slice(scratch.line(len)).unwrap();
        assert_eq!(value["event"], "one.of_each");
        assert!(value["violations"][0].as_str().unwrap().starts_with("line: "));
    }

    #[test]
    fn timestamps_have_nanoseconds_where_that_is_asked_for() {
        let encoder = Encoder { precision: Precision::Nanos, ..encoder(Clearance::default()) };
        let line = encoded(&encoder, None, Level::Info, &EVENT);
        assert_eq!(line.find("Z\","), Some("{\"timestamp\":\"2026-11-21T09:28:31.123456789".len()));
        assert!(line.contains(r#""at":"1970-01-01T00:00:00.000000000Z""#), "{line}");
    }

    #[test]
    fn an_event_can_be_written_at_another_level() {
        let line = line(None, Level::Warn, Clearance::default());
        assert!(line.contains(r#"Z","level":"WARN","event":"one.of_each","version":1"#), "{line}");
    }
}
