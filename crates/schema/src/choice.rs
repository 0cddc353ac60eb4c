//! Generated enums: the members of a schema's `enum` as a Rust type.

use std::cmp::Ordering;
use std::fmt;
use std::hash::Hasher;
use std::marker::PhantomData;

use serde::de::Visitor;
use serde::{Deserializer, Serializer};
use serde_json::Value;

use crate::phrase::{Quoted, one_of};
use crate::{Field, View, nearest_choice};

/// A generated enum, whose members are strings in JSON.
///
/// Its members and their JSON values are two lists of the same order, the schema's.
pub trait Choice: Copy + Sync + 'static {
    /// All members, in the order of the schema.
    const ALL: &'static [Self];
    /// JSON value of each member, in the order of [`ALL`](Self::ALL).
    const VALUES: &'static [&'static str];

    /// Returns the member's index in [`ALL`](Self::ALL).
    fn index(self) -> usize;

    /// Returns the member's JSON value.
    #[must_use]
    fn value(self) -> &'static str {
        Self::VALUES[self.index()]
    }
}

// One impl for all enums: an impl for each of them would be compiled with each of them.
impl<C: Choice> Field for C {
    fn view(&self) -> Option<View<'_>> {
        Some(View::Text(self.value()))
    }

    fn read(value: Value) -> Result<Self, Value> {
        match value.as_str().and_then(find) {
            Some(member) => Ok(member),
            None => Err(value),
        }
    }

    // The generator makes no enum without members.
    fn blank() -> Self {
        C::ALL[0]
    }
}

fn find<C: Choice>(text: &str) -> Option<C> {
    let index = C::VALUES.iter().position(|known| *known == text);
    index.map(|index| C::ALL[index])
}

/// Error for a text that is no value of a generated enum.
///
/// Prints the text, the values of the enum, and the one that was probably meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownChoice {
    found: Value,
    known: &'static [&'static str],
}

impl fmt::Display for UnknownChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.known.iter().map(|known| Quoted(known));
        let (found, expected) = (View::from(&self.found).in_words(), one_of(known));
        write!(f, "found {found}, expected {expected}")?;
        let texts = self.known.iter().copied();
        match self
            .found
            .as_str()
            .and_then(|found| nearest_choice(found, texts))
        {
            Some(near) => write!(f, "; did you mean `{near}`?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for UnknownChoice {}

/// Returns the member whose JSON value is `text`.
///
/// # Errors
/// [`UnknownChoice`] if no member's value is. Use one of the values that the error lists.
pub fn parse_choice<C: Choice>(text: &str) -> Result<C, UnknownChoice> {
    find(text).ok_or_else(|| UnknownChoice {
        found: View::Text(text).shown(),
        known: C::VALUES,
    })
}

/// Returns the member's JSON value.
#[must_use]
pub fn text_of<C: Choice>(member: C) -> &'static str {
    member.value()
}

/// Prints a member with its enum's name: `AspectRatio("16:9")`.
///
/// # Errors
/// Those of the formatter.
pub fn debug_choice<C: Choice>(name: &str, member: C, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{name}({})", Value::from(member.value()))
}

/// Prints a member's JSON value without quotes.
///
/// # Errors
/// Those of the formatter.
pub fn display_choice<C: Choice>(member: C, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.pad(member.value())
}

/// Orders members as the schema does.
#[must_use]
pub fn cmp_choice<C: Choice>(a: C, b: C) -> Ordering {
    a.index().cmp(&b.index())
}

/// Feeds a member to a hasher.
pub fn hash_choice<C: Choice>(member: C, state: &mut impl Hasher) {
    state.write_usize(member.index());
}

/// Writes a member's JSON value for serde.
///
/// # Errors
/// Fails if the serializer does.
pub fn serialize_choice<C: Choice, S: Serializer>(member: C, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(member.value())
}

/// Reads a member from its JSON value for serde.
///
/// # Errors
/// Fails if the deserializer does, and with [`UnknownChoice`] if no member has this value.
pub fn deserialize_choice<'de, C: Choice, D: Deserializer<'de>>(d: D) -> Result<C, D::Error> {
    d.deserialize_str(Member(PhantomData))
}

struct Member<C>(PhantomData<C>);

impl<C: Choice> Visitor<'_> for Member<C> {
    type Value = C;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&one_of(C::VALUES.iter().map(|known| Quoted(known))))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<C, E> {
        parse_choice(text).map_err(E::custom)
    }
}

/// Implements the methods and traits of a generated enum from its variants and their JSON values;
/// called by generated code.
///
/// The bodies are one call each of generic code, and comparing is written by hand: of all that is
/// generated, the traits of enums take the compiler longest.
#[doc(hidden)]
#[macro_export]
macro_rules! choice {
    ($name:ident $(= $default:ident)? { $($variant:ident = $value:literal),+ $(,)? }) => {
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
            const VALUES: &'static [&'static str] = &[$($value),+];
            #[inline]
            fn index(self) -> usize {
                self as usize
            }
        }
        $(impl ::std::default::Default for $name {
            #[inline]
            fn default() -> Self {
                Self::$default
            }
        })?
        impl ::std::cmp::PartialEq for $name {
            #[inline]
            fn eq(&self, other: &Self) -> bool {
                *self as usize == *other as usize
            }
        }
        impl ::std::cmp::Eq for $name {}
        impl ::std::cmp::PartialOrd for $name {
            #[inline]
            fn partial_cmp(&self, other: &Self) -> ::std::option::Option<::std::cmp::Ordering> {
                ::std::option::Option::Some(::std::cmp::Ord::cmp(self, other))
            }
        }
        impl ::std::cmp::Ord for $name {
            #[inline]
            fn cmp(&self, other: &Self) -> ::std::cmp::Ordering {
                $crate::__private::cmp_choice(*self, *other)
            }
        }
        impl ::std::hash::Hash for $name {
            #[inline]
            fn hash<H: ::std::hash::Hasher>(&self, state: &mut H) {
                $crate::__private::hash_choice(*self, state);
            }
        }
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
        impl ::std::convert::TryFrom<&str> for $name {
            type Error = $crate::UnknownChoice;
            #[inline]
            fn try_from(text: &str) -> ::std::result::Result<Self, $crate::UnknownChoice> {
                $crate::__private::parse_choice(text)
            }
        }
        impl ::std::convert::From<$name> for &'static str {
            #[inline]
            fn from(member: $name) -> &'static str {
                $crate::__private::text_of(member)
            }
        }
        impl $crate::__private::serde::Serialize for $name {
            #[inline]
            fn serialize<S: $crate::__private::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                $crate::__private::serialize_choice(*self, serializer)
            }
        }
        impl<'de> $crate::__private::serde::Deserialize<'de> for $name {
            #[inline]
            fn deserialize<D: $crate::__private::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                $crate::__private::deserialize_choice(deserializer)
            }
        }
        $crate::value_enum!($name);
        $crate::json_schema_choice!($name);
    };
}

/// Implements clap's `ValueEnum` for a generated enum.
#[cfg(feature = "clap")]
#[doc(hidden)]
#[macro_export]
macro_rules! value_enum {
    ($name:ident) => {
        impl $crate::__private::clap::ValueEnum for $name {
            #[inline]
            fn value_variants<'a>() -> &'a [Self] {
                Self::ALL
            }
            #[inline]
            fn to_possible_value(
                &self,
            ) -> ::std::option::Option<$crate::__private::clap::builder::PossibleValue> {
                ::std::option::Option::Some($crate::__private::possible_value(*self))
            }
        }
    };
}

/// Implements clap's `ValueEnum` for a generated enum; nothing without the feature.
#[cfg(not(feature = "clap"))]
#[doc(hidden)]
#[macro_export]
macro_rules! value_enum {
    ($name:ident) => {};
}

/// Returns a member as clap shows it: by its JSON value.
#[cfg(feature = "clap")]
#[must_use]
pub fn possible_value<C: Choice>(member: C) -> clap::builder::PossibleValue {
    member.value().into()
}
