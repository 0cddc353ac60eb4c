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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_texts_have_the_hashes_they_need() {
        assert_eq!(raw_text("a"), "r\"a\"");
        assert_eq!(raw_text("{\"a\": 1}"), "r#\"{\"a\": 1}\"#");
        assert_eq!(raw_text("\"#\""), "r##\"\"#\"\"##");
    }
}
