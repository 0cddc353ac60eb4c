//! The lock that tells whether an incarnation lives.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// An exclusive lock on a file beside the store. The system releases it when the process ends,
/// however it ends. The file stays: removing it would let two processes lock two files.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "dropping it releases the lock")] File);

impl Lock {
    /// Returns the lock of a store, or `None` while another holds it.
    pub(super) fn try_acquire(store: &Path) -> io::Result<Option<Self>> {
        let mut options = OpenOptions::new();
        let file = options
            .create(true)
            .truncate(false)
            .write(true)
            .open(path(store))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

fn path(store: &Path) -> PathBuf {
    let mut path: OsString = store.into();
    path.push(".lock");
    path.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lock_is_held_by_one_until_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("jobs.batch.db");
        let lock = Lock::try_acquire(&store).unwrap().unwrap();
        assert!(Lock::try_acquire(&store).unwrap().is_none());
        drop(lock);
        assert!(Lock::try_acquire(&store).unwrap().is_some());
        assert!(folder.path().join("jobs.batch.db.lock").exists());
    }
}
