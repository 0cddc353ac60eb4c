//! A store that this process works on.

use std::path::PathBuf;
use std::sync::Arc;

use runcomfy_batch::{Incarnation, Store};

use super::work_options::WorkOptions;
use super::worker_folder::WorkerFolder;
use super::{service, store};
use crate::failure::Failure;

/// A store that this process works on.
pub(crate) struct Opened {
    pub(crate) store: Arc<dyn Store>,
    /// Keeps other processes from a store in a file, until the engine registers itself.
    _me: Option<Incarnation>,
}

/// The place of a store, and what this machine keeps of it.
pub(crate) struct Opener<'a> {
    options: &'a WorkOptions,
    /// Is `None` for a store in a file.
    worker: Option<WorkerFolder>,
}

impl<'a> Opener<'a> {
    /// Locks the folder of the worker, where there is one.
    ///
    /// # Errors
    /// If another process works from it.
    pub(crate) fn new(options: &'a WorkOptions) -> Result<Self, Failure> {
        let worker = match options.location.as_file() {
            Some(_) => None,
            None => Some(WorkerFolder::open(&options.worker_dir)?),
        };
        Ok(Self { options, worker })
    }

    /// Returns the file that takes request ids while the store cannot be written.
    pub(crate) fn spill(&self) -> PathBuf {
        let worker = self.worker.as_ref();
        worker.map_or_else(|| self.options.location.spill(), WorkerFolder::ids)
    }

    /// Opens the store, if there is one.
    ///
    /// # Errors
    /// If it cannot be read, was deleted, has jobs at another service, or another process works on it.
    pub(crate) async fn open_if_exists(&self) -> Result<Option<Opened>, Failure> {
        let opened = self.find().await?;
        if let Some(opened) = &opened {
            service::refuse_other(self.options, &*opened.store).await?;
        }
        Ok(opened)
    }

    async fn find(&self) -> Result<Option<Opened>, Failure> {
        #[cfg(feature = "postgres")]
        if let Some(worker) = &self.worker {
            let store = self.options.location.join(worker, true).await?;
            return Ok(store.map(Opened::shared));
        }
        match self.options.location.as_file() {
            Some(path) if path.exists() => self.create().await.map(Some),
            Some(path) if !self.options.emulate => {
                store::refuse_removed(path, &self.spill()).map(|()| None)
            }
            _ => Ok(None),
        }
    }

    /// Opens the store, and creates it where it is missing.
    ///
    /// # Errors
    /// If it cannot be written, or another process works on it.
    pub(crate) async fn create(&self) -> Result<Opened, Failure> {
        #[cfg(feature = "postgres")]
        if let Some(worker) = &self.worker
            && let Some(store) = self.options.location.join(worker, false).await?
        {
            return Ok(Opened::shared(store));
        }
        let store = self.options.location.create(self.options.emulate)?;
        let process = self.options.process();
        let me = store.register(&process, self.options.lease).await?;
        Ok(Opened {
            store,
            _me: Some(me),
        })
    }
}

impl Opened {
    /// Returns the store, for the engine to register itself.
    pub(crate) fn into_store(self) -> Arc<dyn Store> {
        self.store
    }

    /// Others work on it at the same time.
    #[cfg(feature = "postgres")]
    fn shared(store: Arc<dyn Store>) -> Self {
        Self { store, _me: None }
    }
}
