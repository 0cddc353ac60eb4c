//! The calls whose responses are broken.

/// A call about a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Submit,
    Status,
    Result,
    Cancel,
}

impl Call {
    /// Returns the call of a case. Cancelling has the simplest response, and so the smallest share.
    pub(super) fn for_case(case: u64) -> Self {
        match case % 8 {
            0 | 1 => Self::Status,
            2..=4 => Self::Submit,
            7 => Self::Cancel,
            _ => Self::Result,
        }
    }
}
