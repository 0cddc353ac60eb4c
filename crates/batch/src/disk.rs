//! The free space of a disk.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The free space of the disk on which files are saved: the system's, or one that a test sets.
#[derive(Clone, Debug, Default)]
pub struct Disk(Source);

#[derive(Clone, Debug, Default)]
enum Source {
    #[default]
    System,
    Manual(Arc<AtomicU64>),
}

impl Disk {
    /// Returns the system's disks.
    #[must_use]
    pub fn system() -> Self {
        Self::default()
    }

    /// Creates a disk with so many free bytes. Its clones are the same.
    #[must_use]
    pub fn manual(free: u64) -> Self {
        Self(Source::Manual(Arc::new(AtomicU64::new(free))))
    }

    /// Sets the free bytes of a manual disk; without effect on the system's.
    pub fn set_free(&self, bytes: u64) {
        if let Source::Manual(free) = &self.0 {
            free.store(bytes, Ordering::SeqCst);
        }
    }

    /// Returns the free bytes of the disk that a folder is on, or `None` where the system does not say.
    /// This may block.
    ///
    /// # Errors
    /// The system's error, such as for a folder that is missing.
    pub(crate) fn free(&self, folder: &Path) -> io::Result<Option<u64>> {
        match &self.0 {
            Source::System => system_free(folder),
            Source::Manual(free) => Ok(Some(free.load(Ordering::SeqCst))),
        }
    }
}

#[cfg(unix)]
fn system_free(folder: &Path) -> io::Result<Option<u64>> {
    let statistics = rustix::fs::statvfs(folder)?;
    Ok(Some(
        statistics.f_bavail.saturating_mul(statistics.f_frsize),
    ))
}

#[cfg(not(unix))]
fn system_free(_: &Path) -> io::Result<Option<u64>> {
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn free_space_is_that_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Disk::system().free(folder.path()).unwrap() > Some(0));
        let missing = folder.path().join("missing");
        let error = Disk::system().free(&missing).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        if Path::new("/proc/self").exists() {
            // A file system that has no room at all.
            assert_eq!(Disk::system().free(Path::new("/proc")).unwrap(), Some(0));
        }
    }

    #[test]
    fn clones_of_a_manual_disk_fill_together() {
        let disk = Disk::manual(5);
        let other = disk.clone();
        disk.set_free(0);
        assert_eq!(other.free(Path::new(".")).unwrap(), Some(0));
    }
}
