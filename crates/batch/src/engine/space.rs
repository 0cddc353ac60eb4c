//! The room for files.

use std::error::Error;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::blocking::blocking;
use crate::disk::Disk;
use crate::store::error::{StoreError, StoreErrorKind};

/// The room for the files of jobs and for their ids: nothing is claimed without any, since what is paid could not be
/// saved.
#[derive(Debug)]
pub(super) struct Space {
    /// Folder of the files.
    folder: PathBuf,
    /// Folder of the store, or of what this process keeps of it.
    state: Option<PathBuf>,
    disk: Disk,
    min_free: u64,
    waiting: Arc<AtomicUsize>,
}

/// A job whose files wait for room, until it is dropped.
#[derive(Debug)]
pub(super) struct Waiting(Arc<AtomicUsize>);

impl Space {
    pub(super) fn new(folder: PathBuf, disk: Disk, min_free: u64) -> Self {
        Self {
            folder,
            state: None,
            disk,
            min_free,
            waiting: Arc::default(),
        }
    }

    /// Adds the folder of a file that must have room too.
    pub(super) fn with_state(mut self, file: Option<&Path>) -> Self {
        let folder = file.and_then(Path::parent);
        self.state = folder.map(|folder| {
            if folder.as_os_str().is_empty() {
                PathBuf::from(".")
            } else {
                folder.to_owned()
            }
        });
        self
    }

    /// Creates the folder, and checks that it can be written. A disk that is full is no error: there may be
    /// room later.
    ///
    /// # Errors
    /// [`StoreErrorKind::Io`]: it cannot be created or written.
    pub(super) async fn prepare(&self) -> Result<(), StoreError> {
        let folder = self.folder.clone();
        let probe = move || {
            fs::create_dir_all(&folder)?;
            let file = folder.join(format!(".{}.probe", std::process::id()));
            File::create(&file)?;
            fs::remove_file(file)
        };
        match blocking(probe).await {
            Err(error) if !is_lack_of_room(&error) => Err(StoreError::new(
                StoreErrorKind::Io,
                format!(
                    "the folder `{}` cannot be written ({error}), so that no paid file could be saved; nothing was submitted. Make it writable, or choose another folder",
                    self.folder.display()
                ),
            )),
            _ => Ok(()),
        }
    }

    /// Returns the reason for which nothing may be submitted, if files might not be saved.
    pub(super) async fn shortage(&self) -> Option<String> {
        let folder = self.folder.display();
        if self.waiting.load(Ordering::SeqCst) > 0 {
            return Some(format!(
                "the disk of `{folder}` is full, and files of paid jobs wait for room; nothing is submitted. Make room, and the batch resumes by itself"
            ));
        }
        let shortage = self.shortage_in(&self.folder, self.min_free).await;
        match (shortage, &self.state) {
            (None, Some(state)) => self.shortage_in(state, self.min_free / STATE_PART).await,
            (shortage, _) => shortage,
        }
    }

    async fn shortage_in(&self, folder: &Path, min_free: u64) -> Option<String> {
        let (disk, path) = (self.disk.clone(), folder.to_owned());
        let folder = folder.display();
        match blocking(move || disk.free(&path)).await {
            Ok(Some(free)) if free < min_free => Some(format!(
                "the disk of `{folder}` has {} MB left, and {} MB are kept free; nothing is submitted. Make room, and the batch resumes by itself",
                free / MEGABYTE,
                min_free / MEGABYTE
            )),
            Ok(_) => None,
            Err(error) => Some(format!(
                "the folder `{folder}` cannot be read ({error}); nothing is submitted. Restore it, and the batch resumes by itself"
            )),
        }
    }

    /// Fails if the disk has no room at all, so that no file is begun.
    ///
    /// # Errors
    /// [`io::ErrorKind::StorageFull`].
    pub(super) async fn check(&self) -> io::Result<()> {
        let (disk, path) = (self.disk.clone(), self.folder.clone());
        match blocking(move || disk.free(&path)).await {
            Ok(Some(0)) => Err(io::ErrorKind::StorageFull.into()),
            // Saving has an error of its own.
            _ => Ok(()),
        }
    }

    /// Notes that the files of a job wait for room.
    pub(super) fn wait(&self) -> Waiting {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        Waiting(Arc::clone(&self.waiting))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Part of the room for files that the store needs: an id has some 100 bytes, and a job some kilobytes.
const STATE_PART: u64 = 100;

const MEGABYTE: u64 = 1_000_000;

/// Returns `true` if an error, or what it comes from, says that a disk has no room or cannot be written for
/// now. It concerns the files of all jobs.
pub(super) fn is_lack_of_room(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
        if matches!(
            kind,
            Some(
                io::ErrorKind::StorageFull
                    | io::ErrorKind::QuotaExceeded
                    | io::ErrorKind::ReadOnlyFilesystem
            )
        ) {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn shortage_is_named_until_there_is_room() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::manual(99 * MEGABYTE);
        let space = Space::new(folder.path().to_owned(), disk.clone(), 100 * MEGABYTE);
        let reason = space.shortage().await.unwrap();
        assert!(reason.contains("has 99 MB left"), "{reason}");
        disk.set_free(100 * MEGABYTE);
        assert_eq!(space.shortage().await, None);
        let waiting = [space.wait(), space.wait()];
        let reason = space.shortage().await.unwrap();
        assert!(reason.contains("wait for room"), "{reason}");
        drop(waiting);
        assert_eq!(space.shortage().await, None);
    }

    #[tokio::test]
    async fn folder_is_created_or_refused_before_a_submit() {
        let folder = tempfile::tempdir().unwrap();
        let space = |path: PathBuf| Space::new(path, Disk::system(), 0);
        let deep = space(folder.path().join("a/b"));
        deep.prepare().await.unwrap();
        assert_eq!(fs::read_dir(&deep.folder).unwrap().count(), 0);
        fs::write(folder.path().join("file"), "").unwrap();
        let file = space(folder.path().join("file/out"));
        let error = file.prepare().await.unwrap_err().to_string();
        assert!(error.contains("nothing was submitted"), "{error}");
        fs::remove_dir(&deep.folder).unwrap();
        let reason = deep.shortage().await.unwrap();
        assert!(reason.contains("cannot be read"), "{reason}");
    }

    #[test]
    fn lack_of_room_is_found_behind_other_errors() {
        use runcomfy::ErrorKind;
        let download = |kind: io::ErrorKind| {
            let error = runcomfy::Error::builder(ErrorKind::Io);
            error.source(io::Error::from(kind)).build()
        };
        assert!(is_lack_of_room(&download(io::ErrorKind::QuotaExceeded)));
        assert!(is_lack_of_room(&download(io::ErrorKind::StorageFull)));
        assert!(!is_lack_of_room(&download(io::ErrorKind::InvalidFilename)));
    }
}
