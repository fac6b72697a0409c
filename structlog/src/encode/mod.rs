//! An event as JSON. Nothing here knows where the line goes.

mod context;
mod fields;
mod string;
mod time;
mod value;

use std::time::SystemTime;

use throughline_schema::{Descriptor, Fields, Level};

use crate::clearance::Clearance;
use fields::FieldEncoder;
pub(crate) use string::push_str;

/// What all lines of a logger have in common.
#[derive(Debug)]
pub(crate) struct Encoder {
    /// The `service` member, with the comma before it.
    pub(crate) service: Box<[u8]>,
    pub(crate) clearance: Clearance,
}

impl Encoder {
    /// Appends the line of an event to `out`.
    #[inline]
    pub(crate) fn encode<F: Fields>(
        &self,
        out: &mut Vec<u8>,
        ctx: Option<&throughline_ctx::Context>,
        level: Level,
        descriptor: &'static Descriptor,
        fields: &F,
    ) {
        out.extend_from_slice(b"{\"timestamp\":\"");
        time::push(out, SystemTime::now());
        if level == descriptor.level {
            out.extend_from_slice(descriptor.head().as_bytes());
        } else {
            out.extend_from_slice(b"\",\"level\":\"");
            out.extend_from_slice(level.as_str().as_bytes());
            out.extend_from_slice(descriptor.head_after_level().as_bytes());
        }
        out.extend_from_slice(&self.service);
        if let Some(ctx) = ctx {
            context::push(out, ctx, self.clearance);
        }
        fields.visit(&mut FieldEncoder { out, clearance: self.clearance });
        out.extend_from_slice(b"}\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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

    fn line(ctx: Option<&Context>, level: Level, clearance: Clearance) -> String {
        let service = crate::Service::new("accounts").version("1.4.2").instance("i-1").render();
        let encoder = Encoder { service, clearance };
        let mut out = Vec::new();
        let event = OneOfEach { list: vec![1.0, f64::INFINITY], ..EVENT };
        encoder.encode(&mut out, ctx, level, OneOfEach::DESCRIPTOR, &event);
        String::from_utf8(out).unwrap()
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
    fn an_event_can_be_written_at_another_level() {
        let line = line(None, Level::Warn, Clearance::default());
        assert!(line.contains(r#"Z","level":"WARN","event":"one.of_each","version":1"#), "{line}");
    }
}
