//! Generated enums: the members of a schema's `enum` as a Rust type.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::describe::one_of;
use crate::{Number, View, nearest};

/// A value of an enum on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// A string.
    Text(&'static str),
    /// An integer.
    Integer(i64),
}

/// A generated enum. Its members and their wire values stand in two tables of the same order.
pub trait Choice: Copy + 'static {
    /// The type's name, for `Debug`.
    const NAME: &'static str;
    /// All members, in the order of the schema.
    const ALL: &'static [Self];
    /// The wire value of each member, in the order of [`ALL`](Self::ALL).
    const WIRE: &'static [Wire];

    /// The member's place in [`ALL`](Self::ALL).
    fn index(self) -> usize;

    /// The member's value on the wire.
    #[must_use]
    fn wire(self) -> Wire {
        Self::WIRE[self.index()]
    }
}

/// A value that no member of an enum has on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownChoice {
    found: Value,
    known: &'static [Wire],
}

impl fmt::Display for UnknownChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (found, expected) = (View::from(&self.found).in_words(), one_of(self.known));
        write!(f, "found {found}, expected {expected}")?;
        let texts = self.known.iter().filter_map(|wire| match wire {
            Wire::Text(text) => Some(*text),
            Wire::Integer(_) => None,
        });
        match self.found.as_str().and_then(|found| nearest(found, texts)) {
            Some(near) => write!(f, "; did you mean `{near}`?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for UnknownChoice {}

/// As JSON: strings in quotes.
impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => Value::from(*text).fmt(f),
            Self::Integer(integer) => integer.fmt(f),
        }
    }
}

impl Serialize for Wire {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Integer(integer) => serializer.serialize_i64(*integer),
        }
    }
}

/// Looks at a member as the engine does.
#[must_use]
pub fn view_choice<'a, C: Choice>(choice: C) -> View<'a> {
    match choice.wire() {
        Wire::Text(text) => View::Text(text),
        Wire::Integer(integer) => View::Number(Number::Int(integer.into())),
    }
}

/// Finds the member with this wire value.
///
/// # Errors
/// Gives the value back when no member has it.
pub fn read_choice<C: Choice>(value: Value) -> Result<C, Value> {
    let found = C::WIRE.iter().position(|wire| match (wire, &value) {
        (Wire::Text(a), Value::String(b)) => a == b,
        (Wire::Integer(a), Value::Number(b)) => {
            Number::from(b).as_integer() == Some(i128::from(*a))
        }
        _ => false,
    });
    found.map(|index| C::ALL[index]).ok_or(value)
}

/// Finds the member whose wire value is spelled like this.
///
/// # Errors
/// When no member is: the text, and what was expected.
pub fn parse_choice<C: Choice>(text: &str) -> Result<C, UnknownChoice> {
    let found = C::WIRE.iter().position(|wire| match wire {
        Wire::Text(known) => *known == text,
        Wire::Integer(known) => text.parse() == Ok(*known),
    });
    let unknown = || UnknownChoice {
        found: View::Text(text).shown(),
        known: C::WIRE,
    };
    found.map(|index| C::ALL[index]).ok_or_else(unknown)
}

/// Prints `Frames(121)`.
///
/// # Errors
/// Those of the formatter.
pub fn debug_choice<C: Choice>(choice: C, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{}({})", C::NAME, choice.wire())
}

/// Reads a member for serde.
///
/// # Errors
/// When the value is no member's: what was found and what was expected.
pub fn deserialize_choice<'de, C: Choice, D: Deserializer<'de>>(d: D) -> Result<C, D::Error> {
    read_choice(Value::deserialize(d)?).map_err(|value| {
        D::Error::custom(UnknownChoice {
            found: value,
            known: C::WIRE,
        })
    })
}

/// Gives a generated enum its standard traits; called by generated code.
#[doc(hidden)]
#[macro_export]
macro_rules! choice {
    ($name:ident, text) => {
        impl $name {
            /// The exact value on the wire.
            #[inline]
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match $crate::Choice::wire(self) {
                    $crate::Wire::Text(text) => text,
                    $crate::Wire::Integer(_) => "",
                }
            }
        }
        impl ::std::fmt::Display for $name {
            #[inline]
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }
        $crate::choice!($name);
    };
    ($name:ident, integer) => {
        impl $name {
            /// The exact value on the wire.
            #[inline]
            #[must_use]
            pub fn as_i64(self) -> i64 {
                match $crate::Choice::wire(self) {
                    $crate::Wire::Integer(integer) => integer,
                    $crate::Wire::Text(_) => 0,
                }
            }
        }
        impl ::std::fmt::Display for $name {
            #[inline]
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&self.as_i64(), f)
            }
        }
        $crate::choice!($name);
    };
    ($name:ident) => {
        impl ::std::fmt::Debug for $name {
            #[inline]
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                $crate::generated::debug_choice(*self, f)
            }
        }
        impl ::std::str::FromStr for $name {
            type Err = $crate::UnknownChoice;
            #[inline]
            fn from_str(text: &str) -> ::std::result::Result<Self, $crate::UnknownChoice> {
                $crate::generated::parse_choice(text)
            }
        }
        impl $crate::generated::serde::Serialize for $name {
            #[inline]
            fn serialize<S: $crate::generated::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                $crate::generated::serde::Serialize::serialize(
                    &$crate::Choice::wire(*self),
                    serializer,
                )
            }
        }
        impl<'de> $crate::generated::serde::Deserialize<'de> for $name {
            #[inline]
            fn deserialize<D: $crate::generated::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                $crate::generated::deserialize_choice(deserializer)
            }
        }
        impl $crate::Field for $name {
            #[inline]
            fn view(&self) -> ::std::option::Option<$crate::View<'_>> {
                ::std::option::Option::Some($crate::generated::view_choice(*self))
            }
            #[inline]
            fn read(value: $crate::Json) -> ::std::result::Result<Self, $crate::Json> {
                $crate::generated::read_choice(value)
            }
        }
        $crate::json_schema_choice!($name);
    };
}
