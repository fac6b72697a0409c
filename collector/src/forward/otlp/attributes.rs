use std::borrow::Cow;

use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use serde_json::value::RawValue;

use super::{
    names::Names,
    value::{any, attribute},
};

/// The attributes of a record, none of which has the key of another.
#[derive(Debug, Default)]
pub(super) struct Attributes<'a> {
    list: Vec<KeyValue>,
    keys: Names<'a>,
}

impl<'a> Attributes<'a> {
    /// Adds a value under a key that belongs to the mapping itself, unless it is there. These come first.
    pub(super) fn own(&mut self, key: &'static str, value: AnyValue) {
        if self.keys.insert(key.into()) {
            self.list.push(attribute(key, value));
        }
    }

    /// Adds a member of the line under its name, or, if that is taken, with `line.` before it.
    pub(super) fn field(&mut self, name: Cow<'a, str>, value: &RawValue) {
        self.add("line.", name, value);
    }

    /// Adds an entry of the context under its name, or, if that is taken, with `context.` before it.
    pub(super) fn entry(&mut self, name: Cow<'a, str>, value: &RawValue) {
        self.add("context.", name, value);
    }

    /// Adds an entry of the context with `context.` before its name.
    pub(super) fn outer_entry(&mut self, name: &str, value: &RawValue) {
        self.add("context.", format!("context.{name}").into(), value);
    }

    fn add(&mut self, prefix: &str, mut key: Cow<'a, str>, value: &RawValue) {
        while key.is_empty() || !self.keys.insert(key.clone()) {
            key = format!("{prefix}{key}").into();
        }
        self.list.push(attribute(key, any(value)));
    }

    pub(super) fn into_list(self) -> Vec<KeyValue> {
        self.list
    }
}
