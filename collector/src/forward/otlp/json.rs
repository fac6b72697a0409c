use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::names::Names;

/// The members of a JSON object, in their order. Of several with one name the last counts.
#[derive(Debug, Default)]
pub(super) struct Members<'a>(pub(super) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Members<'a> {
    /// Those of `json`, if it is an object.
    pub(super) fn of(json: &'a str) -> Option<Self> {
        let mut members: Self = serde_json::from_str(json).ok()?;
        members.keep_last();
        Some(members)
    }

    fn keep_last(&mut self) {
        let mut names = Names::default();
        if self.0.iter().all(|(name, _)| names.insert(Cow::Borrowed(name))) {
            return;
        }
        let mut names = Names::default();
        self.0.reverse();
        self.0.retain(|(name, _)| names.insert(name.clone()));
        self.0.reverse();
    }
}

/// The text of a JSON string. `None` for anything else, and for one with half of a surrogate pair.
pub(super) fn text(json: &RawValue) -> Option<Cow<'_, str>> {
    serde_json::from_str(json.get()).ok().map(|Text(text)| text)
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;
        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("members")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::with_capacity(16);
                while let Some((Text(name), value)) = map.next_entry::<Text<'de>, &RawValue>()? {
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(MembersVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_members_with_one_name_the_last_counts() {
        let members = Members::of(r#"{"a":1,"b":2,"\u0061":3}"#).unwrap();
        let members: Vec<_> = members.0.iter().map(|(name, json)| (&**name, json.get())).collect();
        assert_eq!(members, [("b", "2"), ("a", "3")]);
        assert!(Members::of("[]").is_none() && Members::of("{").is_none());
    }
}
