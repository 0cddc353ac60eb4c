//! Cells of a table for spreadsheets.

use std::borrow::Cow;

use crate::money::Money;

/// Returns a text as a cell that no spreadsheet takes for a formula.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        format!("'{text}").into()
    } else {
        text.into()
    }
}

/// Returns a sum in dollars, without a sign that would make it a text.
pub(super) fn sum(sum: Money) -> String {
    sum.to_string().trim_start_matches('$').to_owned()
}

/// Returns a value as a cell, or an empty cell.
pub(super) fn or_empty(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cell_is_never_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(text(formula), format!("'{formula}"));
        }
        for plain in ["", "a boat", "'=1", "1-2"] {
            assert_eq!(text(plain), plain);
        }
        assert_eq!(sum(Money::from_micros(42_500)), "0.0425");
    }
}
