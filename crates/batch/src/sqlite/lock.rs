//! The lock that tells whether an incarnation lives.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

/// An exclusive lock on a file beside the store. The system releases it when the process ends,
/// however it ends. The file stays: removing it would let two processes lock two files.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "dropping it releases the lock")] File);

/// Number of attempts at a lock, and the time between two. Whoever only asks for the holder has the lock for
/// some microseconds.
const ATTEMPTS: u32 = 50;
const PAUSE: Duration = Duration::from_millis(1);

impl Lock {
    /// Returns the lock of a store, or `None` while another holds it. While others only ask for its holder,
    /// this blocks for a moment.
    pub(super) fn try_acquire(store: &Path) -> io::Result<Option<Self>> {
        let mut options = OpenOptions::new();
        let file = options
            .create(true)
            .truncate(false)
            .write(true)
            .open(Self::path(store))?;
        for _ in 0..ATTEMPTS {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Self(file))),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error),
            }
            // Whoever asks shares the lock, and its holder shares it with nobody.
            match file.try_lock_shared() {
                Ok(()) => file.unlock()?,
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
            thread::sleep(PAUSE);
        }
        Ok(None)
    }

    /// Returns the path of the lock file of a store.
    pub(super) fn path(store: &Path) -> PathBuf {
        let mut path: OsString = store.into();
        path.push(".lock");
        path.into()
    }

    /// Creates the lock file of a store again that was removed with it, so that nobody takes the store for one that
    /// never was. The lock itself is on the file that was removed.
    pub(super) fn leave_trace(store: &Path) {
        // Where it cannot be written, no new store can be either.
        let _ = OpenOptions::new()
            .create(true)
            .append(true)
            .open(Self::path(store));
    }

    /// Returns `true` if somebody has ever held the lock of a store.
    pub(super) fn was_held(store: &Path) -> bool {
        Self::path(store).exists()
    }

    /// Returns `true` while somebody holds the lock of a store.
    pub(super) fn is_held(store: &Path) -> io::Result<bool> {
        let file = match File::open(Self::path(store)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        // Shared, so that two who ask do not take each other for the holder.
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
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

    #[test]
    fn lock_is_acquired_while_others_ask_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("jobs.batch.db");
        assert!(!Lock::is_held(&store).unwrap());
        let ends = std::sync::atomic::AtomicBool::new(false);
        thread::scope(|scope| {
            let ask = || {
                while !ends.load(std::sync::atomic::Ordering::Relaxed) {
                    Lock::is_held(&store).unwrap();
                }
            };
            scope.spawn(ask);
            scope.spawn(ask);
            let refused = (0..500).filter(|_| Lock::try_acquire(&store).unwrap().is_none());
            let refused = refused.count();
            ends.store(true, std::sync::atomic::Ordering::Relaxed);
            assert_eq!(refused, 0);
        });
        let lock = Lock::try_acquire(&store).unwrap();
        assert!(Lock::is_held(&store).unwrap());
        drop(lock);
        assert!(!Lock::is_held(&store).unwrap());
    }
}
