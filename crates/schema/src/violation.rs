//! Violations: faults of values.

use std::fmt;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::Value;

use crate::{Literal, Number, Redacted, Rule};

/// A violation: one way in which a value does not satisfy its schema.
///
/// Prints as one sentence: `/scale: found 7, expected a number in 0..=1`, without the queries of
/// URLs; its fields have the values as they are. Serializes with the keys
/// `pointer`, `rule`, `limit`, `actual`, `text`, and where there is one `message`, `hint`;
/// `certain` tells whether the service is sure to refuse.
///
/// ```
/// # use runcomfy_schema::{Constraint, ModelSchema};
/// # use serde_json::json;
/// # let document = json!({"properties": {"scale": {"type": "float", "minimum": 0, "maximum": 1}}});
/// # let model = ModelSchema::parse(Some("a/b"), &[document]).0.unwrap();
/// for violation in model.validate(&json!({"scale": 7})) {
///     assert_eq!((&*violation.pointer, violation.rule), ("/scale", Constraint::Maximum));
///     assert_eq!(violation.limit, json!(1));
///     assert_eq!(violation.actual, json!(7));
/// }
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Violation {
    /// JSON pointer (RFC 6901) to the value, such as `/image_urls/3`.
    pub pointer: String,
    /// Violated constraint.
    pub rule: Constraint,
    /// Limit of the constraint: a bound, a list of members, a type's name.
    pub limit: Literal,
    /// Value that was found, or its length or count if that is limited. Long values are cut.
    pub actual: Value,
    /// Value that was found, in words.
    pub found: String,
    /// Allowed values, in words.
    pub expected: String,
    /// Message of the schema for this violation, if it has one.
    pub message: Option<String>,
    /// Name or value that was probably meant.
    pub hint: Option<String>,
    /// Certainty that the service refuses the value.
    pub certainty: Certainty,
}

/// Certainty of a [`Violation`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// The schema forbids the value, so nothing is sent.
    Certain,
    /// The service may accept the value anyway, so this is a warning.
    Likely,
}

/// Constraint that a [`Violation`] is about.
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
    /// Not a media URL.
    Format,
    /// The media file does not satisfy a [`Rule`] of `validations`.
    Media,
}

impl Constraint {
    /// Returns the constraint's name in a schema, or a name in snake case if a schema has none.
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
            Self::Media => "validations",
        }
    }
}

impl Violation {
    /// Creates a violation in words, for constraints that the engine cannot check itself. Set the
    /// other fields if there is more to report.
    #[must_use]
    pub fn new(
        pointer: impl Into<String>,
        rule: Constraint,
        certainty: Certainty,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Self {
            pointer: pointer.into(),
            rule,
            limit: Literal::Null,
            actual: Value::Null,
            found: found.into(),
            expected: expected.into(),
            message: None,
            hint: None,
            certainty,
        }
    }

    /// Creates the violation of a rule of `validations` by the media input at `pointer`. `actual`
    /// is the measured quantity, `found` the same in words.
    ///
    /// ```
    /// # use runcomfy_schema::{Certainty, Number, Operator, Quantity, Rule, Violation};
    /// let rule = Rule {
    ///     quantity: Quantity::WidthPixels,
    ///     operator: Operator::AtMost,
    ///     value: Number::Int(4096),
    ///     message: "Maximum resolution is 4096x4096.".into(),
    /// };
    /// let actual = Some(Number::Int(5000));
    /// let violation = Violation::from_rule(&rule, "/image", actual, "5000", Certainty::Certain);
    /// assert_eq!(
    ///     violation.to_string(),
    ///     "/image: found 5000, expected width_pixels <= 4096 (Maximum resolution is 4096x4096.)"
    /// );
    /// ```
    #[must_use]
    pub fn from_rule(
        rule: &Rule,
        pointer: impl Into<String>,
        actual: Option<Number>,
        found: impl Into<String>,
        certainty: Certainty,
    ) -> Self {
        let found = found.into();
        Self {
            limit: Literal::Number(rule.value),
            actual: actual.map_or(Value::Null, Number::to_value),
            message: Some(rule.message.to_string()).filter(|message| !message.is_empty()),
            ..Self::new(
                pointer,
                Constraint::Media,
                certainty,
                found,
                rule.to_string(),
            )
        }
    }
}

impl fmt::Debug for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Violation")
            .field("rule", &self.rule)
            .field("certainty", &self.certainty)
            .field("text", &self.to_string())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = if self.pointer.is_empty() {
            "the input"
        } else {
            &self.pointer
        };
        let found = Redacted(&self.found);
        let at = Redacted(at);
        write!(f, "{at}: found {found}, expected {}", self.expected)?;
        if let Some(hint) = &self.hint {
            write!(f, "; did you mean `{hint}`?")?;
        }
        if let Some(message) = &self.message {
            write!(f, " ({})", Redacted(message))?;
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

/// All violations of one value, in the order of the schema. For a valid value it is empty and
/// allocates nothing.
///
/// Thousands of violations of one value have one reason, so the first 1,000 are kept.
/// [`left_out`](Self::left_out) counts the others, and [`refuse`](Self::refuse) covers all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Violations {
    list: Vec<Violation>,
    left_out: usize,
    refuse: bool,
}

/// Maximum number of violations that are kept. A value from outside must not fill the memory with
/// them.
const MAX_KEPT: usize = 1_000;

/// Initial capacity. Four violations take more than 1 KiB, for which glibc's allocator first
/// consolidates all that was freed before.
const FEW: usize = 3;

impl Violations {
    /// Returns `true` if there are no violations.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Returns the number of violations that are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Returns `true` if at least one violation is certain, so that the value must not be sent.
    #[must_use]
    pub fn refuse(&self) -> bool {
        self.refuse
    }

    /// Returns the number of violations that are not kept.
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// Iterates over the violations that are kept.
    pub fn iter(&self) -> std::slice::Iter<'_, Violation> {
        self.list.iter()
    }

    /// Adds a violation, which is put into words only if it is kept.
    pub(crate) fn push(&mut self, certainty: Certainty, violation: impl FnOnce() -> Violation) {
        // Who looks for what refuses the value must find it, even behind many warnings.
        let first = certainty == Certainty::Certain && !self.refuse;
        if self.list.len() < MAX_KEPT || first {
            if self.list.is_empty() {
                self.list.reserve_exact(FEW);
            }
            self.list.push(violation());
        } else {
            self.left_out += 1;
        }
        self.refuse |= first;
    }
}

impl Violations {
    /// Makes those violations uncertain that are chosen, from an index on.
    pub(crate) fn doubt(&mut self, since: usize, is_chosen: impl Fn(&Violation) -> bool) {
        let later = self.list.iter_mut().skip(since);
        for violation in later.filter(|v| is_chosen(v)) {
            violation.certainty = Certainty::Likely;
        }
        // Violations that were left out are covered only by the flag.
        if self.left_out == 0 {
            self.refuse = self.list.iter().any(|v| v.certainty == Certainty::Certain);
        }
    }
}

/// Adds violations. The form of a URL is judged before its media are: a second violation of it that is no
/// more certain is dropped.
impl Extend<Violation> for Violations {
    fn extend<I: IntoIterator<Item = Violation>>(&mut self, violations: I) {
        for violation in violations {
            if !self.has_form_of(&violation) {
                self.push(violation.certainty, || violation);
            }
        }
    }
}

impl Violations {
    /// Returns `true` if the violation is about the form of a URL and says no more than one that is kept.
    fn has_form_of(&self, violation: &Violation) -> bool {
        let is_about_form = |v: &Violation| v.rule == Constraint::Format;
        let says_as_much = |known: &Violation| {
            is_about_form(known)
                && known.pointer == violation.pointer
                && (known.certainty == Certainty::Certain
                    || violation.certainty == Certainty::Likely)
        };
        is_about_form(violation) && self.list.iter().any(says_as_much)
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

// One line a violation, and one for those that are left out. The text names all limits of a value, so
// that of a second broken one may be the same, and is left out.
impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = None;
        for violation in &self.list {
            let line = (violation.certainty, violation.to_string());
            if before.as_ref() == Some(&line) {
                continue;
            }
            if before.is_some() {
                f.write_str("\n")?;
            }
            f.write_str(&line.1)?;
            before = Some(line);
        }
        match self.left_out {
            0 => Ok(()),
            more => write!(f, "\n… and {more} more"),
        }
    }
}

impl Serialize for Violations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn violation(certainty: Certainty) -> Violation {
        Violation {
            pointer: "/ratio".into(),
            rule: Constraint::Enum,
            limit: Literal::from(&json!(["1:1"])),
            actual: json!("1;1"),
            found: "\"1;1\"".into(),
            expected: "\"1:1\"".into(),
            message: None,
            hint: None,
            certainty,
        }
    }

    #[test]
    fn prints_as_one_sentence() {
        let mut violation = violation(Certainty::Certain);
        assert_eq!(
            violation.to_string(),
            r#"/ratio: found "1;1", expected "1:1""#
        );
        violation.hint = Some("1:1".into());
        violation.message = Some("Not a ratio.".into());
        violation.pointer.clear();
        assert_eq!(
            violation.to_string(),
            r#"the input: found "1;1", expected "1:1"; did you mean `1:1`? (Not a ratio.)"#
        );
    }

    #[test]
    fn serializes_with_its_text() {
        let mut violation = violation(Certainty::Likely);
        let plain = json!({
            "pointer": "/ratio", "rule": "enum", "limit": ["1:1"], "actual": "1;1",
            "certain": false, "text": violation.to_string()
        });
        assert_eq!(serde_json::to_value(&violation).unwrap(), plain);
        violation.hint = Some("1:1".into());
        violation.message = Some("Not a ratio.".into());
        let value = serde_json::to_value(&violation).unwrap();
        assert_eq!(
            (&value["hint"], &value["message"]),
            (&json!("1:1"), &json!("Not a ratio."))
        );
    }

    #[test]
    fn a_medium_breaks_a_rule() {
        let rule = Rule {
            quantity: crate::Quantity::AspectRatio,
            operator: crate::Operator::AtLeast,
            value: Number::Float(0.33),
            message: "".into(),
        };
        let violation = Violation::from_rule(&rule, "/a", None, "nothing", Certainty::Likely);
        assert_eq!(
            serde_json::to_value(&violation).unwrap(),
            json!({
                "pointer": "/a", "rule": "validations", "limit": 0.33, "actual": null,
                "certain": false, "text": "/a: found nothing, expected width/height >= 0.33"
            })
        );
    }

    #[test]
    fn only_certain_ones_refuse() {
        let mut list = Violations::default();
        assert!(list.is_empty() && !list.refuse() && list.to_string().is_empty());
        // Nothing was allocated for a valid value.
        assert_eq!(list.list.capacity(), 0);
        list.push(Certainty::Likely, || violation(Certainty::Likely));
        assert!(!list.refuse());
        list.push(Certainty::Certain, || violation(Certainty::Certain));
        assert!(list.refuse());
        assert_eq!(
            (list.len(), list.iter().len(), (&list).into_iter().len()),
            (2, 2, 2)
        );
        assert_eq!(list.to_string().lines().count(), 2);
        assert_eq!(
            serde_json::to_value(&list)
                .unwrap()
                .as_array()
                .map(Vec::len),
            Some(2)
        );
    }

    #[test]
    fn those_beyond_the_limit_are_counted_and_not_made() {
        let mut list = Violations::default();
        for _ in 0..MAX_KEPT {
            list.push(Certainty::Likely, || violation(Certainty::Likely));
        }
        list.push(Certainty::Likely, || unreachable!("it would not be kept"));
        assert_eq!(
            (list.len(), list.left_out(), list.refuse()),
            (MAX_KEPT, 1, false)
        );
        list.push(Certainty::Certain, || violation(Certainty::Certain));
        list.push(Certainty::Certain, || {
            unreachable!("one is enough to refuse")
        });
        assert_eq!(
            (list.len(), list.left_out(), list.refuse()),
            (MAX_KEPT + 1, 2, true)
        );
        assert!(list.to_string().ends_with("\n… and 2 more"));
    }

    #[test]
    fn form_of_a_url_is_judged_once() {
        let form = |pointer: &str, certainty| {
            Violation::new(pointer, Constraint::Format, certainty, "x", "a URL")
        };
        let certainties = |violations: &Violations| -> Vec<Certainty> {
            violations.iter().map(|v| v.certainty).collect()
        };
        let mut violations = Violations::default();
        violations.extend([form("/a", Certainty::Likely), form("/b", Certainty::Likely)]);
        violations.extend([form("/a", Certainty::Likely)]);
        assert_eq!(certainties(&violations), [Certainty::Likely; 2]);
        violations.extend([form("/a", Certainty::Certain)]);
        assert!(violations.refuse());
        violations.extend([form("/a", Certainty::Certain)]);
        assert_eq!(violations.len(), 3);
        let rule =
            |pointer: &str| Violation::new(pointer, Constraint::Media, Certainty::Likely, "x", "y");
        violations.extend([rule("/a"), rule("/a")]);
        assert_eq!(violations.len(), 5);
    }
}
