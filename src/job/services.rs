//! The parts of a client that a job uses.

use std::sync::Arc;

use crate::api::Api;
use crate::download::fetcher::Fetcher;
use crate::wait::poller::Poller;

/// Parts of a client that all its jobs share: the calls, the waits and the downloads.
#[derive(Debug)]
pub(crate) struct Services {
    api: Arc<Api>,
    poller: Arc<Poller>,
    fetcher: Fetcher,
}

impl Services {
    pub(crate) fn new(api: Arc<Api>, poller: Arc<Poller>, fetcher: Fetcher) -> Self {
        Self {
            api,
            poller,
            fetcher,
        }
    }

    pub(crate) fn api(&self) -> &Arc<Api> {
        &self.api
    }

    pub(crate) fn poller(&self) -> &Arc<Poller> {
        &self.poller
    }

    pub(crate) fn fetcher(&self) -> &Fetcher {
        &self.fetcher
    }
}
