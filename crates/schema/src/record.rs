//! Generated structs: an object with its schema's properties as fields.

use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::{Field, Path, Property, Redacted, Schema, View, Violations};

#[cfg(test)]
mod tests;

/// Members of an object that its schema does not know, by name. They are sent as they are, and
/// one with the name of a property takes the place of the typed field.
pub type Extra = Map<String, Value>;

/// A generated struct. Its schema says what the fields are called and what they may be; the engine
/// walks the properties of the schema and asks for each field by its place among them.
pub trait Record: Sync {
    /// The object's schema.
    fn schema() -> &'static Schema
    where
        Self: Sized;

    /// The object's properties, from its schema.
    fn properties(&self) -> &'static [Property];

    /// The field of the property at this place, or nothing where it is left out.
    fn field(&self, index: usize) -> Option<View<'_>>;

    /// Members beyond the properties.
    fn extra(&self) -> &Extra;

    /// Takes the fields over from JSON, each by its property's place, and after them what no field
    /// takes. What is wrong the reader keeps.
    fn read(reader: &mut Reader) -> Self
    where
        Self: Sized;
}

/// Hands the members of a JSON object to the fields of a [`Record`]. It gives every field a value,
/// so that generated code has no errors to hand on, of which each would be compiled with each field.
#[derive(Debug)]
pub struct Reader {
    members: Map<String, Value>,
    properties: &'static [Property],
    mismatch: Option<Mismatch>,
}

/// A member that its field cannot take.
#[derive(Debug)]
struct Mismatch {
    name: &'static str,
    found: Option<Value>,
}

impl Reader {
    fn new<R: Record>(members: Map<String, Value>) -> Self {
        Self {
            members,
            properties: R::schema().properties().unwrap_or_default(),
            mismatch: None,
        }
    }

    /// The field for the property at this place; a blank one where the member is
    /// missing and must not be, or is of another type than the field.
    pub fn take<T: Field>(&mut self, index: usize) -> T {
        let name: &'static str = &self.properties[index].name;
        let found = match self.members.remove(name).map(T::read) {
            Some(Ok(field)) => return field,
            Some(Err(value)) => Some(value),
            None if T::OPTIONAL => return T::blank(),
            None => None,
        };
        self.mismatch.get_or_insert(Mismatch { name, found });
        T::blank()
    }

    /// The members that no field has taken; called after the last field.
    #[must_use]
    pub fn rest(&mut self) -> Extra {
        std::mem::take(&mut self.members)
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = Path::ROOT;
        let at = at.member(self.name);
        match &self.found {
            Some(value) => {
                let found = View::from(value).in_words();
                write!(f, "{at}: found {found}, which the field's type cannot hold")
            }
            None => write!(f, "{at}: found nothing, expected a value"),
        }
    }
}

impl std::error::Error for Mismatch {}

/// Reads a record from free JSON, and with it the members that no field takes.
///
/// # Errors
/// Gives the value back when it is no object or a member does not fit its field.
pub fn read_record<R: Record>(value: Value) -> Result<R, Value> {
    let Value::Object(members) = value else {
        return Err(value);
    };
    read_members(members).map_err(|mismatch| mismatch.found.unwrap_or(Value::Null))
}

fn read_members<R: Record>(members: Map<String, Value>) -> Result<R, Mismatch> {
    let mut reader = Reader::new::<R>(members);
    let record = R::read(&mut reader);
    reader.mismatch.map_or(Ok(record), Err)
}

/// A record in which nothing is set, not even what must be.
#[must_use]
pub fn blank_record<R: Record>() -> R {
    R::read(&mut Reader::new::<R>(Map::new()))
}

/// Reads a record for serde, and with it the members that no field takes: none, unless the schema
/// allows them. A misspelt optional property is so not lost in silence. Ranges and rules are left
/// to validation.
///
/// # Errors
/// Everything that is wrong with the value's shape, at once: missing and unknown properties, wrong
/// types, unknown enum members. Before that, a property that stands twice in the outermost object.
pub fn deserialize_record<'de, R: Record, D: Deserializer<'de>>(d: D) -> Result<R, D::Error> {
    let members = d.deserialize_map(Members)?;
    let violations = R::schema().validate_shape(View::Object(&members));
    if !violations.is_empty() {
        return Err(D::Error::custom(violations));
    }
    read_members(members).map_err(D::Error::custom)
}

/// Collects an object, refusing repeated names (serde_json would keep the last in silence).
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, value)) = access.next_entry::<String, Value>()? {
            if members.contains_key(&name) {
                let at = Path::ROOT;
                let at = at.member(&name);
                return Err(A::Error::custom(format_args!(
                    "{at}: found twice, expected once"
                )));
            }
            members.insert(name, value);
        }
        Ok(members)
    }
}

/// Writes a record for serde.
///
/// # Errors
/// When a number is NaN or infinite, which JSON cannot say; else the serializer's own.
pub fn serialize_record<S: Serializer>(record: &dyn Record, s: S) -> Result<S::Ok, S::Error> {
    View::Record(record).serialize(s)
}

/// Prints `Input { prompt: "A boat", scale: 0.7 }`, with the names of the wire.
///
/// # Errors
/// Those of the formatter.
pub fn debug_record(name: &str, record: &dyn Record, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut out = f.debug_struct(name);
    View::Record(record).for_each_member(&mut |name, view| {
        let shown = view.to_value().to_string();
        out.field(name, &format_args!("{}", Redacted(&shown)));
    });
    out.finish()
}

/// Compares two records of one type field by field; NaN is unequal to itself, as ever.
#[must_use]
pub fn eq_record(a: &dyn Record, b: &dyn Record) -> bool {
    a.extra() == b.extra()
        && (0..a.properties().len()).all(|i| match (a.field(i), b.field(i)) {
            (None, None) => true,
            (Some(a), Some(b)) => eq_view(a, b),
            _ => false,
        })
}

fn eq_view(a: View<'_>, b: View<'_>) -> bool {
    match (a, b) {
        (View::Null, View::Null) => true,
        (View::Bool(a), View::Bool(b)) => a == b,
        (View::Number(a), View::Number(b)) => a == b,
        (View::Text(a), View::Text(b)) => a == b,
        (View::Media(a), View::Media(b)) => a == b,
        (View::Array(a), View::Array(b)) => {
            a.count() == b.count() && (0..a.count()).all(|i| eq_view(a.element(i), b.element(i)))
        }
        (View::Object(a), View::Object(b)) => a == b,
        (View::Record(a), View::Record(b)) => eq_record(a, b),
        _ => false,
    }
}

/// Checks a typed record against its schema.
#[must_use]
pub fn validate_record<R: Record>(record: &R) -> Violations {
    R::schema().validate(View::Record(record))
}

/// Gives a generated struct its standard traits; called by generated code. One that is `nested` is
/// a [`Field`] of others, too.
#[doc(hidden)]
#[macro_export]
macro_rules! record {
    ($name:ident, nested) => {
        $crate::record!($name);
        impl $crate::Field for $name {
            #[inline]
            fn view(&self) -> ::std::option::Option<$crate::View<'_>> {
                ::std::option::Option::Some($crate::View::Record(self))
            }
            #[inline]
            fn read(value: $crate::Json) -> ::std::result::Result<Self, $crate::Json> {
                $crate::__private::read_record(value)
            }
            #[inline]
            fn blank() -> Self {
                $crate::__private::blank_record()
            }
        }
    };
    ($name:ident) => {
        impl $name {
            /// Checks every value against the schema and gives all violations at once; members
            /// given through `extra` are sent as they are and not checked.
            #[inline]
            #[must_use]
            pub fn validate(&self) -> $crate::Violations {
                $crate::__private::validate_record(self)
            }

            /// Sets a member that the schema does not know, or overrides the typed field of the
            /// same wire name with a value that the schema does not allow.
            #[inline]
            #[must_use]
            pub fn with_extra(
                mut self,
                name: impl ::std::convert::Into<::std::string::String>,
                value: impl ::std::convert::Into<$crate::Json>,
            ) -> Self {
                self.extra.insert(name.into(), value.into());
                self
            }
        }
        impl ::std::fmt::Debug for $name {
            #[inline]
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                $crate::__private::debug_record(::std::stringify!($name), self, f)
            }
        }
        impl ::std::cmp::PartialEq for $name {
            #[inline]
            fn eq(&self, other: &Self) -> bool {
                $crate::__private::eq_record(self, other)
            }
        }
        impl $crate::__private::serde::Serialize for $name {
            #[inline]
            fn serialize<S: $crate::__private::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                $crate::__private::serialize_record(self, serializer)
            }
        }
        impl<'de> $crate::__private::serde::Deserialize<'de> for $name {
            #[inline]
            fn deserialize<D: $crate::__private::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                $crate::__private::deserialize_record(deserializer)
            }
        }
        $crate::json_schema!($name);
    };
}
