//! Generated enums: the members of a schema's `enum` as a Rust type.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::describe::one_of;
use crate::{Field, Number, View, nearest};

/// A value of an enum on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// A string.
    Text(&'static str),
    /// An integer.
    Integer(i64),
}

/// The wire values of all members of an enum: plain lists, which cost the compiler next to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wires {
    /// Strings.
    Text(&'static [&'static str]),
    /// Integers.
    Integer(&'static [i64]),
}

impl Wires {
    /// The value of the member at this place.
    ///
    /// # Panics
    /// When there is no such place.
    #[must_use]
    pub fn get(self, index: usize) -> Wire {
        match self {
            Self::Text(list) => Wire::Text(list[index]),
            Self::Integer(list) => Wire::Integer(list[index]),
        }
    }

    /// All values, in the order of the schema.
    pub fn iter(self) -> impl Iterator<Item = Wire> {
        let count = match self {
            Self::Text(list) => list.len(),
            Self::Integer(list) => list.len(),
        };
        (0..count).map(move |index| self.get(index))
    }
}

/// A generated enum. Its members and their wire values stand in two lists of the same order.
pub trait Choice: Copy + Sync + 'static {
    /// All members, in the order of the schema.
    const ALL: &'static [Self];
    /// The wire value of each member, in the order of [`ALL`](Self::ALL).
    const WIRE: Wires;

    /// The member's place in [`ALL`](Self::ALL).
    fn index(self) -> usize;

    /// The member's value on the wire.
    #[must_use]
    fn wire(self) -> Wire {
        Self::WIRE.get(self.index())
    }
}

/// One for all enums: an impl in each of them would be compiled with each of them.
impl<C: Choice> Field for C {
    fn view(&self) -> Option<View<'_>> {
        Some(match self.wire() {
            Wire::Text(text) => View::Text(text),
            Wire::Integer(integer) => View::Number(Number::Int(integer.into())),
        })
    }

    fn read(value: Value) -> Result<Self, Value> {
        let found = C::WIRE.iter().position(|wire| match (wire, &value) {
            (Wire::Text(a), Value::String(b)) => a == b,
            (Wire::Integer(a), Value::Number(b)) => {
                Number::from(b).as_integer() == Some(i128::from(a))
            }
            _ => false,
        });
        found.map(|index| C::ALL[index]).ok_or(value)
    }

    /// An enum without members cannot be generated.
    fn blank() -> Self {
        C::ALL[0]
    }
}

/// A value that no member of an enum has on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownChoice {
    found: Value,
    known: Wires,
}

impl fmt::Display for UnknownChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known: Vec<Wire> = self.known.iter().collect();
        let (found, expected) = (View::from(&self.found).in_words(), one_of(&known));
        write!(f, "found {found}, expected {expected}")?;
        let texts = self.known.iter().filter_map(|wire| match wire {
            Wire::Text(text) => Some(text),
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

/// Finds the member whose wire value is spelled like this.
///
/// # Errors
/// When no member is: the text, and what was expected.
pub fn parse_choice<C: Choice>(text: &str) -> Result<C, UnknownChoice> {
    let found = C::WIRE.iter().position(|wire| match wire {
        Wire::Text(known) => known == text,
        Wire::Integer(known) => text.parse() == Ok(known),
    });
    let unknown = || UnknownChoice {
        found: View::Text(text).shown(),
        known: C::WIRE,
    };
    found.map(|index| C::ALL[index]).ok_or_else(unknown)
}

/// The member's wire value, where it is a string.
#[must_use]
pub fn text_of<C: Choice>(member: C) -> &'static str {
    match member.wire() {
        Wire::Text(text) => text,
        Wire::Integer(_) => "",
    }
}

/// The member's wire value, where it is an integer.
#[must_use]
pub fn integer_of<C: Choice>(member: C) -> i64 {
    match member.wire() {
        Wire::Integer(integer) => integer,
        Wire::Text(_) => 0,
    }
}

/// Prints `Frames(121)`.
///
/// # Errors
/// Those of the formatter.
pub fn debug_choice<C: Choice>(name: &str, member: C, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{name}({})", member.wire())
}

/// Prints the wire value, without quotes.
///
/// # Errors
/// Those of the formatter.
pub fn display_choice<C: Choice>(member: C, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match member.wire() {
        Wire::Text(text) => f.pad(text),
        Wire::Integer(integer) => fmt::Display::fmt(&integer, f),
    }
}

/// Gives a generated enum its standard traits; called by generated code.
///
/// The bodies are as small as can be, and comparing is written by hand: of all that is generated,
/// a dozen derived or generic methods for each enum were what took the compiler longest.
#[doc(hidden)]
#[macro_export]
macro_rules! choice {
    ($name:ident) => {
        impl ::std::cmp::PartialEq for $name {
            #[inline]
            fn eq(&self, other: &Self) -> bool {
                *self as usize == *other as usize
            }
        }
        impl ::std::cmp::Eq for $name {}
        impl ::std::fmt::Debug for $name {
            #[inline]
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                $crate::generated::debug_choice(::std::stringify!($name), *self, f)
            }
        }
        impl ::std::fmt::Display for $name {
            #[inline]
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                $crate::generated::display_choice(*self, f)
            }
        }
        impl ::std::str::FromStr for $name {
            type Err = $crate::UnknownChoice;
            #[inline]
            fn from_str(text: &str) -> ::std::result::Result<Self, $crate::UnknownChoice> {
                $crate::generated::parse_choice(text)
            }
        }
        $crate::json_schema_choice!($name);
    };
}
