//! Parts of the server that all calls share.

use std::sync::Arc;

use runcomfy::Client;
use runcomfy_batch::Store;
use tokio::sync::Mutex;

use crate::engine::Engine;
use crate::models::Models;
use crate::settings::Settings;

/// Access of a client's inputs to the files of this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LocalFiles {
    /// Media may be local files: the client has started this process, and can read them itself.
    Read,
    /// Media are URLs: the client may be on another machine, behind a tunnel, or of another user.
    #[cfg_attr(
        not(feature = "http"),
        allow(dead_code, reason = "only HTTP is for strangers")
    )]
    Refuse,
}

/// Parts of the server that all calls share.
pub(crate) struct Shared {
    pub(crate) client: Client,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) models: Arc<Models>,
    pub(crate) engine: Engine,
    /// Makes the check of budget and keys and the import one step.
    pub(crate) admission: Mutex<()>,
}

impl Shared {
    pub(crate) fn new(
        client: Client,
        store: Arc<dyn Store>,
        settings: Arc<Settings>,
        models: Arc<Models>,
        engine: Engine,
    ) -> Self {
        Self {
            client,
            store,
            settings,
            models,
            engine,
            admission: Mutex::default(),
        }
    }
}
