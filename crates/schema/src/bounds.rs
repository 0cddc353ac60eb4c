//! Intervals that range keywords and rules leave open.

use std::fmt;

use crate::phrase::Phrase;
use crate::{Keyword, Number, Operator, Quantity, Rule, Schema};

/// A lower and an upper bound. The `bool` of each is `true` if the bound itself is allowed.
///
/// Prints as `0..=1` (both ends allowed), `at least 0`, `above 0 and at most 1`; empty without
/// bounds.
///
/// ```
/// # use runcomfy_schema::{Bounds, Keyword, Kind, Number, Schema};
/// let scale = Schema {
///     kind: Kind::Number,
///     keywords: vec![
///         Keyword::Maximum(Number::Float(0.5)),
///         Keyword::ExclusiveMinimum(Number::Int(0)),
///     ]
///     .into(),
/// };
/// let bounds = Bounds::from_schema(&scale);
/// assert_eq!(bounds.lower, Some((Number::Int(0), false)));
/// assert_eq!(bounds.to_string(), "above 0 and at most 0.5");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bounds {
    /// Lower bound, with `true` if the bound itself is allowed.
    pub lower: Option<(Number, bool)>,
    /// Upper bound, with `true` if the bound itself is allowed.
    pub upper: Option<(Number, bool)>,
}

impl Schema {
    /// Returns the interval that the range keywords leave open.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        Bounds::from_schema(self)
    }
}

impl Bounds {
    /// Returns the tightest bounds that `minimum`, `maximum` and the exclusive forms give together.
    #[must_use]
    pub fn from_schema(schema: &Schema) -> Self {
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

    /// Returns the tightest bounds that rules give together.
    #[must_use]
    pub fn from_rules<'a>(rules: impl IntoIterator<Item = &'a Rule>) -> Self {
        let mut bounds = Self::default();
        for rule in rules {
            bounds.narrow(rule);
        }
        bounds
    }

    /// Returns the bounds that hold for every value of a quantity: no picture has a width of 0.
    pub(crate) fn from_quantity(quantity: &Quantity) -> Self {
        let is_known = !matches!(quantity, Quantity::Other(_));
        Self {
            lower: is_known.then_some((Number::Int(0), false)),
            upper: None,
        }
    }

    /// Tightens the bounds by a rule.
    pub(crate) fn narrow(&mut self, rule: &Rule) {
        use Operator::{Above, AtLeast, AtMost, Below, Equal};
        if matches!(rule.operator, Above | AtLeast | Equal) {
            self.raise(rule.value, rule.operator != Above);
        }
        if matches!(rule.operator, Below | AtMost | Equal) {
            self.lower(rule.value, rule.operator != Below);
        }
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

    /// Returns `true` if there is no bound at all.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.lower.is_none() && self.upper.is_none()
    }

    /// Returns `true` if no number satisfies both bounds.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match (self.lower, self.upper) {
            (Some((low, a)), Some((high, b))) => low > high || (low == high && !(a && b)),
            _ => false,
        }
    }

    /// Returns the bounds of the integers within these bounds. Each is an integer that is allowed, so
    /// that `above 0` becomes `at least 1`.
    ///
    /// ```
    /// # use runcomfy_schema::{Bounds, Number};
    /// let bounds = Bounds {
    ///     lower: Some((Number::Int(0), false)),
    ///     upper: Some((Number::Float(2.5), true)),
    /// };
    /// assert_eq!(bounds.whole().to_string(), "1..=2");
    /// ```
    #[must_use]
    pub fn whole(self) -> Self {
        let first = |(low, allowed): (Number, bool)| match floor(low) {
            floor if allowed && Number::Int(floor) == low => floor,
            floor => floor.saturating_add(1),
        };
        let last = |(high, allowed): (Number, bool)| match floor(high) {
            floor if !allowed && Number::Int(floor) == high => floor.saturating_sub(1),
            floor => floor,
        };
        let allowed = |integer| (Number::Int(integer), true);
        Self {
            lower: self.lower.map(first).map(allowed),
            upper: self.upper.map(last).map(allowed),
        }
    }
}

impl Bounds {
    /// Returns `true` if no integer of 64 bits within the bounds is a multiple of the step.
    pub(crate) fn is_without_integer(&self, step: Option<Number>) -> bool {
        /// More than one period of any step in use.
        const MANY: usize = 10_000;
        let (least, most) = self.integers();
        match step {
            None => least > most,
            Some(Number::Int(step)) if step > 0 => {
                let past = least.rem_euclid(step);
                let first = if past == 0 {
                    least
                } else {
                    least + step - past
                };
                first > most
            }
            // Of a fraction as a step the periods are not worked out; a wide range has one.
            Some(step) => {
                let fits = |integer| Number::Int(integer).is_multiple_of(step);
                let mut integers = (least..=most).take(MANY + 1);
                integers.clone().count() <= MANY && !integers.any(fits)
            }
        }
    }

    /// Returns the least and the greatest integer of 64 bits within the bounds.
    fn integers(&self) -> (i128, i128) {
        let (least, most) = (i128::from(i64::MIN), i128::from(u64::MAX));
        let whole = self.whole();
        (
            whole.lower.map_or(least, |(low, _)| floor(low).max(least)),
            whole.upper.map_or(most, |(high, _)| floor(high).min(most)),
        )
    }

    /// Returns `true` if no multiple of the step is within the bounds, and `false` if that depends
    /// on how fractions are rounded.
    pub(crate) fn is_without_multiple(&self, step: Number) -> bool {
        const ROUNDING: f64 = 1e-9;
        let (Some((low, low_allowed)), Some((high, high_allowed))) = (self.lower, self.upper)
        else {
            return false;
        };
        let step = step.as_f64();
        let first = (low.as_f64() / step).floor();
        let near = step * ROUNDING * first.abs().max(1.0);
        let fits = |multiple: f64| {
            let value = Number::Float(multiple);
            let above = multiple > low.as_f64() - near && (low_allowed || value != low);
            let below = multiple < high.as_f64() + near && (high_allowed || value != high);
            above && below
        };
        first.is_finite() && !(0..3).any(|more| fits((first + f64::from(more)) * step))
    }

    /// Returns the words that follow a noun: ` in 0..=1`, ` above 0`; empty without bounds.
    pub(crate) fn after_noun(&self) -> AfterNoun<'_> {
        AfterNoun(self)
    }
}

/// Returns the greatest integer that is not above the number.
fn floor(number: Number) -> i128 {
    match number {
        Number::Int(integer) => integer,
        // Saturating is right: whatever lies beyond is beyond every integer of 64 bits too.
        #[allow(clippy::cast_possible_truncation)]
        Number::Float(float) => float.floor() as i128,
    }
}

/// Bounds as they follow a noun.
pub(crate) struct AfterNoun<'a>(&'a Bounds);

impl Phrase for AfterNoun<'_> {
    fn write(&self, out: &mut impl fmt::Write) -> fmt::Result {
        out.write_str(match (self.0.lower, self.0.upper) {
            (None, None) => return Ok(()),
            (Some((_, true)), Some((_, true))) => " in ",
            _ => " ",
        })?;
        self.0.write(out)
    }
}

impl fmt::Display for AfterNoun<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f)
    }
}

impl Phrase for Bounds {
    fn write(&self, out: &mut impl fmt::Write) -> fmt::Result {
        if let (Some((low, true)), Some((high, true))) = (self.lower, self.upper) {
            low.write(out)?;
            out.write_str("..=")?;
            return high.write(out);
        }
        if let Some((low, allowed)) = self.lower {
            out.write_str(if allowed { "at least " } else { "above " })?;
            low.write(out)?;
        }
        if self.lower.is_some() && self.upper.is_some() {
            out.write_str(" and ")?;
        }
        if let Some((high, allowed)) = self.upper {
            out.write_str(if allowed { "at most " } else { "below " })?;
            high.write(out)?;
        }
        Ok(())
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;
    use Keyword::{ExclusiveMaximum, ExclusiveMinimum, Maximum, Minimum};
    use Number::{Float, Int};

    fn bounds(keywords: Vec<Keyword>) -> Bounds {
        Bounds::from_schema(&Schema {
            kind: Kind::Number,
            keywords: keywords.into(),
        })
    }

    #[test]
    fn prints_as_people_write_it() {
        assert_eq!(
            bounds(vec![Minimum(Int(0)), Maximum(Float(1.0))]).to_string(),
            "0..=1"
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
    fn a_range_may_hold_no_integer_and_no_multiple() {
        let within = |low: (Number, bool), high: (Number, bool)| Bounds {
            lower: Some(low),
            upper: Some(high),
        };
        let closed = |low, high| within((low, true), (high, true));
        let top = Int(i128::from(u64::MAX));
        for (bounds, step, empty) in [
            (within((Int(0), false), (Int(1), false)), None, true),
            (within((Int(0), false), (Int(1), true)), None, false),
            (closed(Float(0.2), Float(0.8)), None, true),
            (closed(Float(-0.8), Float(0.0)), None, false),
            (closed(Float(-1.8), Float(-1.2)), None, true),
            (within((top, false), (Float(1e300), true)), None, true),
            (within((top, true), (Float(1e300), true)), None, false),
            (Bounds::default(), Some(Int(10)), false),
            (closed(Int(1), Int(9)), Some(Int(10)), true),
            (closed(Int(-9), Int(-1)), Some(Int(10)), true),
            (closed(Int(-10), Int(-1)), Some(Int(10)), false),
            (closed(Int(0), Int(9)), Some(Int(10)), false),
            (
                within((Int(0), false), (Int(10), false)),
                Some(Int(10)),
                true,
            ),
            (closed(Int(1), Int(2)), Some(Float(1.5)), true),
            (closed(Int(1), Int(3)), Some(Float(1.5)), false),
            (
                closed(Int(1), Int(u32::MAX.into())),
                Some(Float(0.3)),
                false,
            ),
        ] {
            assert_eq!(bounds.is_without_integer(step), empty, "{bounds} {step:?}");
        }
        for (bounds, step, empty) in [
            (closed(Int(1), Int(9)), Int(10), true),
            (closed(Int(-9), Float(-0.5)), Int(10), true),
            (closed(Float(0.3), Float(0.3)), Float(0.1), false),
            (closed(Float(0.31), Float(0.39)), Float(0.1), true),
            (closed(Float(1e300), Float(1.1e300)), Float(1e-300), false),
            (within((Int(0), false), (Int(10), false)), Int(10), true),
            (within((Int(0), false), (Int(10), true)), Int(10), false),
            (within((Int(0), false), (Int(20), false)), Int(10), false),
            (Bounds::default(), Int(10), false),
        ] {
            assert_eq!(bounds.is_without_multiple(step), empty, "{bounds} {step}");
        }
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
