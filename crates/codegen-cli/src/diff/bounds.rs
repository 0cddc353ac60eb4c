//! Two intervals: is the second narrower?

use std::cmp::Ordering;

use runcomfy_schema::{Bounds, Keyword, Kind, List, Number, Operator, Rule, Schema};

use super::keyword::find;

/// An end of an interval, and whether it is itself allowed.
type End = Option<(Number, bool)>;

/// How one limit became another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shift {
    Same,
    /// Whatever the old allowed, the new allows.
    Wider,
    /// Something that the old allowed, the new does not.
    Narrower,
}

impl Shift {
    pub(super) fn between(old: Bounds, new: Bounds) -> Self {
        let ends = [
            Self::of_end(old.lower, new.lower, Ordering::Greater),
            Self::of_end(old.upper, new.upper, Ordering::Less),
        ];
        if ends.contains(&Self::Narrower) {
            Self::Narrower
        } else if ends.contains(&Self::Wider) {
            Self::Wider
        } else {
            Self::Same
        }
    }

    /// `inwards` is how a tighter end compares with a looser one.
    fn of_end(old: End, new: End, inwards: Ordering) -> Self {
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

/// The numbers that a schema allows. Among integers `above 0` is `at least 1`.
pub(super) fn range(schema: &Schema, kind: Kind) -> Bounds {
    let mut bounds = schema.bounds();
    if kind == Kind::Integer {
        bounds.lower = bounds.lower.map(|end| whole(end, 1));
        bounds.upper = bounds.upper.map(|end| whole(end, -1));
    }
    bounds
}

fn whole(end: (Number, bool), step: i128) -> (Number, bool) {
    match end {
        (Number::Int(limit), false) => (Number::Int(limit.saturating_add(step)), true),
        end => end,
    }
}

/// `minLength` and `maxLength`.
pub(super) fn length(schema: &Schema) -> Bounds {
    sizes(
        find!(schema, MinLength).copied(),
        find!(schema, MaxLength).copied(),
    )
}

/// `minItems` and `maxItems`.
pub(super) fn count(schema: &Schema) -> Bounds {
    sizes(
        find!(schema, MinItems).copied(),
        find!(schema, MaxItems).copied(),
    )
}

/// Without a lower bound a size is still at least 0.
fn sizes(least: Option<u64>, most: Option<u64>) -> Bounds {
    let end = |size: u64| (Number::Int(size.into()), true);
    Bounds {
        lower: Some(end(least.unwrap_or(0))),
        upper: most.map(end),
    }
}

/// What rules about one quantity leave open together.
pub(super) fn quantity(rules: &[&Rule]) -> Bounds {
    let keywords = rules.iter().flat_map(|rule| match rule.operator {
        Operator::Below => vec![Keyword::ExclusiveMaximum(rule.value)],
        Operator::AtMost => vec![Keyword::Maximum(rule.value)],
        Operator::Above => vec![Keyword::ExclusiveMinimum(rule.value)],
        Operator::AtLeast => vec![Keyword::Minimum(rule.value)],
        Operator::Equal => vec![Keyword::Minimum(rule.value), Keyword::Maximum(rule.value)],
    });
    let keywords: List<Keyword> = keywords.collect::<Vec<_>>().into();
    Bounds::from_schema(&Schema {
        kind: Kind::Number,
        keywords,
    })
}
