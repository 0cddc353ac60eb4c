//! Whether a rule's message says what the rule says.

use crate::{Number, Operator, Rule};

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

/// How the message disagrees with the rule about the bound, if it does. The rule decides what is
/// checked; but the message is what people are shown, so they would be told another limit.
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
            has(&EXCLUSIVE).filter(|_| has(&INCLUSIVE).is_none())
        }
        Operator::Equal => None,
    };
    if let Some(word) = word {
        return Some(format!("the message says “{word}”, the rule is `{rule}`"));
    }
    let numbers = numbers(&text);
    let named = numbers.iter().any(|(_, number)| *number == rule.value);
    let shown: Vec<&str> = numbers.iter().map(|(shown, _)| shown.as_str()).collect();
    let differs = !numbers.is_empty() && !named;
    differs.then(|| {
        format!(
            "the message speaks of {}, the rule is `{rule}`",
            shown.join(" and ")
        )
    })
}

/// The numbers of a text, as written and by value: `4096`, `4.7`, `4,096`, and `1/3` as one.
fn numbers(text: &str) -> Vec<(String, Number)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (first, length) = leading(&rest[start..]);
        let mut end = start + length;
        let mut value = first;
        if let Some(divisor) = rest[end..].strip_prefix('/')
            && divisor.starts_with(|c: char| c.is_ascii_digit())
        {
            let (divisor, length) = leading(divisor);
            value = first / divisor;
            end += 1 + length;
        }
        let number = Number::Float(value);
        found.push((rest[start..end].to_owned(), number));
        rest = &rest[end..];
    }
    found
}

/// The decimal number that a text begins with, and its length in bytes.
fn leading(text: &str) -> (f64, usize) {
    let bytes = text.as_bytes();
    let digit = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
    let mut end = 0;
    while digit(end)
        || (bytes.get(end) == Some(&b'.') && digit(end + 1))
        || (bytes.get(end) == Some(&b',') && (1..=3).all(|k| digit(end + k)) && !digit(end + 4))
    {
        end += 1;
    }
    // Two dots make no number; infinity equals no limit.
    (
        text[..end]
            .replace(',', "")
            .parse()
            .unwrap_or(f64::INFINITY),
        end,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Quantity, Rule};

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
}
