//! The identity of a store's file.

use std::io;
use std::path::Path;

use crate::store::error::{StoreError, StoreErrorKind};

/// Identity of the file behind an open store: a path may lead to another file, or to none, while the store is
/// still written to the file that was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    #[cfg(unix)]
    device: u64,
    #[cfg(unix)]
    inode: u64,
}

impl Identity {
    /// Returns the identity of the file at a path.
    #[cfg(unix)]
    pub(super) fn of_file(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt;

        let metadata = path.metadata()?;
        Ok(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
        })
    }

    /// Returns the identity of the file at a path. Elsewhere no file that is open can be removed.
    #[cfg(not(unix))]
    pub(super) fn of_file(path: &Path) -> io::Result<Self> {
        path.metadata().map(|_| Self {})
    }

    /// Refuses to work on where the path leads to another file than the one that is open: a second process that
    /// opens the path would not see what this one has claimed.
    pub(super) fn check(self, path: &Path) -> Result<(), StoreError> {
        match Self::of_file(path) {
            Ok(now) if now == self => Ok(()),
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(super::failure::Failure::from(error).into_error())
            }
            found => Err(StoreError::new(
                StoreErrorKind::Removed,
                format!(
                    "the store {} was {} while this process works on it; it submits nothing more, and jobs that run are waited for and saved. Put the store back if you have moved it. Do not begin a new one with the same jobs: it would pay for them again",
                    path.display(),
                    if found.is_ok() {
                        "replaced by another file"
                    } else {
                        "deleted, renamed or moved"
                    }
                ),
            )),
        }
    }
}
