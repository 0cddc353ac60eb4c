//! `validations`: rules about the media behind a URL.

use std::fmt;

use serde_json::Value;

use crate::{Number, Text};

/// One entry of `validations`: `file_size_mb<=` with `15` means "the file's size in megabytes is at
/// most 15". On an array property it applies to each element.
///
/// ```
/// # use runcomfy_schema::{Number, Operator, Quantity, Rule};
/// assert_eq!(Rule::parse("width/height≥"), Ok((Quantity::AspectRatio, Operator::AtLeast)));
/// assert!(Operator::AtLeast.holds(Number::Float(0.5), Number::Float(0.33)));
/// assert_eq!(Rule::parse("width!=").unwrap_err(), "unknown operator `!=`");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Measured quantity.
    pub quantity: Quantity,
    /// Comparison with the limit.
    pub operator: Operator,
    /// Limit, in the quantity's unit.
    pub value: Number,
    /// Message of the service for a violation. Where it contradicts the rule, the rule decides.
    pub message: Text,
}

/// Quantity that a [`Rule`] measures.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Quantity {
    /// `file_size_mb`: the file's size in megabytes; whether of 10^6 or 2^20 bytes is not known.
    FileSizeMb,
    /// `width_pixels`: the picture's width in pixels.
    WidthPixels,
    /// `height_pixels`: the picture's height in pixels.
    HeightPixels,
    /// `width/height`: the picture's width divided by its height.
    AspectRatio,
    /// `duration_seconds`: the duration of a video or of audio in seconds. The service's
    /// documentation does not list it, so a schema that uses it gets a warning.
    DurationSeconds,
    /// A quantity that is not documented, by its name. Rules about it are kept, reported with a
    /// warning, and not checked.
    Other(Text),
}

/// Comparison of a [`Rule`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `<`
    Below,
    /// `<=` or `≤`
    AtMost,
    /// `>`
    Above,
    /// `>=` or `≥`
    AtLeast,
    /// `==`
    Equal,
}

impl Rule {
    /// Splits the text of a `validation_rule` into its quantity and operator.
    ///
    /// # Errors
    /// What is wrong with the text, in words, when there is no quantity or no known operator.
    pub fn parse(rule: &str) -> Result<(Quantity, Operator), String> {
        let rule = rule.trim();
        let is_operator = |c: char| "<>=≤≥!~≠".contains(c);
        let quantity = rule.trim_end_matches(is_operator);
        let operator = &rule[quantity.len()..];
        if operator.is_empty() {
            return Err(format!("`{rule}` ends without an operator"));
        }
        let quantity = quantity.trim_end();
        if quantity.is_empty() {
            return Err(format!("`{rule}` names no quantity before `{operator}`"));
        }
        match Operator::parse(operator) {
            Some(operator) => Ok((Quantity::parse(quantity), operator)),
            None => Err(format!("unknown operator `{operator}`")),
        }
    }

    /// Reads a `validation_value`: a number, or a number in a string (`"0.33"`).
    #[must_use]
    pub fn parse_value(value: &Value) -> Option<Number> {
        let number = match value {
            Value::Number(number) => number.into(),
            Value::String(text) => (&text.trim().parse::<serde_json::Number>().ok()?).into(),
            _ => return None,
        };
        Number::is_finite(number).then_some(number)
    }
}

impl Quantity {
    fn parse(name: &str) -> Self {
        match name {
            "file_size_mb" => Self::FileSizeMb,
            "width_pixels" => Self::WidthPixels,
            "height_pixels" => Self::HeightPixels,
            "width/height" => Self::AspectRatio,
            "duration_seconds" => Self::DurationSeconds,
            other => Self::Other(other.into()),
        }
    }

    /// Returns `true` if the service documents the quantity, so that a rule about it is certain to
    /// mean what it says.
    #[must_use]
    pub fn is_documented(&self) -> bool {
        !matches!(self, Self::DurationSeconds | Self::Other(_))
    }

    /// Returns the quantity's name in a schema.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::FileSizeMb => "file_size_mb",
            Self::WidthPixels => "width_pixels",
            Self::HeightPixels => "height_pixels",
            Self::AspectRatio => "width/height",
            Self::DurationSeconds => "duration_seconds",
            Self::Other(name) => name,
        }
    }
}

impl Operator {
    fn parse(operator: &str) -> Option<Self> {
        Some(match operator {
            "<" => Self::Below,
            "<=" | "≤" => Self::AtMost,
            ">" => Self::Above,
            ">=" | "≥" => Self::AtLeast,
            "==" => Self::Equal,
            _ => return None,
        })
    }

    /// Returns the operator in ASCII: `<=` for `≤`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Above => ">",
            Self::AtLeast => ">=",
            Self::Equal => "==",
        }
    }

    /// Returns `true` if `actual operator limit` is true.
    #[must_use]
    pub fn holds(self, actual: Number, limit: Number) -> bool {
        match self {
            Self::Below => actual < limit,
            Self::AtMost => actual <= limit,
            Self::Above => actual > limit,
            Self::AtLeast => actual >= limit,
            Self::Equal => actual == limit,
        }
    }
}

/// `file_size_mb <= 15`
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} {}",
            self.quantity.as_str(),
            self.operator.as_str(),
            self.value
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_spelling_is_read() {
        use Operator::{Above, AtLeast, AtMost, Below, Equal};
        for (text, quantity, operator) in [
            ("file_size_mb<=", Quantity::FileSizeMb, AtMost),
            ("file_size_mb<", Quantity::FileSizeMb, Below),
            ("width_pixels>", Quantity::WidthPixels, Above),
            ("height_pixels>=", Quantity::HeightPixels, AtLeast),
            ("width/height≥", Quantity::AspectRatio, AtLeast),
            ("width/height≤", Quantity::AspectRatio, AtMost),
            ("width/height==", Quantity::AspectRatio, Equal),
            ("duration_seconds <= ", Quantity::DurationSeconds, AtMost),
        ] {
            assert_eq!(Rule::parse(text), Ok((quantity, operator)), "{text}");
        }
    }

    #[test]
    fn unreadable_rules_say_why() {
        for (text, why) in [
            ("width_pixels", "without an operator"),
            ("width_pixels=", "unknown operator `=`"),
            ("width_pixels!=", "unknown operator `!=`"),
            ("<=", "names no quantity"),
        ] {
            let error = Rule::parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn values_are_numbers_or_numbers_in_strings() {
        assert_eq!(Rule::parse_value(&json!(15)), Some(Number::Int(15)));
        assert_eq!(Rule::parse_value(&json!("0.33")), Some(Number::Float(0.33)));
        assert_eq!(Rule::parse_value(&json!("3")), Some(Number::Int(3)));
        for bad in [
            json!("1/3"),
            json!("NaN"),
            json!(""),
            json!(null),
            json!([3]),
        ] {
            assert_eq!(Rule::parse_value(&bad), None, "{bad}");
        }
    }
}
