//! Generated enums: the members of a schema's `enum` as a Rust type.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::describe::{Phrase, Quoted, one_of, write_integer};
use crate::{Field, Number, View, nearest};

/// JSON value of an enum's member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChoiceValue {
    /// A string.
    Text(&'static str),
    /// An integer.
    Integer(i64),
}

/// JSON values of all members of an enum.
///
/// They are plain lists, since those cost the compiler next to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChoiceValues {
    /// Strings.
    Text(&'static [&'static str]),
    /// Integers.
    Integer(&'static [i64]),
}

impl ChoiceValues {
    /// Returns the value of the member at `index`.
    ///
    /// # Panics
    /// If there are not that many members.
    #[must_use]
    pub fn get(self, index: usize) -> ChoiceValue {
        match self {
            Self::Text(list) => ChoiceValue::Text(list[index]),
            Self::Integer(list) => ChoiceValue::Integer(list[index]),
        }
    }

    /// Iterates over all values in the order of the schema.
    pub fn iter(self) -> impl Iterator<Item = ChoiceValue> {
        let count = match self {
            Self::Text(list) => list.len(),
            Self::Integer(list) => list.len(),
        };
        (0..count).map(move |index| self.get(index))
    }
}

/// A generated enum.
///
/// Its members and their JSON values are two lists of the same order.
pub trait Choice: Copy + Sync + 'static {
    /// All members, in the order of the schema.
    const ALL: &'static [Self];
    /// JSON value of each member, in the order of [`ALL`](Self::ALL).
    const VALUES: ChoiceValues;

    /// Returns the member's index in [`ALL`](Self::ALL).
    fn index(self) -> usize;

    /// Returns the member's JSON value.
    #[must_use]
    fn value(self) -> ChoiceValue {
        Self::VALUES.get(self.index())
    }
}

// One impl for all enums: an impl for each of them would be compiled with each of them.
impl<C: Choice> Field for C {
    fn view(&self) -> Option<View<'_>> {
        Some(match self.value() {
            ChoiceValue::Text(text) => View::Text(text),
            ChoiceValue::Integer(integer) => View::Number(Number::Int(integer.into())),
        })
    }

    fn read(value: Value) -> Result<Self, Value> {
        let found = C::VALUES.iter().position(|known| match (known, &value) {
            (ChoiceValue::Text(a), Value::String(b)) => a == b,
            (ChoiceValue::Integer(a), Value::Number(b)) => {
                Number::from(b).as_integer() == Some(i128::from(a))
            }
            _ => false,
        });
        found.map(|index| C::ALL[index]).ok_or(value)
    }

    // The generator makes no enum without members.
    fn blank() -> Self {
        C::ALL[0]
    }
}

/// Error for a text that is no value of a generated enum.
///
/// Prints the text, the values of the enum, and the one that was probably meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownChoice {
    found: Value,
    known: ChoiceValues,
}

impl fmt::Display for UnknownChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known: Vec<ChoiceValue> = self.known.iter().collect();
        let (found, expected) = (View::from(&self.found).in_words(), one_of(&known));
        write!(f, "found {found}, expected {expected}")?;
        let texts = self.known.iter().filter_map(|known| match known {
            ChoiceValue::Text(text) => Some(text),
            ChoiceValue::Integer(_) => None,
        });
        match self.found.as_str().and_then(|found| nearest(found, texts)) {
            Some(near) => write!(f, "; did you mean `{near}`?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for UnknownChoice {}

impl Phrase for ChoiceValue {
    fn write(&self, out: &mut impl fmt::Write) -> fmt::Result {
        match self {
            Self::Text(text) => Quoted(text).write(out),
            Self::Integer(integer) => write_integer((*integer).into(), out),
        }
    }
}

// As JSON: strings in quotes.
impl fmt::Display for ChoiceValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f)
    }
}

impl Serialize for ChoiceValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Integer(integer) => serializer.serialize_i64(*integer),
        }
    }
}

/// Returns the member whose JSON value is written like `text`.
///
/// # Errors
/// [`UnknownChoice`] if no member's value is. Use one of the values that the error lists.
pub fn parse_choice<C: Choice>(text: &str) -> Result<C, UnknownChoice> {
    let found = C::VALUES.iter().position(|value| match value {
        ChoiceValue::Text(known) => known == text,
        ChoiceValue::Integer(known) => text.parse() == Ok(known),
    });
    let unknown = || UnknownChoice {
        found: View::Text(text).shown(),
        known: C::VALUES,
    };
    found.map(|index| C::ALL[index]).ok_or_else(unknown)
}

/// Returns the member's JSON value if it is a string, else an empty text.
#[must_use]
pub fn text_of<C: Choice>(member: C) -> &'static str {
    match member.value() {
        ChoiceValue::Text(text) => text,
        ChoiceValue::Integer(_) => "",
    }
}

/// Returns the member's JSON value if it is an integer, else 0.
#[must_use]
pub fn integer_of<C: Choice>(member: C) -> i64 {
    match member.value() {
        ChoiceValue::Integer(integer) => integer,
        ChoiceValue::Text(_) => 0,
    }
}

/// Prints a member with its enum's name: `Frames(121)`.
///
/// # Errors
/// Those of the formatter.
pub fn debug_choice<C: Choice>(name: &str, member: C, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{name}({})", member.value())
}

/// Prints a member's JSON value without quotes.
///
/// # Errors
/// Those of the formatter.
pub fn display_choice<C: Choice>(member: C, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match member.value() {
        ChoiceValue::Text(text) => f.pad(text),
        ChoiceValue::Integer(integer) => fmt::Display::fmt(&integer, f),
    }
}

/// Implements the methods and traits of a generated enum from its variants and their JSON values;
/// called by generated code.
///
/// The bodies are as small as can be, and comparing is written by hand: of all that is generated,
/// a dozen derived or generic methods for each enum took the compiler longest.
#[doc(hidden)]
#[macro_export]
macro_rules! choice {
    ($name:ident: str { $($variant:ident = $value:literal),+ $(,)? }) => {
        impl $name {
            /// All values, in the order of the schema.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// Returns the exact JSON value.
            #[inline]
            #[must_use]
            pub fn as_str(self) -> &'static str {
                $crate::__private::text_of(self)
            }
        }
        impl $crate::Choice for $name {
            const ALL: &'static [Self] = Self::ALL;
            const VALUES: $crate::ChoiceValues = $crate::ChoiceValues::Text(&[$($value),+]);
            #[inline]
            fn index(self) -> usize {
                self as usize
            }
        }
        $crate::choice!(@traits $name);
    };
    ($name:ident: i64 { $($variant:ident = $value:literal),+ $(,)? }) => {
        impl $name {
            /// All values, in the order of the schema.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// Returns the exact JSON value.
            #[inline]
            #[must_use]
            pub fn as_i64(self) -> i64 {
                $crate::__private::integer_of(self)
            }
        }
        impl $crate::Choice for $name {
            const ALL: &'static [Self] = Self::ALL;
            const VALUES: $crate::ChoiceValues = $crate::ChoiceValues::Integer(&[$($value),+]);
            #[inline]
            fn index(self) -> usize {
                self as usize
            }
        }
        $crate::choice!(@traits $name);
    };
    (@traits $name:ident) => {
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
                $crate::__private::debug_choice(::std::stringify!($name), *self, f)
            }
        }
        impl ::std::fmt::Display for $name {
            #[inline]
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                $crate::__private::display_choice(*self, f)
            }
        }
        impl ::std::str::FromStr for $name {
            type Err = $crate::UnknownChoice;
            #[inline]
            fn from_str(text: &str) -> ::std::result::Result<Self, $crate::UnknownChoice> {
                $crate::__private::parse_choice(text)
            }
        }
        $crate::choice_keys!($name);
        $crate::json_schema_choice!($name);
    };
}

/// Implements `Ord` and `Hash` for a generated enum; nothing without the feature, since they add a
/// quarter to what a generated crate costs to check.
#[cfg(feature = "enum-keys")]
#[doc(hidden)]
#[macro_export]
macro_rules! choice_keys {
    ($name:ident) => {
        impl ::std::cmp::PartialOrd for $name {
            #[inline]
            fn partial_cmp(&self, other: &Self) -> ::std::option::Option<::std::cmp::Ordering> {
                ::std::option::Option::Some(::std::cmp::Ord::cmp(self, other))
            }
        }
        impl ::std::cmp::Ord for $name {
            #[inline]
            fn cmp(&self, other: &Self) -> ::std::cmp::Ordering {
                ::std::cmp::Ord::cmp(&(*self as usize), &(*other as usize))
            }
        }
        impl ::std::hash::Hash for $name {
            #[inline]
            fn hash<H: ::std::hash::Hasher>(&self, state: &mut H) {
                state.write_usize(*self as usize);
            }
        }
    };
}

/// Implements `Ord` and `Hash` for a generated enum; nothing without the feature.
#[cfg(not(feature = "enum-keys"))]
#[doc(hidden)]
#[macro_export]
macro_rules! choice_keys {
    ($name:ident) => {};
}
