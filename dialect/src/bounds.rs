//! The interval that a schema's range keywords leave open.

use std::fmt;

use crate::{Keyword, Number, Operator, Rule, Schema};

/// A lower and an upper bound, each with whether it is itself allowed.
///
/// Prints as `0..1` (both ends allowed), `at least 0`, `above 0 and at most 1`; empty without
/// bounds.
///
/// ```
/// # use runcomfy_dialect::{Bounds, Keyword, Kind, Number, Schema};
/// let scale = Schema {
///     kind: Kind::Number,
///     keywords: vec![
///         Keyword::Maximum(Number::Float(0.5)),
///         Keyword::ExclusiveMinimum(Number::Int(0)),
///     ]
///     .into(),
/// };
/// let bounds = Bounds::of(&scale);
/// assert_eq!(bounds.lower, Some((Number::Int(0), false)));
/// assert_eq!(bounds.to_string(), "above 0 and at most 0.5");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bounds {
    /// The lower bound, and whether it is allowed.
    pub lower: Option<(Number, bool)>,
    /// The upper bound, and whether it is allowed.
    pub upper: Option<(Number, bool)>,
}

impl Bounds {
    /// The tightest bounds that `minimum`, `maximum` and the exclusive forms give together.
    #[must_use]
    pub fn of(schema: &Schema) -> Self {
        let mut bounds = Self::default();
        for keyword in schema.keywords.iter() {
            match keyword {
                Keyword::Minimum(number) => bounds.raise(*number, true),
                Keyword::ExclusiveMinimum(number) => bounds.raise(*number, false),
                Keyword::Maximum(number) => bounds.lower(*number, true),
                Keyword::ExclusiveMaximum(number) => bounds.lower(*number, false),
                _ => {}
            }
        }
        bounds
    }

    /// The bounds that rules set together.
    #[must_use]
    pub fn of_rules<'a>(rules: impl IntoIterator<Item = &'a Rule>) -> Self {
        let mut bounds = Self::default();
        for Rule {
            operator, value, ..
        } in rules
        {
            if matches!(
                operator,
                Operator::Above | Operator::AtLeast | Operator::Equal
            ) {
                bounds.raise(*value, *operator != Operator::Above);
            }
            if matches!(
                operator,
                Operator::Below | Operator::AtMost | Operator::Equal
            ) {
                bounds.lower(*value, *operator != Operator::Below);
            }
        }
        bounds
    }

    fn raise(&mut self, number: Number, allowed: bool) {
        let tighter = |(old, _): (Number, bool)| number > old || (number == old && !allowed);
        if self.lower.is_none_or(tighter) {
            self.lower = Some((number, allowed));
        }
    }

    fn lower(&mut self, number: Number, allowed: bool) {
        let tighter = |(old, _): (Number, bool)| number < old || (number == old && !allowed);
        if self.upper.is_none_or(tighter) {
            self.upper = Some((number, allowed));
        }
    }

    /// Whether there is no bound at all.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.lower.is_none() && self.upper.is_none()
    }

    /// Whether no number satisfies both bounds.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match (self.lower, self.upper) {
            (Some((low, a)), Some((high, b))) => low > high || (low == high && !(a && b)),
            _ => false,
        }
    }
}

impl Bounds {
    /// What follows a noun: ` in 0..1`, ` above 0`; empty without bounds.
    pub(crate) fn after_noun(&self) -> impl fmt::Display + '_ {
        AfterNoun(self)
    }
}

struct AfterNoun<'a>(&'a Bounds);

impl fmt::Display for AfterNoun<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bounds = self.0;
        match (bounds.lower, bounds.upper) {
            (None, None) => Ok(()),
            (Some((_, true)), Some((_, true))) => write!(f, " in {bounds}"),
            _ => write!(f, " {bounds}"),
        }
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some((low, true)), Some((high, true))) = (self.lower, self.upper) {
            return write!(f, "{low}..{high}");
        }
        if let Some((low, allowed)) = self.lower {
            write!(f, "{} {low}", if allowed { "at least" } else { "above" })?;
        }
        if self.lower.is_some() && self.upper.is_some() {
            f.write_str(" and ")?;
        }
        if let Some((high, allowed)) = self.upper {
            write!(f, "{} {high}", if allowed { "at most" } else { "below" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;
    use Keyword::{ExclusiveMaximum, ExclusiveMinimum, Maximum, Minimum};
    use Number::{Float, Int};

    fn bounds(keywords: Vec<Keyword>) -> Bounds {
        Bounds::of(&Schema {
            kind: Kind::Number,
            keywords: keywords.into(),
        })
    }

    #[test]
    fn prints_as_people_write_it() {
        assert_eq!(
            bounds(vec![Minimum(Int(0)), Maximum(Float(1.0))]).to_string(),
            "0..1"
        );
        assert_eq!(bounds(vec![Minimum(Int(-1))]).to_string(), "at least -1");
        let open = bounds(vec![ExclusiveMinimum(Int(0)), Maximum(Float(0.5))]);
        assert_eq!(open.to_string(), "above 0 and at most 0.5");
        assert_eq!(
            bounds(vec![ExclusiveMaximum(Int(9))]).to_string(),
            "below 9"
        );
        assert!(bounds(vec![]).is_open());
    }

    #[test]
    fn the_tighter_bound_wins() {
        let both = bounds(vec![
            Minimum(Int(1)),
            ExclusiveMinimum(Int(1)),
            Maximum(Int(1)),
        ]);
        assert_eq!(both.lower, Some((Int(1), false)));
        assert!(both.is_empty());
        assert!(!bounds(vec![Minimum(Int(1)), Maximum(Int(1))]).is_empty());
    }
}
