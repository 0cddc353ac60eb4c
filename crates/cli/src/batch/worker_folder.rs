//! The folder of a worker: what one process on one machine keeps of a batch on many.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// The folder in which a worker keeps its intents, which a server may forget, and request ids that the server
/// does not have yet. One process at a time works from it.
pub(crate) struct WorkerFolder {
    path: PathBuf,
    /// Dropping it releases the lock, and so does the end of the process, however it ends.
    _lock: File,
}

impl WorkerFolder {
    /// Opens the folder, and creates it where it is missing.
    ///
    /// # Errors
    /// If another process works from it, or it cannot be written.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let opened = Self::try_open(path).map_err(|error| {
            Failure::unwritable(format!(
                "could not open the folder of the worker, {}: {error}; nothing was submitted. Make it writable, or name another with --worker-dir",
                path.display()
            ))
        })?;
        opened.map_err(|owner| {
            Failure::unavailable(format!(
                "{owner} works from the folder {}; nothing was submitted. One process is enough on each machine, with a higher --concurrency; for another one name another folder with --worker-dir",
                path.display()
            ))
        })
    }

    /// Returns the name of the process that works from the folder, if it is another one.
    fn try_open(path: &Path) -> io::Result<Result<Self, String>> {
        std::fs::create_dir_all(path)?;
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).write(true);
        let mut lock = options.open(path.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut owner = String::new();
                // Some systems let nobody else read it.
                let is_named = lock.read_to_string(&mut owner).is_ok() && !owner.is_empty();
                let another = "another process".to_owned();
                return Ok(Err(if is_named { owner } else { another }));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
        lock.set_len(0)?;
        lock.rewind()?;
        write!(lock, "process {}", std::process::id())?;
        Ok(Ok(Self {
            path: path.to_owned(),
            _lock: lock,
        }))
    }

    /// Returns the file of the intents of this machine.
    #[cfg(feature = "postgres")]
    pub(crate) fn intents(&self) -> PathBuf {
        intents_in(&self.path)
    }

    /// Returns the file that takes request ids while the store cannot be written.
    pub(crate) fn ids(&self) -> PathBuf {
        ids_in(&self.path)
    }
}

/// Returns the file of the intents in the folder of a worker.
pub(crate) fn intents_in(folder: &Path) -> PathBuf {
    folder.join("intents.jsonl")
}

/// Returns the file of the ids in the folder of a worker.
pub(crate) fn ids_in(folder: &Path) -> PathBuf {
    folder.join("ids.jsonl")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_at_a_time_works_from_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("boats.worker");
        let first = WorkerFolder::try_open(&path).unwrap().ok().unwrap();
        let owner = WorkerFolder::try_open(&path).unwrap().err().unwrap();
        assert_eq!(owner, format!("process {}", std::process::id()));
        drop(first);
        assert!(WorkerFolder::try_open(&path).unwrap().is_ok());
    }
}
