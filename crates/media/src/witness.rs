//! Believes a duration only if a second witness agrees.
//!
//! A header is written before the data that it describes. A program that writes to a pipe cannot
//! correct it, an upload may be cut off, and pieces may be joined. So a duration from one field is
//! believed only if another field or the bytes of the file confirm it.

use crate::Facts;

/// Tolerance in seconds: containers round to whole frames and to milliseconds.
const TOLERANCE: f64 = 0.05;
/// Tolerance of long media, as a part of their duration: average bit rates are rounded.
const RELATIVE_TOLERANCE: f64 = 0.000_5;

/// A duration in seconds, and where it comes from, as text that follows "by": "by its header".
pub(crate) type Witness<'a> = (f64, &'a str);

/// Returns `true` if both durations are the same, less rounding.
pub(crate) fn agree(one: f64, other: f64) -> bool {
    let difference = (one - other).abs();
    difference <= TOLERANCE || difference <= one.max(other) * RELATIVE_TOLERANCE
}

impl Facts {
    /// Sets the duration to that of `first` if `second` agrees, else notes both.
    pub(crate) fn confirm_duration(&mut self, first: Witness<'_>, second: Witness<'_>) {
        if first.0.is_finite() && second.0.is_finite() && agree(first.0, second.0) {
            self.duration_seconds = Some(first.0);
        } else {
            self.doubt_duration_between(first, second);
        }
    }

    /// Notes two durations that contradict each other.
    pub(crate) fn doubt_duration_between(&mut self, first: Witness<'_>, second: Witness<'_>) {
        let ((one, by_one), (other, by_other)) = (first, second);
        self.note(format!(
            "its duration is uncertain: {one:.3} s {by_one}, but {other:.3} s {by_other}"
        ));
    }

    /// Notes a duration that nothing confirms.
    pub(crate) fn doubt_duration(&mut self, only: Witness<'_>, why: &str) {
        let (seconds, by) = only;
        self.note(format!(
            "its duration is uncertain: {seconds:.3} s {by}, and {why}"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disagreement_keeps_both_durations_as_text() {
        let mut facts = Facts::default();
        facts.confirm_duration((48_695.8, "by its header"), (1.03, "by its bytes"));
        assert_eq!(facts.duration_seconds, None);
        let why = facts.unknown.unwrap();
        assert_eq!(
            why,
            "its duration is uncertain: 48695.800 s by its header, but 1.030 s by its bytes"
        );
    }

    #[test]
    fn rounding_is_no_disagreement() {
        assert!(agree(1.5, 1.54) && agree(3_600.0, 3_601.0));
        assert!(!agree(1.5, 1.6) && !agree(3_600.0, 3_602.0));
    }
}
