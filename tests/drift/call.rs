//! The calls whose replies are broken.

/// One of the four calls about a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Submit,
    Status,
    Result,
    Cancel,
}

impl Call {
    /// The call of a case. Cancelling has the simplest reply, and so the least share.
    pub(super) fn of(case: u64) -> Self {
        match case % 8 {
            0 | 1 => Self::Status,
            2..=4 => Self::Submit,
            7 => Self::Cancel,
            _ => Self::Result,
        }
    }
}
