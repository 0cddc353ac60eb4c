//! Comparison of a rule's message with the rule.

use super::ratio_range;
use crate::{Operator, Quantity, Rule};

mod amounts;

use amounts::{Amount, amounts};

/// Words that promise that the limit itself is allowed, and words that promise that it is not.
const INCLUSIVE: [&str; 8] = [
    "at least", "at most", "up to", "within", "≤", "≥", "<=", ">=",
];
const EXCLUSIVE: [&str; 8] = [
    "less than",
    "smaller than",
    "below",
    "under ",
    "greater than",
    "larger than",
    "more than",
    "above",
];

/// Returns how the message contradicts the rule about the bound, or `None`. The rule decides what
/// is checked, but people read the message, and it would tell them another limit.
pub(super) fn disagreement(rule: &Rule) -> Option<String> {
    let text = rule.message.to_lowercase();
    let has = |words: &[&'static str]| {
        words
            .iter()
            .find(|word| text.contains(**word))
            .map(|word| word.trim())
    };
    let word = match rule.operator {
        Operator::Below | Operator::Above => has(&INCLUSIVE).filter(|_| has(&EXCLUSIVE).is_none()),
        Operator::AtMost | Operator::AtLeast => {
            has(&EXCLUSIVE).filter(|_| has(&INCLUSIVE).is_none() && !denies(&text))
        }
        Operator::Equal => None,
    };
    if let Some(word) = word {
        return Some(format!("the message says “{word}”, the rule is `{rule}`"));
    }
    if let Some(range) = ratio_range::beyond(&text, rule) {
        return Some(format!(
            "the message allows “{range}”, both ends included, the rule is `{rule}`"
        ));
    }
    let amounts = amounts(&text, &rule.quantity)?;
    let differs = !amounts.is_empty() && !amounts.iter().any(|amount| names(amount, rule));
    differs.then(|| {
        let written: Vec<&str> = amounts.iter().map(|a| a.written.as_str()).collect();
        format!(
            "the message speaks of {}, the rule is `{rule}`",
            written.join(" and ")
        )
    })
}

/// Returns `true` if a text denies: "no more than 15" allows 15, and "must not be below 15" does,
/// too.
fn denies(text: &str) -> bool {
    let mut words = text.split(|c: char| !c.is_alphabetic() && c != '\'' && c != '’');
    words.any(|word| {
        matches!(word, "no" | "not" | "never" | "cannot")
            || word.ends_with("n't")
            || word.ends_with("n’t")
    })
}

/// Returns `true` if an amount may be the rule's limit.
fn names(amount: &Amount, rule: &Rule) -> bool {
    let limit = rule.value.as_f64();
    let is_ratio = rule.quantity == Quantity::AspectRatio;
    let same = |meaning: f64| {
        let exactly = |meaning: f64| (meaning - limit).abs() <= limit.abs() * 1e-9;
        // Of the long side to the short one is said of either side.
        exactly(meaning) || (is_ratio && exactly(1.0 / meaning))
    };
    let rounded = |quotient: f64| {
        let near =
            |value: f64| (value - limit).abs() < last_place(rule).min(limit.abs() * MAX_ROUNDING);
        near(quotient) || (is_ratio && near(1.0 / quotient))
    };
    amount.meanings.iter().any(|meaning| same(*meaning))
        || amount.quotient.is_some_and(|q| same(q) || rounded(q))
}

/// Maximum relative difference of a rounded quotient. A third is 0.333, and hardly 0.33: the
/// service refuses pictures that are a hundredth narrower.
const MAX_ROUNDING: f64 = 0.005;

/// Returns one unit in the last decimal of the rule's limit, or 0 for a whole number, to which
/// nobody rounds.
fn last_place(rule: &Rule) -> f64 {
    let limit = rule.value.to_string();
    let decimals = limit.split_once('.').map_or(0, |(_, digits)| digits.len());
    match i32::try_from(decimals) {
        Ok(0) | Err(_) => 0.0,
        Ok(decimals) => 10f64.powi(-decimals),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Number, Quantity, Rule};

    #[test]
    fn messages_are_held_to_their_rules() {
        use Operator::{Above, AtLeast, AtMost, Below};
        for (operator, value, message, words) in [
            (AtMost, 15.0, "Each image file must be ≤ 15 MB.", None),
            (AtMost, 4096.0, "Maximum resolution is 4096x4096.", None),
            (AtMost, 4096.0, "At most 4,096 pixels.", None),
            (Below, 4.7, "File size must be less than 4.7 MB.", None),
            (
                AtMost,
                3.0,
                "The input image aspect ratio must be within [1/3, 3].",
                None,
            ),
            (
                AtLeast,
                0.33,
                "The input image aspect ratio must be within [1/3, 3].",
                Some("the message speaks of 1/3 and 3, the rule is `width/height >= 0.33`"),
            ),
            (
                Above,
                320.0,
                "The shortest side must be at least 320 pixels.",
                Some("the message says “at least”, the rule is `width/height > 320`"),
            ),
            (AtMost, 15.0, "Must be below 15 MB", Some("“below”")),
            (AtMost, 15.0, "At most 20 MB", Some("speaks of 20")),
            (AtMost, 15.0, "The file is too large.", None),
            (AtMost, 15.0, "", None),
            (AtMost, 15.0, "v1.2.3", Some("speaks of 1.2.3")),
        ] {
            let value = Number::Float(value);
            let rule = Rule {
                quantity: Quantity::AspectRatio,
                operator,
                value,
                message: message.into(),
            };
            let found = disagreement(&rule);
            match words {
                None => assert_eq!(found, None, "{message}"),
                Some(words) => assert!(
                    found.as_ref().is_some_and(|f| f.contains(words)),
                    "{message}: {found:?}"
                ),
            }
        }
    }

    #[test]
    fn one_amount_is_written_in_many_ways() {
        use Operator::{AtLeast, AtMost};
        let ratio = || Quantity::AspectRatio;
        let size = || Quantity::FileSizeMb;
        let width = || Quantity::WidthPixels;
        let seconds = || Quantity::DurationSeconds;
        for (quantity, operator, value, message, agrees) in [
            (ratio(), AtLeast, 0.0625, "Ratio from 1:16 to 16:1.", true),
            (ratio(), AtMost, 16.0, "Ratio from 1:16 to 16:1.", true),
            (ratio(), AtLeast, 0.4, "From 2:5 to 5 : 2", true),
            (ratio(), AtMost, 1.777_777_8, "At most 16:9", true),
            (ratio(), AtMost, 1.78, "At most 16:9", true),
            (ratio(), AtLeast, 0.333, "[1/3, 3]", true),
            (ratio(), AtLeast, 0.33, "1:3 or wider", false),
            (ratio(), AtLeast, 0.5, "From 2:5 to 5:2", false),
            (ratio(), AtMost, 2.0, "At most 16:9", false),
            (size(), AtMost, 0.5, "At most 500 KB", true),
            (size(), AtMost, 0.5, "At most 512KB", true),
            (size(), AtMost, 4.7, "Höchstens 4,7 MB", true),
            (size(), AtMost, 2_000.0, "At most 2 GB", true),
            (size(), AtMost, 0.5, "At most 600 KB", false),
            (size(), AtMost, 500.0, "At most 500 KB", false),
            (size(), AtMost, 5.0, "At most 4,7 MB", false),
            (size(), AtMost, 15.0, "No more than 15 MB", true),
            (size(), AtMost, 15.0, "Mustn't be larger than 15 MB", true),
            (seconds(), AtMost, 60.0, "At most 1 minute.", true),
            (
                seconds(),
                AtMost,
                90.0,
                "At most 1 minute 30 seconds.",
                true,
            ),
            (seconds(), AtMost, 90.0, "At most 1:30", true),
            (seconds(), AtMost, 0.5, "500 ms at most", true),
            (seconds(), AtMost, 60.0, "At most 2 minutes", false),
            (width(), AtMost, 1_024.0, "At most 1 024 px", true),
            (width(), AtMost, 1_024.0, "At most 1\u{202f}024 px", true),
            (width(), AtMost, 1_024.0, "At most 1.024 px", true),
            (width(), AtMost, 100.0, "Up to 3 100 px pictures", true),
            (width(), AtMost, 3_840.0, "At most 4K", true),
            (width(), AtMost, 1_024.0, "At most 1 023 px", false),
            (width(), AtMost, 4_096.0, "At most 4095 pixels", false),
        ] {
            let rule = Rule {
                quantity,
                operator,
                value: Number::Float(value),
                message: message.into(),
            };
            let found = disagreement(&rule);
            assert_eq!(found.is_none(), agrees, "{rule}: {message}: {found:?}");
        }
    }
}
