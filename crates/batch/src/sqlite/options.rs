//! The settings with which a store is opened.

use crate::clock::Clock;
use crate::faults::Faults;

#[cfg(doc)]
use crate::SqliteStore;
#[cfg(doc)]
use crate::store::error::StoreErrorKind;

/// Settings with which a [`SqliteStore`] is opened.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct SqliteOptions {
    pub(super) must_exist: bool,
    pub(super) recreates: bool,
    pub(super) clock: Clock,
    pub(super) faults: Faults,
}

impl SqliteOptions {
    /// Returns settings that create the file where it is missing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens only a file that exists.
    pub fn must_exist(mut self) -> Self {
        self.must_exist = true;
        self
    }

    /// Creates the file again where it was deleted, renamed or moved after a process had worked on it. Use it
    /// where jobs cost nothing, as on an emulator. Default: that is [refused](StoreErrorKind::Removed), since
    /// a new store would pay for the jobs again.
    pub fn recreate(mut self) -> Self {
        self.recreates = true;
        self
    }

    /// Sets the clock, for tests.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Makes commits fail, for tests.
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }
}
