//! Numbers of things in words.

/// Returns a number with its noun, such as "1 job" or "2 jobs".
pub(crate) fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// Returns a number of jobs in words.
#[cfg(feature = "batch")]
pub(crate) fn jobs(count: u64) -> String {
    counted(count, "job")
}
