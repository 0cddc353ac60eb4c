//! What is wrong with a value.

use std::fmt;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::Value;

/// One way in which a value breaks its schema.
///
/// Prints as one sentence: `/scale: found 7, expected a number in 0..1`. Serializes with the keys
/// `pointer`, `rule`, `limit`, `actual`, `text`, and where there is one `message`, `hint`;
/// `certain` tells whether the service is sure to refuse.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Violation {
    /// JSON pointer (RFC 6901) to the value, such as `/image_urls/3`.
    pub pointer: String,
    /// What was broken.
    pub rule: Constraint,
    /// What the constraint allows: a bound, a list of members, a type's name.
    pub limit: Value,
    /// What was found: the value, or the length or count where that is what was limited; long
    /// values are cut.
    pub actual: Value,
    /// What was found, in words.
    pub found: String,
    /// What was expected, in words.
    pub expected: String,
    /// The schema's own message, where it has one for this.
    pub message: Option<String>,
    /// What may have been meant.
    pub hint: Option<String>,
    /// Whether the service is sure to refuse the value.
    pub certainty: Certainty,
}

/// How sure a [`Violation`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// The schema says so; nothing is sent.
    Certain,
    /// The service may take it all the same; a warning.
    Likely,
}

/// The constraint that a [`Violation`] broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Constraint {
    /// A required property is missing.
    Required,
    /// The value is of another type.
    Type,
    /// The object has a property that the schema does not name.
    UnknownProperty,
    /// The value is not among the allowed ones.
    Enum,
    /// Below `minimum`.
    Minimum,
    /// Above `maximum`.
    Maximum,
    /// Not above `exclusiveMinimum`.
    ExclusiveMinimum,
    /// Not below `exclusiveMaximum`.
    ExclusiveMaximum,
    /// Not a whole multiple of `multipleOf`.
    MultipleOf,
    /// Fewer characters than `minLength`.
    MinLength,
    /// More characters than `maxLength`.
    MaxLength,
    /// Fewer elements than `minItems`.
    MinItems,
    /// More elements than `maxItems`.
    MaxItems,
    /// Not the URL of a medium.
    Format,
}

impl Constraint {
    /// Its name in a schema, or in snake case where a schema has no name for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Type => "type",
            Self::UnknownProperty => "unknown_property",
            Self::Enum => "enum",
            Self::Minimum => "minimum",
            Self::Maximum => "maximum",
            Self::ExclusiveMinimum => "exclusiveMinimum",
            Self::ExclusiveMaximum => "exclusiveMaximum",
            Self::MultipleOf => "multipleOf",
            Self::MinLength => "minLength",
            Self::MaxLength => "maxLength",
            Self::MinItems => "minItems",
            Self::MaxItems => "maxItems",
            Self::Format => "format",
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = if self.pointer.is_empty() {
            "the input"
        } else {
            &self.pointer
        };
        write!(f, "{at}: found {}, expected {}", self.found, self.expected)?;
        if let Some(hint) = &self.hint {
            write!(f, "; did you mean `{hint}`?")?;
        }
        if let Some(message) = &self.message {
            write!(f, " ({message})")?;
        }
        Ok(())
    }
}

impl Serialize for Violation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("pointer", &self.pointer)?;
        map.serialize_entry("rule", self.rule.as_str())?;
        map.serialize_entry("limit", &self.limit)?;
        map.serialize_entry("actual", &self.actual)?;
        map.serialize_entry("certain", &(self.certainty == Certainty::Certain))?;
        if let Some(message) = &self.message {
            map.serialize_entry("message", message)?;
        }
        if let Some(hint) = &self.hint {
            map.serialize_entry("hint", hint)?;
        }
        map.serialize_entry("text", &self.to_string())?;
        map.end()
    }
}

/// All violations of one value, in the order of the schema. Empty for a valid value, and then
/// nothing was allocated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Violations {
    list: Vec<Violation>,
}

impl Violations {
    /// Whether there are none at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether at least one is certain, so that the value must not be sent.
    #[must_use]
    pub fn refuse(&self) -> bool {
        self.list.iter().any(|v| v.certainty == Certainty::Certain)
    }

    /// Each violation.
    pub fn iter(&self) -> std::slice::Iter<'_, Violation> {
        self.list.iter()
    }

    pub(crate) fn push(&mut self, violation: Violation) {
        self.list.push(violation);
    }
}

impl IntoIterator for Violations {
    type Item = Violation;
    type IntoIter = std::vec::IntoIter<Violation>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl<'a> IntoIterator for &'a Violations {
    type Item = &'a Violation;
    type IntoIter = std::slice::Iter<'a, Violation>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

/// One line a violation.
impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, violation) in self.list.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            violation.fmt(f)?;
        }
        Ok(())
    }
}

impl Serialize for Violations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.list)
    }
}
