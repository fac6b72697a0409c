use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Integer, Type};

/// A [`Type`] as a lock file holds it: `"u32"`, `"text"`, `{"set":{"ok":"…"}}`, `{"list":"text"}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "Repr", try_from = "Repr")]
#[non_exhaustive]
pub enum TypeShape {
    /// `true` or `false`.
    Bool,
    /// A number without a fraction.
    Integer(Integer),
    /// A 32-bit float.
    F32,
    /// A 64-bit float.
    F64,
    /// Text.
    Text,
    /// A length of time in seconds.
    Duration,
    /// A moment.
    Time,
    /// A UUID.
    Uuid,
    /// An IP address.
    IpAddress,
    /// An IP address and a port.
    SocketAddress,
    /// The message of an error.
    Error,
    /// Text out of a closed set: its members and what they mean.
    Set(BTreeMap<String, String>),
    /// Several values of one type, which is no list.
    List(Box<TypeShape>),
}

/// What a lock file has.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Repr {
    Name(String),
    Set(SetRepr),
    List(ListRepr),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SetRepr {
    set: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListRepr {
    list: Box<TypeShape>,
}

const NAMES: [(&str, TypeShape); 10] = [
    ("bool", TypeShape::Bool),
    ("f32", TypeShape::F32),
    ("f64", TypeShape::F64),
    ("text", TypeShape::Text),
    ("duration", TypeShape::Duration),
    ("time", TypeShape::Time),
    ("uuid", TypeShape::Uuid),
    ("ip_address", TypeShape::IpAddress),
    ("socket_address", TypeShape::SocketAddress),
    ("error", TypeShape::Error),
];

impl TypeShape {
    /// What is the same to an index: integers of all sizes are, and text with or without a closed set.
    pub fn family(&self) -> &'static str {
        match self {
            TypeShape::Bool => "boolean",
            TypeShape::Integer(_) => "integer",
            TypeShape::F32 | TypeShape::F64 | TypeShape::Duration => "float",
            TypeShape::Text | TypeShape::Error | TypeShape::Set(_) => "text",
            TypeShape::Time => "time",
            TypeShape::Uuid => "uuid",
            TypeShape::IpAddress => "ip_address",
            TypeShape::SocketAddress => "socket_address",
            // An index takes one value for a list of one.
            TypeShape::List(item) => item.family(),
        }
    }

    /// Whether its values are strings in JSON.
    pub(crate) fn is_string(&self) -> bool {
        use TypeShape as T;
        matches!(
            self,
            T::Text | T::Time | T::Uuid | T::IpAddress | T::SocketAddress | T::Error | T::Set(_)
        )
    }

    /// The type of the values: of a list, that of its items.
    pub(crate) fn item(&self) -> &TypeShape {
        if let TypeShape::List(item) = self { item } else { self }
    }
}

impl From<Type> for TypeShape {
    fn from(value_type: Type) -> TypeShape {
        match value_type {
            Type::Bool => TypeShape::Bool,
            Type::Integer(integer) => TypeShape::Integer(integer),
            Type::F32 => TypeShape::F32,
            Type::F64 => TypeShape::F64,
            Type::Text => TypeShape::Text,
            Type::Duration => TypeShape::Duration,
            Type::Time => TypeShape::Time,
            Type::Uuid => TypeShape::Uuid,
            Type::IpAddress => TypeShape::IpAddress,
            Type::SocketAddress => TypeShape::SocketAddress,
            Type::Error => TypeShape::Error,
            Type::Set(members) => {
                let member =
                    |member: &crate::Member| (member.name.into(), member.description.into());
                TypeShape::Set(members.iter().map(member).collect())
            }
            Type::List(item) => TypeShape::List(Box::new((*item).into())),
        }
    }
}

impl From<TypeShape> for Repr {
    fn from(shape: TypeShape) -> Repr {
        match shape {
            TypeShape::Set(set) => Repr::Set(SetRepr { set }),
            TypeShape::List(list) => Repr::List(ListRepr { list }),
            scalar => Repr::Name(scalar.to_string()),
        }
    }
}

impl TryFrom<Repr> for TypeShape {
    type Error = String;

    fn try_from(repr: Repr) -> Result<TypeShape, String> {
        match repr {
            Repr::Set(SetRepr { set }) if set.is_empty() => Err("a set has members".to_owned()),
            Repr::Set(SetRepr { set }) => Ok(TypeShape::Set(set)),
            Repr::List(ListRepr { list }) if matches!(*list, TypeShape::List(_)) => {
                Err("a list holds no lists".to_owned())
            }
            Repr::List(ListRepr { list }) => Ok(TypeShape::List(list)),
            Repr::Name(name) => {
                let integer = Integer::ALL.into_iter().find(|integer| integer.as_str() == name);
                let scalar = || NAMES.iter().find(|(known, _)| *known == name);
                let shape = integer.map(TypeShape::Integer);
                let shape = shape.or_else(|| scalar().map(|(_, shape)| shape.clone()));
                shape.ok_or_else(|| format!("there is no type `{name}`"))
            }
        }
    }
}

/// As people read it: `u32`, `text`, `one of ok, error`, `list of text`.
impl fmt::Display for TypeShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TypeShape::Integer(integer) => f.write_str(integer.as_str()),
            TypeShape::Set(set) => {
                let members: Vec<_> = set.keys().map(String::as_str).collect();
                write!(f, "one of {}", members.join(", "))
            }
            TypeShape::List(item) => write!(f, "list of {item}"),
            scalar => {
                let name = NAMES.iter().find(|(_, shape)| shape == scalar);
                f.write_str(name.map_or("", |(name, _)| name))
            }
        }
    }
}
