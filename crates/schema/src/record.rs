//! Generated structs: objects with the properties of their schemas as fields.

use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::reader::{Reader, Unfit};
use crate::{Field, NamedField, Path, Record, Redacted, View, Violations};

#[cfg(test)]
mod tests;

impl Reader {
    /// Returns the field for the member `name`; a blank one if the member is missing and must not
    /// be, or is of another type than the field.
    pub fn take<T: Field>(&mut self, name: &'static str) -> T {
        let found = match self.members.remove(name).map(T::read) {
            Some(Ok(field)) => return field,
            Some(Err(value)) => Some(value),
            None if T::is_optional() => return T::blank(),
            None => None,
        };
        self.unfit.get_or_insert(Unfit { name, found });
        T::blank()
    }
}

impl Unfit {
    /// Returns the JSON pointer to the member.
    pub(crate) fn pointer(&self) -> String {
        Path::ROOT.member(self.name).to_string()
    }

    /// Returns the value in words, with the reason why it does not fit.
    pub(crate) fn found(&self) -> String {
        match &self.found {
            Some(value) => {
                let found = View::from(value).in_words();
                format!("{found}, which the field's type cannot hold")
            }
            None => "nothing, expected a value".to_owned(),
        }
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: found {}", self.pointer(), self.found())
    }
}

impl std::error::Error for Unfit {}

/// Reads a record from free JSON, and with it the members that no field takes.
///
/// # Errors
/// The value that is no object, or the member that does not fit its field.
pub fn read_record<R: Record>(value: Value) -> Result<R, Value> {
    let Value::Object(members) = value else {
        return Err(value);
    };
    read_members(members).map_err(|unfit| unfit.found.unwrap_or(Value::Null))
}

/// Reads a record from the members of an object.
///
/// # Errors
/// The first member that its field cannot hold.
pub(crate) fn read_members<R: Record>(members: Map<String, Value>) -> Result<R, Unfit> {
    let mut reader = Reader::new(members);
    let record = R::read(&mut reader);
    reader.unfit.map_or(Ok(record), Err)
}

/// Returns a record in which nothing is set, not even what is required.
#[must_use]
pub fn blank_record<R: Record>() -> R {
    R::read(&mut Reader::new(Map::new()))
}

/// Reads a record for serde, and with it the members that no field takes.
///
/// There are such members only if the schema allows them, so a misspelt optional property is not
/// lost silently. Ranges and rules are left to validation.
///
/// # Errors
/// Everything that is wrong with the value's shape, at once: missing and unknown properties, wrong
/// types, unknown enum members. Before that, a property that the outermost object has twice.
pub fn deserialize_record<'de, R: Record, D: Deserializer<'de>>(d: D) -> Result<R, D::Error> {
    let members = d.deserialize_map(Members)?;
    let violations = R::schema().validate_shape(View::Object(&members));
    if !violations.is_empty() {
        return Err(D::Error::custom(violations));
    }
    read_members(members).map_err(D::Error::custom)
}

/// Collects an object and refuses repeated names, of which serde_json would keep the last silently.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<Self::Value, A::Error> {
        unique_members(access)
    }
}

/// Collects the members of an object.
///
/// # Errors
/// Fails with the first name that the object has twice.
pub(crate) fn unique_members<'de, A: MapAccess<'de>>(
    mut access: A,
) -> Result<Map<String, Value>, A::Error> {
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

/// Writes a record for serde.
///
/// # Errors
/// The serializer's own, and one if a number is NaN or infinite, which JSON cannot express.
pub fn serialize_record<S: Serializer>(record: &dyn Record, s: S) -> Result<S::Ok, S::Error> {
    View::Record(record).serialize(s)
}

/// Prints a record with its JSON names: `Input { prompt: "A boat", scale: 0.7 }`.
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

/// Compares two records of one type field by field. NaN is unequal to itself.
#[must_use]
pub fn eq_record(a: &dyn Record, b: &dyn Record) -> bool {
    let mut equal = a.extra() == b.extra();
    a.fields(&mut |a| b.fields(&mut |b| equal = equal && eq_fields(a, b)));
    equal
}

fn eq_fields(a: &[NamedField<'_>], b: &[NamedField<'_>]) -> bool {
    a.len() == b.len()
        && a.iter()
            .zip(b)
            .all(|((_, a), (_, b))| match (a.view(), b.view()) {
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

/// Checks a typed record against its schema and returns all violations at once.
#[must_use]
pub fn validate_record<R: Record>(record: &R) -> Violations {
    R::schema().validate(View::Record(record))
}

/// Implements the traits of a generated struct from its fields and their JSON names; called by
/// generated code.
///
/// `SCHEMA["loras"]` is the object that the property `loras` of the model's input is, or of which it
/// is an array. Such a nested struct is a [`Field`] of others, too.
#[doc(hidden)]
#[macro_export]
macro_rules! record {
    (
        $name:ident, $model:ident $([$($outer:literal),+])? {
            $($json:literal: $field:ident),* $(,)?
        }
    ) => {
        $($crate::nested_record!($name $($outer)+);)?
        impl $crate::Record for $name {
            #[inline]
            fn schema() -> &'static $crate::Schema {
                $crate::__private::nested_schema(&$model.input, &[$($($outer),+)?])
            }
            #[inline]
            fn fields<'a>(
                &'a self,
                visit: &mut dyn ::std::ops::FnMut(&[$crate::__private::NamedField<'a>]),
            ) {
                visit(&[$(($json, &self.$field)),*]);
            }
            #[inline]
            fn extra(&self) -> &$crate::Extra {
                &self.extra
            }
            #[inline]
            fn read(reader: &mut $crate::Reader) -> Self {
                Self {
                    $($field: reader.take($json),)*
                    extra: reader.rest(),
                }
            }
        }
        impl $name {
            /// Checks every value against the schema and returns all violations at once.
            ///
            /// Members in `extra` are sent as they are and not checked.
            #[inline]
            #[must_use]
            pub fn validate(&self) -> $crate::Violations {
                $crate::__private::validate_record(self)
            }

            /// Sets a member that the schema does not name, or replaces the typed field of that
            /// JSON name by a value that the schema does not allow.
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

/// Implements [`Field`] for a generated struct that is the value of a property.
#[doc(hidden)]
#[macro_export]
macro_rules! nested_record {
    ($name:ident $($outer:literal)+) => {
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
}
