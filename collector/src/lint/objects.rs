//! The objects that a line has: the service, and the context.

use throughline_schema::is_name;

use super::{
    json::{Member, Value},
    line::{Check, shown},
    parts::{is_id, is_request_id},
    value::{Expected, is_scalar, kind},
};

impl Check<'_> {
    pub(super) fn service(&mut self, members: &[Member<'_>]) {
        self.twice("service.", members);
        for Member { name, value, raw } in members {
            let expected = match (&**name, value) {
                ("name", Value::Text(text)) if (1..=128).contains(&text.decode().len()) => continue,
                ("name", _) => "1 to 128 bytes",
                ("version" | "instance", Value::Text(_)) => continue,
                ("version" | "instance", _) => "a string",
                _ => "no such member",
            };
            self.fault(&format!("service.{name}"), expected, shown(raw));
        }
        if !members.iter().any(|member| member.name == "name") {
            self.fault("service.name", "a member that every service has", "nothing");
        }
    }

    pub(super) fn context(&mut self, members: &[Member<'_>]) {
        self.twice("context.", members);
        for Member { name, value, raw } in members {
            let text = |is: &dyn Fn(&str) -> bool| match value {
                Value::Text(text) => is(&text.decode()),
                _ => false,
            };
            let (expected, is_it) = match &**name {
                "id" => ("1 to 128 characters out of A-Z a-z 0-9 -_.~:/+=@", text(&is_request_id)),
                "trace_id" => ("32 hexadecimal digits", text(&|text| is_id(text, 32))),
                "span_id" | "parent_span_id" => {
                    ("16 hexadecimal digits", text(&|text| is_id(text, 16)))
                }
                name if !is_name(name) => ("a name: lower case, in parts joined by dots", false),
                name => match self.linter.keys.get(name).map(Expected::of_key) {
                    None => ("a boolean, number, string or null", is_scalar(value)),
                    Some(key) if key.is(value, self.object) => continue,
                    Some(key) => {
                        let found =
                            if key.is_public() { shown(raw) } else { kind(value).to_owned() };
                        self.fault(&format!("context.{name}"), key.describe(), found);
                        continue;
                    }
                },
            };
            if !is_it {
                // Nobody knows the class of an entry that is not declared.
                let is_id = matches!(&**name, "id" | "trace_id" | "span_id" | "parent_span_id");
                let found = if is_id { shown(raw) } else { kind(value).to_owned() };
                self.fault(&format!("context.{name}"), expected, found);
            }
        }
        for name in ["id", "trace_id", "span_id"] {
            if !members.iter().any(|member| member.name == name) {
                let expected = "a member that every context has";
                self.fault(&format!("context.{name}"), expected, "nothing");
            }
        }
    }
}
