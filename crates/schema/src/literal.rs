//! JSON values inside a schema: defaults, enum members, unknown keywords.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::phrase::{Phrase, Quoted};
use crate::{List, Number, Text};

/// A JSON value that can be compiled in.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    Text(Text),
    /// An array.
    Array(List<Literal>),
    /// An object, its members in the order of their names.
    Object(List<(Text, Literal)>),
}

impl Literal {
    /// Converts the literal to a JSON value.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(bool) => (*bool).into(),
            Self::Number(number) => number.to_value(),
            Self::Text(text) => (**text).into(),
            Self::Array(list) => list.iter().map(Self::to_value).collect(),
            Self::Object(members) => members
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_value()))
                .collect(),
        }
    }
}

impl From<&Value> for Literal {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(bool) => Self::Bool(*bool),
            Value::Number(number) => Self::Number(number.into()),
            Value::String(text) => Self::Text(text.as_str().into()),
            Value::Array(list) => {
                Self::Array(list.iter().map(Self::from).collect::<Vec<_>>().into())
            }
            Value::Object(map) => {
                let mut members: Vec<(Text, Self)> = map
                    .iter()
                    .map(|(k, v)| (k.as_str().into(), v.into()))
                    .collect();
                members.sort_by(|(a, _), (b, _)| (**a).cmp(b));
                Self::Object(members.into())
            }
        }
    }
}

impl Phrase for Literal {
    fn write(&self, out: &mut impl fmt::Write) -> fmt::Result {
        match self {
            Self::Text(text) => Quoted(text).write(out),
            other => write!(out, "{}", other.to_value()),
        }
    }
}

/// As JSON text.
impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f)
    }
}

/// As the JSON value.
impl Serialize for Literal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_value().serialize(serializer)
    }
}
