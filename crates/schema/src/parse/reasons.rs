//! Reasons for which a value is not taken.

use crate::{Violation, Violations};

/// Returns the violations of a value inside a schema, in one line.
pub(super) fn reasons(violations: &Violations) -> String {
    let one = |v: &Violation| match &*v.pointer {
        "" => format!("found {}, expected {}", v.found, v.expected),
        at => format!("{at}: found {}, expected {}", v.found, v.expected),
    };
    let mut reasons: Vec<String> = violations.iter().map(one).collect();
    // The text names all limits, so that of a second broken one may be the same.
    reasons.dedup();
    reasons.join("; ")
}
