//! Literals in Rust's notation.

use proc_macro2::Literal;

/// Returns a text as a literal, escaped.
pub(super) fn text(text: &str) -> String {
    Literal::string(text).to_string()
}

/// Returns a text as it is, between `r#"` and `"#`.
pub(super) fn raw_text(text: &str) -> String {
    // One more than follow any quote inside; clippy wants no more than that.
    let after_quotes = text.split('"').skip(1);
    let runs = after_quotes.map(|after| after.len() - after.trim_start_matches('#').len());
    let hashes = "#".repeat(runs.max().map_or(0, |most| most + 1));
    format!("r{hashes}\"{text}\"{hashes}")
}

/// Returns an integer with its digits in groups of three if there are more than five, as clippy
/// demands.
pub(super) fn integer(integer: i64) -> String {
    const MAX_UNGROUPED: usize = 5;
    let digits = integer.unsigned_abs().to_string();
    let mut out = String::from(if integer < 0 { "-" } else { "" });
    for (i, digit) in digits.chars().enumerate() {
        let left = digits.len() - i;
        if i > 0 && digits.len() > MAX_UNGROUPED && left.is_multiple_of(3) {
            out.push('_');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_integers_are_grouped() {
        for (number, written) in [
            (0, "0"),
            (12_345, "12345"),
            (123_456, "123_456"),
            (-2_147_483_647, "-2_147_483_647"),
            (i64::MIN, "-9_223_372_036_854_775_808"),
        ] {
            assert_eq!(integer(number), written);
        }
    }

    #[test]
    fn raw_texts_have_the_hashes_they_need() {
        assert_eq!(raw_text("a"), "r\"a\"");
        assert_eq!(raw_text("{\"a\": 1}"), "r#\"{\"a\": 1}\"#");
        assert_eq!(raw_text("\"#\""), "r##\"\"#\"\"##");
    }
}
