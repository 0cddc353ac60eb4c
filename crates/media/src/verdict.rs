//! Whether a medium keeps a schema's rule.

use runcomfy_schema::{Certainty, Number, Quantity, Rule, Violation};

use crate::{Facts, orientation};

/// Whether a medium keeps a rule.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It does, however the rule is meant.
    Holds,
    /// It does not, however the rule is meant.
    Violated {
        /// The quantity as measured, in the rule's unit.
        actual: Number,
    },
    /// It cannot be told, or hangs on how the service measures.
    Unsure {
        /// The quantity as measured, where there is one: a value that breaks the rule.
        actual: Option<Number>,
        /// Why, in words.
        why: String,
    },
}

/// Bytes of a megabyte, as it may be meant.
const MEGABYTE: f64 = 1e6;
const MEBIBYTE: f64 = 1_048_576.0;

/// How far a duration may be off, in seconds: containers round to whole frames of picture and
/// sound, encoders add some samples, and of two tracks either may be meant.
const ROUNDING: f64 = 0.1;

/// Judges one rule of a property's `validations` on the medium behind its URL.
///
/// Where the service may measure in two ways, as a megabyte of 10^6 or 2^20 bytes, or the sides
/// before or after turning the picture, both must agree, or the verdict is
/// [`Verdict::Unsure`]. So is the verdict about a quantity that has no name of its own in
/// [`Quantity`].
///
/// ```
/// # use runcomfy_schema::{Number, Operator, Quantity, Rule};
/// # use runcomfy_media::{Facts, Verdict, judge};
/// let rule = Rule {
///     quantity: Quantity::FileSizeMb,
///     operator: Operator::AtMost,
///     value: Number::Int(15),
///     message: "Each image file must be ≤ 15 MB.".into(),
/// };
/// let mut facts = Facts::default();
/// facts.size_bytes = Some(15_000_000);
/// assert_eq!(judge(&rule, &facts), Verdict::Holds);
/// facts.size_bytes = Some(15_000_001);
/// let verdict = judge(&rule, &facts);
/// assert!(matches!(verdict, Verdict::Unsure { .. }));
/// assert_eq!(
///     verdict.violation(&rule, "/image").map(|violation| violation.to_string()).as_deref(),
///     Some(
///         "/image: found 15.000001 MB (or 14.305116 of 2^20 bytes; which is meant is not \
///          known), expected file_size_mb <= 15 (Each image file must be ≤ 15 MB.)"
///     )
/// );
/// ```
#[must_use]
pub fn judge(rule: &Rule, facts: &Facts) -> Verdict {
    match &rule.quantity {
        Quantity::FileSizeMb => size(rule, facts),
        Quantity::WidthPixels => sides(rule, facts, "width", |width, _| {
            width.map(|width| Number::Int(width.into()))
        }),
        Quantity::HeightPixels => sides(rule, facts, "height", |_, height| {
            height.map(|height| Number::Int(height.into()))
        }),
        Quantity::AspectRatio => sides(rule, facts, "width/height", |width, height| {
            width
                .zip(height)
                .map(|(width, height)| Number::Float(f64::from(width) / f64::from(height)))
        }),
        Quantity::DurationSeconds => duration(rule, facts),
        other => unsure(
            None,
            format!("a quantity that is not known here, `{}`", other.as_str()),
        ),
    }
}

impl Verdict {
    /// The violation of `rule` at `pointer` that follows: a certain one, or a likely one where the
    /// verdict is unsure.
    #[must_use]
    pub fn violation(&self, rule: &Rule, pointer: impl Into<String>) -> Option<Violation> {
        let (actual, found, certainty) = match self {
            Self::Holds => return None,
            Self::Violated { actual } => {
                let found = in_words(&rule.quantity, *actual);
                (Some(*actual), found, Certainty::Certain)
            }
            Self::Unsure { actual: None, why } => (None, why.clone(), Certainty::Likely),
            Self::Unsure {
                actual: Some(actual),
                why,
            } => {
                let found = format!("{} ({why})", in_words(&rule.quantity, *actual));
                (Some(*actual), found, Certainty::Likely)
            }
        };
        Some(Violation::from_rule(
            rule, pointer, actual, found, certainty,
        ))
    }
}

fn in_words(quantity: &Quantity, actual: Number) -> String {
    match quantity {
        Quantity::FileSizeMb => format!("{actual} MB"),
        Quantity::WidthPixels => format!("a width of {actual}"),
        Quantity::HeightPixels => format!("a height of {actual}"),
        // More digits say no more.
        Quantity::AspectRatio => format!("a ratio of {:.4}", actual.as_f64()),
        _ => format!("{:.3} s", actual.as_f64()),
    }
}

fn unsure(actual: Option<Number>, why: impl Into<String>) -> Verdict {
    Verdict::Unsure {
        actual,
        why: why.into(),
    }
}

/// That the facts lack something, and why.
fn lacking(facts: &Facts, what: &str) -> Verdict {
    let why = match (&facts.unknown, facts.kind) {
        (Some(why), _) => format!("a medium whose {what} could not be told: {why}"),
        (None, Some(kind)) => format!("a medium of kind {} without a {what}", kind.as_str()),
        (None, None) => format!("a medium whose {what} could not be told"),
    };
    unsure(None, why)
}

fn holds(rule: &Rule, actual: Number) -> bool {
    rule.operator.holds(actual, rule.value)
}

fn size(rule: &Rule, facts: &Facts) -> Verdict {
    let Some(bytes) = facts.size_bytes else {
        return unsure(None, "a medium whose size is not told");
    };
    let (decimal, binary) = (bytes as f64 / MEGABYTE, bytes as f64 / MEBIBYTE);
    let actual = Number::Float(decimal);
    match (holds(rule, actual), holds(rule, Number::Float(binary))) {
        (true, true) => Verdict::Holds,
        (false, false) => Verdict::Violated { actual },
        _ => unsure(
            Some(actual),
            format!("or {binary:.6} of 2^20 bytes; which is meant is not known"),
        ),
    }
}

/// Judges what `of` makes of width and height, as stored and as shown.
fn sides(
    rule: &Rule,
    facts: &Facts,
    what: &str,
    of: impl Fn(Option<u32>, Option<u32>) -> Option<Number>,
) -> Verdict {
    let Some(stored) = of(facts.width, facts.height) else {
        return lacking(facts, what);
    };
    // Whether the service turns a picture before it measures is not known either.
    let may_be_swapped = facts.orientation.is_none_or(orientation::swaps);
    let swapped = if may_be_swapped {
        of(facts.height, facts.width)
    } else {
        Some(stored)
    };
    match (
        holds(rule, stored),
        swapped.map(|swapped| (holds(rule, swapped), swapped)),
    ) {
        (true, Some((true, _))) => Verdict::Holds,
        (false, Some((false, _))) => Verdict::Violated { actual: stored },
        (true, Some((false, swapped))) => unsure(Some(swapped), turned(facts)),
        (false, Some((true, _))) => unsure(Some(stored), turned(facts)),
        (_, None) => lacking(facts, "sides"),
    }
}

fn turned(facts: &Facts) -> String {
    let sides = facts.stored().map_or_else(String::new, |(width, height)| {
        format!("stored as {width}x{height}, ")
    });
    match facts.shown() {
        Some((width, height)) => {
            format!("{sides}shown as {width}x{height}; which of them counts is not known")
        }
        None => format!("{sides}and whether it is turned could not be told"),
    }
}

fn duration(rule: &Rule, facts: &Facts) -> Verdict {
    let Some(seconds) = facts.duration_seconds else {
        return lacking(facts, "duration");
    };
    let (least, most) = (seconds - ROUNDING, seconds + ROUNDING);
    let limit = rule.value.as_f64();
    // The end of the range on either side, and what lies nearest to the limit in between.
    let nearest = limit.max(least).min(most);
    let readings = [least, nearest, most].map(|reading| holds(rule, Number::Float(reading)));
    let actual = Number::Float(seconds);
    match readings {
        [true, true, true] => Verdict::Holds,
        [false, false, false] => Verdict::Violated { actual },
        _ => unsure(Some(actual), "so near to the limit that rounding decides"),
    }
}
