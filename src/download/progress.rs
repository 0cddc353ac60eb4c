//! Reports the progress of downloads to the caller.

use std::sync::{Mutex, PoisonError};

/// The progress of one file of a download.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DownloadProgress {
    /// Number of bytes on disk; less than in an earlier report if the download had to start over.
    pub bytes: u64,
    /// Size of the whole file in bytes, if the server sends it.
    pub total: Option<u64>,
    /// Index of the file among the output's files, from 0.
    pub file: usize,
    /// Number of files of the output; 1 for the download of a single URL.
    pub files: usize,
}

type Observer<'a> = Box<dyn FnMut(&DownloadProgress) + Send + 'a>;

/// The caller's observer, shared by files that are downloaded at the same time.
#[derive(Default)]
pub(super) struct ProgressObserver<'a> {
    observer: Option<Mutex<Observer<'a>>>,
}

/// Reports the progress of one file to the caller's observer.
#[derive(Clone, Copy)]
pub(super) struct FileProgress<'o, 'a> {
    observer: &'o ProgressObserver<'a>,
    file: usize,
    files: usize,
}

impl<'a> ProgressObserver<'a> {
    pub(super) fn new(observer: impl FnMut(&DownloadProgress) + Send + 'a) -> Self {
        Self {
            observer: Some(Mutex::new(Box::new(observer))),
        }
    }

    pub(super) fn for_file(&self, file: usize, files: usize) -> FileProgress<'_, 'a> {
        FileProgress {
            observer: self,
            file,
            files,
        }
    }
}

impl FileProgress<'_, '_> {
    pub(super) fn report(&self, bytes: u64, total: Option<u64>) {
        let Some(observer) = &self.observer.observer else {
            return;
        };
        // An observer that has panicked is called again: its state is the caller's concern.
        let mut observer = observer.lock().unwrap_or_else(PoisonError::into_inner);
        observer(&DownloadProgress {
            bytes,
            total,
            file: self.file,
            files: self.files,
        });
    }
}
