//! The place of the store of a run.

use runcomfy_batch::Store;

use crate::batch::metrics::MetricsServer;
use crate::batch::opened::{Opened, Opener};
use crate::batch::work_options::WorkOptions;
use crate::failure::Failure;

/// The place of the store of a run, and the store where there is one.
pub(super) struct Place<'a> {
    pub(super) entry: Opener<'a>,
    pub(super) server: Option<MetricsServer>,
    pub(super) opened: Option<Opened>,
}

impl<'a> Place<'a> {
    /// Locks the place, and opens the store where there is one.
    ///
    /// # Errors
    /// If another process works there, the store cannot be opened, or the metrics cannot be served.
    pub(super) async fn open(options: &'a WorkOptions) -> Result<Self, Failure> {
        let entry = Opener::new(options)?;
        let server = MetricsServer::listen(options).await?;
        let opened = entry.open_if_exists().await?;
        Ok(Self {
            entry,
            server,
            opened,
        })
    }

    /// Returns the store, where there is one.
    pub(super) fn store(&self) -> Option<&dyn Store> {
        self.opened.as_ref().map(|opened| &*opened.store)
    }
}
