//! The settings of a report.

use std::path::PathBuf;

use crate::timestamp::Timestamp;

/// Settings of a report.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) has_inputs: bool,
    pub(super) title: String,
    pub(super) folder: PathBuf,
    pub(super) files: Option<PathBuf>,
    pub(super) resolve: String,
    pub(super) at: Option<Timestamp>,
}
