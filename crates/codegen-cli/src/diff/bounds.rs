//! Comparison of two intervals.

use std::cmp::Ordering;

use runcomfy_schema::{Bounds, Keyword, KeywordList, Kind, Number, Operator, Rule, Schema};

use super::keyword::find;

/// End of an interval, and `true` if the end itself is allowed.
type End = Option<(Number, bool)>;

/// Relation of a new limit to the old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shift {
    Same,
    /// The new limit allows everything that the old one did.
    Wider,
    /// The new limit refuses something that the old one allowed.
    Narrower,
}

impl Shift {
    pub(super) fn between(old: Bounds, new: Bounds) -> Self {
        let ends = [
            Self::between_ends(old.lower, new.lower, Ordering::Greater),
            Self::between_ends(old.upper, new.upper, Ordering::Less),
        ];
        if ends.contains(&Self::Narrower) {
            Self::Narrower
        } else if ends.contains(&Self::Wider) {
            Self::Wider
        } else {
            Self::Same
        }
    }

    /// Compares two ends. `inwards` is the ordering of a tighter end to a looser one.
    fn between_ends(old: End, new: End, inwards: Ordering) -> Self {
        match (old, new) {
            (None, None) => Self::Same,
            (Some(_), None) => Self::Wider,
            (None, Some(_)) => Self::Narrower,
            (Some((old, had)), Some((new, has))) => match new.partial_cmp(&old) {
                Some(Ordering::Equal) if had == has => Self::Same,
                Some(Ordering::Equal) if has => Self::Wider,
                Some(way) if way != Ordering::Equal && way != inwards => Self::Wider,
                _ => Self::Narrower,
            },
        }
    }
}

/// Returns the range of numbers that a schema allows. Among integers `above 0` is `at least 1`.
pub(super) fn range(schema: &Schema, kind: Kind) -> Bounds {
    let bounds = schema.bounds();
    if kind == Kind::Integer {
        bounds.whole()
    } else {
        bounds
    }
}

/// Returns the interval of `minLength` and `maxLength`.
pub(super) fn length(schema: &Schema) -> Bounds {
    sizes(
        find!(schema, MinLength).copied(),
        find!(schema, MaxLength).copied(),
    )
}

/// Returns the interval of `minItems` and `maxItems`.
pub(super) fn count(schema: &Schema) -> Bounds {
    sizes(
        find!(schema, MinItems).copied(),
        find!(schema, MaxItems).copied(),
    )
}

/// Returns an interval of sizes, which are at least 0 without a lower bound, too.
fn sizes(min: Option<u64>, max: Option<u64>) -> Bounds {
    let end = |size: u64| (Number::Int(size.into()), true);
    Bounds {
        lower: Some(end(min.unwrap_or(0))),
        upper: max.map(end),
    }
}

/// Returns the interval that rules about one quantity allow together.
pub(super) fn quantity(rules: &[&Rule]) -> Bounds {
    let keywords = rules.iter().flat_map(|rule| match rule.operator {
        Operator::Below => vec![Keyword::ExclusiveMaximum(rule.value)],
        Operator::AtMost => vec![Keyword::Maximum(rule.value)],
        Operator::Above => vec![Keyword::ExclusiveMinimum(rule.value)],
        Operator::AtLeast => vec![Keyword::Minimum(rule.value)],
        Operator::Equal => vec![Keyword::Minimum(rule.value), Keyword::Maximum(rule.value)],
    });
    let keywords: KeywordList = keywords.collect::<Vec<_>>().into();
    Bounds::from_schema(&Schema {
        kind: Kind::Number,
        keywords,
    })
}
