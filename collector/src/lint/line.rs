//! One line.

use std::{borrow::Cow, collections::HashSet};

use throughline_schema::{is_name, lock::FieldShape};

use super::{
    Fault, Known, Linter, MAX_LINE, head,
    json::{self, Member, Object, Value},
    number::Whole,
    value::{Expected, is_scalar, kind},
};

/// So many faults are told of one line: what was made up of nothing else is not worth more.
const MOST: usize = 100;

/// So many characters of a value are shown.
const SHOWN: usize = 60;

pub(super) fn check(linter: &mut Linter, line: &[u8], faults: &mut Vec<Fault>) {
    if line.len() > MAX_LINE {
        return faults.push(Fault::too_long(line.len() as u64));
    }
    let text = match str::from_utf8(line) {
        Ok(text) => text,
        Err(error) => {
            let found = format!("a byte that is none, after {} bytes", error.valid_up_to());
            return faults.push(Fault::new("UTF-8", found));
        }
    };
    let object = match json::read(text) {
        Ok(object) => object,
        Err(json::NotJson { expected, at }) => {
            let found = if at == text.len() {
                format!("the end, after {at} bytes")
            } else {
                format!("{:?} after {at} bytes", text[at..].chars().next().unwrap_or_default())
            };
            return faults.push(Fault::new(expected, found));
        }
    };
    let find = |name: &str| object.members.iter().find(|member| member.name == name);
    let name = match find("event").map(|member| &member.value) {
        Some(Value::Text(name)) => Some(name.decode()),
        _ => None,
    };
    let version = match find("version").map(|member| &member.value) {
        Some(Value::Number(number)) => Whole::read(number).and_then(Whole::unsigned),
        _ => None,
    };
    let known =
        name.as_deref().zip(version).and_then(|(name, version)| linter.known(name, version));
    let is_untyped = known.is_none() && name.as_deref() == Some("log") && version == Some(1);
    let mut check = Check {
        linter,
        object: &object,
        known,
        is_untyped,
        name,
        version,
        violations: violations(&object),
        found: Vec::new(),
    };
    check.all();
    let Check { found, name, version, .. } = check;
    faults.extend(found);
    let is_unknown = known.is_none() && !is_untyped;
    if let (true, Some(name), Some(version)) = (is_unknown, name, version)
        && is_name(&name)
    {
        linter.unknown.count(&format!("{name} v{version}"));
    }
}

pub(super) struct Check<'c> {
    pub(super) linter: &'c Linter,
    pub(super) object: &'c Object<'c>,
    known: Option<&'c Known>,
    /// Whether it is an event that is written without a type.
    is_untyped: bool,
    name: Option<Cow<'c, str>>,
    version: Option<u128>,
    /// What the line says of limits.
    violations: Vec<Cow<'c, str>>,
    found: Vec<Fault>,
}

impl Check<'_> {
    pub(super) fn fault(
        &mut self,
        field: &str,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) {
        if self.found.len() == MOST {
            return;
        }
        let event = self.name.as_deref().map(|name| match self.version {
            Some(version) => format!("{name} v{version}"),
            None => name.to_owned(),
        });
        let fault = Fault::new(expected, found).of(event.as_deref());
        self.found.push(if field.is_empty() { fault } else { fault.at(field) });
    }

    fn all(&mut self) {
        if let Some(at) = self.object.unescaped {
            self.fault(
                "",
                "escapes for control characters",
                format!("one as it is, after {at} bytes"),
            );
        }
        self.twice("", &self.object.members);
        let mut next = 0;
        for member in &self.object.members {
            if self.found.len() == MOST {
                return;
            }
            self.member(member, &mut next);
        }
        for name in head::REQUIRED {
            if !self.has(name) {
                self.fault(name, "a member that every line has", "nothing");
            }
        }
        self.kind();
        let is_left_out = self.violations.iter().any(|text| says_that_fields_are_left_out(text));
        if let Some(known) = self.known.filter(|_| !is_left_out) {
            for field in known.shape.fields.iter().filter(|field| !field.optional) {
                if !self.has(&field.name) {
                    self.fault(&field.name, Expected::of_field(field).describe(), "nothing");
                }
            }
        }
    }

    fn has(&self, name: &str) -> bool {
        self.object.members.iter().any(|member| member.name == name)
    }

    fn member(&mut self, member: &Member<'_>, next: &mut usize) {
        let Member { name, value, raw } = member;
        let head = head::expected(name, value, self.object);
        match head {
            Some((expected, false)) => return self.fault(name, expected, shown(raw)),
            Some(_) => self.head(name, value, raw),
            None => {}
        }
        let Some(known) = self.known else {
            if head.is_none() {
                self.undeclared(name, value);
            }
            return;
        };
        // Writers write fields in order.
        let in_order = known.shape.fields.get(*next).filter(|field| field.name == *name);
        let field = match in_order {
            Some(field) => {
                *next += 1;
                field
            }
            None => match known.fields.get(&**name) {
                Some(index) => &known.shape.fields[*index],
                None if head.is_some() => return,
                None => return self.fault(name, "no such field", kind(value)),
            },
        };
        self.field(field, value, raw);
    }

    fn field(&mut self, field: &FieldShape, value: &Value<'_>, raw: &str) {
        let expected = Expected::of_field(field);
        let is_told = || {
            let told = format!("{}: range ", field.name);
            self.violations.iter().any(|text| text.starts_with(&told))
        };
        if expected.is(value, self.object)
            && (expected.keeps_to_range(value, self.object) || is_told())
        {
            return;
        }
        let found = if expected.is_public() { shown(raw) } else { kind(value).to_owned() };
        self.fault(&field.name, expected.describe(), found);
    }

    /// A member of an event that the lock does not have.
    fn undeclared(&mut self, name: &str, value: &Value<'_>) {
        if !is_name(name) {
            self.fault(name, "a name: lower case, in parts joined by dots", "another");
        }
        let is_value = match value {
            Value::List(items) => self.object.items(items).iter().all(is_scalar),
            value => is_scalar(value),
        };
        if !is_value {
            self.fault(name, "a boolean, number, string, null, or a list of them", kind(value));
        }
    }

    /// A member of the line that is of the right type.
    fn head(&mut self, name: &str, value: &Value<'_>, raw: &str) {
        let shape = self.known.map(|known| &known.shape);
        match (name, value, shape) {
            ("service", Value::Object(members), _) => self.service(self.object.nested(members)),
            ("context", Value::Object(members), _) => self.context(self.object.nested(members)),
            ("message", Value::Text(text), Some(shape))
                if !shape.template && !text.is(&shape.message) =>
            {
                self.fault(name, format!("{:?}", shape.message), shown(raw));
            }
            ("target", _, Some(_)) => {
                self.fault(name, "no target: the event has a type", shown(raw))
            }
            ("violations", Value::List(items), _) => {
                for item in self.object.items(items) {
                    let Value::Text(text) = item else { continue };
                    if !self.can_be_violated(&text.decode()) {
                        self.fault(
                            name,
                            "names of members, and limits that they have",
                            shown(text.raw),
                        );
                    }
                }
            }
            _ => {}
        }
    }

    /// Whether a line can say this of its limits.
    fn can_be_violated(&self, text: &str) -> bool {
        let Some((name, rest)) = text.split_once(": ") else { return false };
        match self.known {
            _ if self.is_untyped => name == "line",
            None => {
                let first = name.bytes().next();
                let is_rest = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.');
                first.is_some_and(|byte| byte.is_ascii_lowercase())
                    && name.bytes().all(is_rest)
                    && !rest.is_empty()
            }
            Some(known) => {
                let field = known.fields.get(name).map(|index| &known.shape.fields[*index]);
                name == "line"
                    || field.is_some_and(|field| {
                        (field.max_len.is_some() && rest.starts_with("max_len "))
                            || (field.range.is_some() && rest.starts_with("range "))
                    })
            }
        }
    }

    /// Whether the line has the kind of its event, and the members of that kind.
    fn kind(&mut self) {
        let stated = self.object.members.iter().find(|member| member.name == "kind");
        let kind = match stated.map(|member| &member.value) {
            Some(Value::Text(text)) => text.decode(),
            _ => Cow::Borrowed("log"),
        };
        let expected = match self.known {
            Some(known) => Some(known.shape.kind.as_str()),
            None => self.is_untyped.then_some("log"),
        };
        if let Some(expected) = expected.filter(|expected| *expected != kind) {
            let said = if expected == "log" { "no kind: it is a log" } else { expected };
            let found = stated.map_or("nothing".to_owned(), |member| shown(member.raw));
            self.fault("kind", said, found);
        }
        for name in ["duration_us", "outcome"] {
            match (kind == "span", self.has(name)) {
                (true, false) => self.fault(name, "a member that every span has", "nothing"),
                (false, true) => self.fault(name, "no such member: it is no span", "one"),
                _ => {}
            }
        }
    }

    /// Looks for names that stand twice.
    pub(super) fn twice(&mut self, of: &str, members: &[Member<'_>]) {
        let mut seen = HashSet::new();
        for (index, member) in members.iter().enumerate() {
            // A few are compared faster than they are hashed.
            let is_again = if members.len() <= 32 {
                members[..index].iter().any(|before| before.name == member.name)
            } else {
                !seen.insert(&*member.name)
            };
            if is_again {
                self.fault(&format!("{of}{}", member.name), "each name once", "it twice");
            }
        }
    }
}

/// What the line says of limits that were not kept to.
fn violations<'c>(object: &'c Object<'c>) -> Vec<Cow<'c, str>> {
    let member = object.members.iter().find(|member| member.name == "violations");
    let Some(Member { value: Value::List(items), .. }) = member else { return Vec::new() };
    let texts = object.items(items).iter().filter_map(|item| match item {
        Value::Text(text) => Some(text.decode()),
        _ => None,
    });
    texts.collect()
}

/// Whether this says that the line was too long for its fields.
fn says_that_fields_are_left_out(text: &str) -> bool {
    let what = text.strip_prefix("line: ").and_then(|text| text.strip_suffix(" left out"));
    what.is_some_and(|what| !what.contains('\n'))
}

/// A value as it stands in the line, cut where it is long.
pub(super) fn shown(raw: &str) -> String {
    match raw.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &raw[..end]),
        None => raw.to_owned(),
    }
}
