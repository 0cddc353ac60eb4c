//! A typed input from JSON, or all that is wrong with it.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::reader::Unfit;
use crate::record::{read_members, unique_members};
use crate::{Certainty, Constraint, Record, Violation, Violations};

/// A generated struct that is read from JSON, or all violations of the JSON at once.
///
/// Reading a struct itself with serde ends at the shape: a wrong type hides that a number is out of its
/// range, and the error is a text. This type reads any JSON object. Use it where JSON comes from
/// outside, such as in the JSON extractor of a web framework, and answer with the violations as JSON.
///
/// ```
/// # use runcomfy_schema::{Checked, Record};
/// fn answer<Input: Record>(body: &str) -> Result<Input, String> {
///     let checked: Checked<Input> = serde_json::from_str(body).map_err(|e| e.to_string())?;
///     checked.into_result().map_err(|violations| {
///         serde_json::to_string(&violations).unwrap_or_default()
///     })
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Checked<R> {
    result: Result<R, Violations>,
}

impl<R: Record> Checked<R> {
    /// Checks a JSON value and reads it.
    #[must_use]
    pub fn new(value: Value) -> Self {
        let violations = R::schema().validate(&value);
        let result = match value {
            Value::Object(members) if !violations.refuse() => {
                read_members(members).map_err(|unfit| {
                    let mut violations = violations;
                    violations.extend([unfit_violation(&unfit)]);
                    violations
                })
            }
            _ => Err(violations),
        };
        Self { result }
    }
}

impl<R> Checked<R> {
    /// Returns the struct, or all violations of the JSON.
    ///
    /// # Errors
    /// The violations, of which at least one is certain. They serialize as an array of objects with
    /// `pointer`, `rule`, `limit`, `actual` and `text`.
    pub fn into_result(self) -> Result<R, Violations> {
        self.result
    }
}

/// Returns a violation for a member that the schema allows and the field's type cannot hold, such as an
/// integer beyond 63 bits.
fn unfit_violation(unfit: &Unfit) -> Violation {
    let expected = "a value that the field's type can hold";
    Violation::new(
        unfit.pointer(),
        Constraint::Type,
        Certainty::Certain,
        unfit.found(),
        expected,
    )
}

impl<R: Record> From<Value> for Checked<R> {
    fn from(value: Value) -> Self {
        Self::new(value)
    }
}

impl<'de, R: Record> Deserialize<'de> for Checked<R> {
    /// Reads any JSON.
    ///
    /// # Errors
    /// Fails if the text is no JSON, or if the outermost object has a name twice.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any(PhantomData))
    }
}

/// Reads any value, and an object as generated structs do.
struct Any<R>(PhantomData<R>);

impl<'de, R: Record> Visitor<'de> for Any<R> {
    type Value = Checked<R>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<Self::Value, A::Error> {
        let members = unique_members(access)?;
        Ok(Checked::new(Value::Object(members)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<Self::Value, A::Error> {
        Value::deserialize(SeqAccessDeserializer::new(access)).map(Checked::new)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Checked::new(text.into()))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Checked::new(value.into()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Checked::new(number.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Checked::new(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Checked::new(number.into()))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Checked::new(Value::Null))
    }
}
