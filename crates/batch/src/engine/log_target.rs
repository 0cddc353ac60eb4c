//! The target of the log.

/// Target of the log, which is stable.
pub(super) const TARGET: &str = "runcomfy::batch";
