//! Judges media by a schema's rules.

use runcomfy_schema::{Certainty, Number, Quantity, Rule, Violation};

use crate::{Facts, orientation};

/// The result of [`judge`]: the rule holds, is violated, or cannot be decided.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The rule holds, however it is meant.
    Holds,
    /// The rule is violated, however it is meant.
    Violated {
        /// Measured quantity, in the rule's unit.
        actual: Number,
    },
    /// A fact is unknown, or the result depends on how the service measures.
    Unsure {
        /// Measured quantity that violates the rule in one of the ways to measure it, if known.
        actual: Option<Number>,
        /// Reason, as text.
        why: String,
    },
}

/// Number of bytes of a decimal megabyte.
const MEGABYTE: f64 = 1e6;
/// Number of bytes of a binary megabyte.
const MEBIBYTE: f64 = 1_048_576.0;

/// Tolerance of a duration in seconds: containers round to whole frames, encoders add some samples,
/// and either of two tracks may be meant.
const DURATION_TOLERANCE: f64 = 0.1;

/// Judges media by one rule of a property's `validations`.
///
/// The service may measure in two ways: a megabyte has 10^6 or 2^20 bytes, and width and height
/// count before or after rotation. The verdict is [`Verdict::Unsure`] unless both ways agree.
/// [`Quantity::Other`] cannot be measured, so its verdict is unsure too.
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
///         "/image: found 15.000001 MB (or 14.305116 MiB; the schema does not say which is \
///          meant), expected file_size_mb <= 15 (Each image file must be ≤ 15 MB.)"
///     )
/// );
/// ```
#[must_use]
pub fn judge(rule: &Rule, facts: &Facts) -> Verdict {
    match &rule.quantity {
        Quantity::FileSizeMb => size(rule, facts),
        Quantity::WidthPixels => dimensions(rule, facts, "width", |width, _| {
            width.map(|width| Number::Int(width.into()))
        }),
        Quantity::HeightPixels => dimensions(rule, facts, "height", |_, height| {
            height.map(|height| Number::Int(height.into()))
        }),
        Quantity::AspectRatio => dimensions(rule, facts, "width/height", |width, height| {
            width
                .zip(height)
                .map(|(width, height)| Number::Float(f64::from(width) / f64::from(height)))
        }),
        Quantity::DurationSeconds => duration(rule, facts),
        other => unsure(
            None,
            format!("a quantity that cannot be measured, `{}`", other.as_str()),
        ),
    }
}

impl Verdict {
    /// Returns the violation of `rule` at the JSON pointer `pointer`, or `None` if the rule holds.
    ///
    /// It is [`Certainty::Certain`] if the rule is violated, and [`Certainty::Likely`] if the verdict
    /// is unsure. [`judge`] has an example.
    #[must_use]
    pub fn violation(&self, rule: &Rule, pointer: impl Into<String>) -> Option<Violation> {
        let (actual, found, certainty) = match self {
            Self::Holds => return None,
            Self::Violated { actual } => {
                let found = describe(&rule.quantity, *actual);
                (Some(*actual), found, Certainty::Certain)
            }
            Self::Unsure { actual: None, why } => (None, why.clone(), Certainty::Likely),
            Self::Unsure {
                actual: Some(actual),
                why,
            } => {
                let found = format!("{} ({why})", describe(&rule.quantity, *actual));
                (Some(*actual), found, Certainty::Likely)
            }
        };
        Some(Violation::from_rule(
            rule, pointer, actual, found, certainty,
        ))
    }
}

fn describe(quantity: &Quantity, actual: Number) -> String {
    match quantity {
        Quantity::FileSizeMb => format!("{actual} MB"),
        Quantity::WidthPixels => format!("a width of {actual}"),
        Quantity::HeightPixels => format!("a height of {actual}"),
        // More digits would not help.
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

/// Returns the verdict for an unknown fact.
fn unknown(facts: &Facts, what: &str) -> Verdict {
    let why = match (&facts.unknown, facts.kind) {
        (Some(why), _) => format!("media whose {what} is unknown: {why}"),
        (None, Some(kind)) => format!("media of kind {} without a {what}", kind.as_str()),
        (None, None) => format!("media whose {what} is unknown"),
    };
    unsure(None, why)
}

fn holds(rule: &Rule, actual: Number) -> bool {
    rule.operator.holds(actual, rule.value)
}

fn size(rule: &Rule, facts: &Facts) -> Verdict {
    let Some(bytes) = facts.size_bytes else {
        return unsure(None, "media whose size is unknown");
    };
    let (decimal, binary) = (bytes as f64 / MEGABYTE, bytes as f64 / MEBIBYTE);
    let actual = Number::Float(decimal);
    match (holds(rule, actual), holds(rule, Number::Float(binary))) {
        (true, true) => Verdict::Holds,
        (false, false) => Verdict::Violated { actual },
        _ => unsure(
            Some(actual),
            format!("or {binary:.6} MiB; the schema does not say which is meant"),
        ),
    }
}

/// Judges what `measure` computes from width and height, as stored and as shown.
fn dimensions(
    rule: &Rule,
    facts: &Facts,
    what: &str,
    measure: impl Fn(Option<u32>, Option<u32>) -> Option<Number>,
) -> Verdict {
    let Some(stored) = measure(facts.width, facts.height) else {
        return unknown(facts, what);
    };
    // The service may rotate an image before it measures; this is not documented.
    let may_be_swapped = facts.orientation.is_none_or(orientation::swaps);
    let swapped = if may_be_swapped {
        measure(facts.height, facts.width)
    } else {
        Some(stored)
    };
    match (
        holds(rule, stored),
        swapped.map(|swapped| (holds(rule, swapped), swapped)),
    ) {
        (true, Some((true, _))) => Verdict::Holds,
        (false, Some((false, _))) => Verdict::Violated { actual: stored },
        (true, Some((false, swapped))) => unsure(Some(swapped), rotation(facts)),
        (false, Some((true, _))) => unsure(Some(stored), rotation(facts)),
        (_, None) => unknown(facts, "width or height"),
    }
}

fn rotation(facts: &Facts) -> String {
    let stored = facts.stored().map_or_else(String::new, |(width, height)| {
        format!("stored as {width}x{height}, ")
    });
    match facts.shown() {
        Some((width, height)) => {
            format!("{stored}shown as {width}x{height}; the schema does not say which counts")
        }
        None => format!("{stored}and its orientation is unknown"),
    }
}

fn duration(rule: &Rule, facts: &Facts) -> Verdict {
    let Some(seconds) = facts.duration_seconds else {
        return unknown(facts, "duration");
    };
    let (min, max) = (seconds - DURATION_TOLERANCE, seconds + DURATION_TOLERANCE);
    let limit = rule.value.as_f64();
    // Both ends of the range, and the value nearest to the limit in between.
    let nearest = limit.max(min).min(max);
    let readings = [min, nearest, max].map(|reading| holds(rule, Number::Float(reading)));
    let actual = Number::Float(seconds);
    match readings {
        [true, true, true] => Verdict::Holds,
        [false, false, false] => Verdict::Violated { actual },
        _ => unsure(Some(actual), "so near to the limit that rounding decides"),
    }
}
