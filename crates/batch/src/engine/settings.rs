//! The settings of a batch.

use std::path::PathBuf;
use std::time::Duration;

use crate::disk::Disk;

/// Settings of a batch.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) folder: PathBuf,
    pub(super) name: String,
    pub(super) process: String,
    pub(super) spill: Option<PathBuf>,
    pub(super) concurrency: usize,
    /// Maximum number of submits in flight; 0: nothing is submitted.
    pub(super) submits: usize,
    pub(super) lease: Duration,
    pub(super) min_free: u64,
    pub(super) disk: Disk,
    pub(super) poll_every: Option<Duration>,
    pub(super) keeps_running: bool,
    pub(super) emulated: bool,
}

impl Settings {
    /// Returns the defaults.
    pub(super) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            name: "{n}-{id}".to_owned(),
            process: format!("process {}", std::process::id()),
            spill: None,
            concurrency: 32,
            submits: 8,
            lease: Duration::from_secs(30),
            min_free: 100_000_000,
            disk: Disk::system(),
            poll_every: None,
            keeps_running: false,
            emulated: false,
        }
    }
}
