//! Ranges of aspect ratios in words, such as "1:16 to 16:1".

use crate::{Operator, Quantity, Rule};

/// Words and signs between the ends of a range that belongs to its ends.
const BETWEEN: [&str; 9] = ["to", "and", "through", "until", "-", "–", "—", "~", "a"];

/// Returns the range in a text that allows an end which the rule refuses, or `None`.
///
/// "1:16 to 16:1" allows 16:1, and `width/height < 16` does not.
pub(super) fn beyond<'t>(text: &'t str, rule: &Rule) -> Option<&'t str> {
    let is_strict = matches!(rule.operator, Operator::Above | Operator::Below);
    if !is_strict || rule.quantity != Quantity::AspectRatio {
        return None;
    }
    let limit = rule.value.as_f64();
    let is_limit = |ratio: f64| (ratio - limit).abs() <= limit.abs() * 0.01;
    let words: Vec<&str> = text.split_whitespace().collect();
    words.windows(3).find_map(|window| {
        let [from, between, to] = *window else {
            return None;
        };
        let ends = [ratio(from)?, ratio(to)?];
        let is_range = BETWEEN.contains(&between) && ends.into_iter().any(is_limit);
        is_range.then(|| written(text, from, to))
    })
}

/// Returns the ratio that a word is, `16:9`, `(1:3)` or `16:1.`.
fn ratio(word: &str) -> Option<f64> {
    let bare = word.trim_matches(|c: char| !c.is_ascii_digit());
    let (width, height) = bare.split_once([':', '/'])?;
    let (width, height): (f64, f64) = (width.parse().ok()?, height.parse().ok()?);
    (height > 0.0).then(|| width / height)
}

/// Returns the part of a text from one of its words to another.
fn written<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    let start = text.find(from).unwrap_or_default();
    let end = text[start..]
        .find(to)
        .map_or(text.len(), |at| start + at + to.len());
    text[start..end].trim_matches(|c: char| !c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Number;

    #[test]
    fn range_in_words_includes_its_ends() {
        let rule = |operator, value: f64| Rule {
            quantity: Quantity::AspectRatio,
            operator,
            value: Number::Float(value),
            message: "".into(),
        };
        let found = Some("1:16 to 16:1");
        for (text, rule, expected) in [
            (
                "Ratio from 1:16 to 16:1.",
                rule(Operator::Below, 16.0),
                found,
            ),
            ("Ratio (1:16 to 16:1)", rule(Operator::Above, 0.0625), found),
            (
                "Ratio from 1:16 to 16:1.",
                rule(Operator::AtMost, 16.0),
                None,
            ),
            ("Ratio from 1:16 to 16:1.", rule(Operator::Below, 4.0), None),
            (
                "Between 1:3 and 3:1",
                rule(Operator::Below, 3.0),
                Some("1:3 and 3:1"),
            ),
            ("16:9 to go", rule(Operator::Below, 1.777), None),
            ("", rule(Operator::Below, 16.0), None),
        ] {
            assert_eq!(beyond(text, &rule), expected, "{text} {rule}");
        }
    }
}
