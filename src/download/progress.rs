//! How far downloads are.

use std::sync::{Mutex, PoisonError};

/// How far a download is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DownloadProgress {
    /// The bytes on disk; fewer than before where the download had to start over.
    pub bytes: u64,
    /// The bytes that the file has, where the server tells.
    pub total: Option<u64>,
    /// Which file of the output it is, from 0.
    pub file: usize,
    /// How many files the output has; 1 for the download of a URL.
    pub files: usize,
}

type Observer<'a> = Box<dyn FnMut(&DownloadProgress) + Send + 'a>;

/// The caller's observer, if there is one, for files that may come at the same time.
#[derive(Default)]
pub(super) struct Watcher<'a> {
    observer: Option<Mutex<Observer<'a>>>,
}

/// The watch over one file.
#[derive(Clone, Copy)]
pub(super) struct Watch<'w, 'a> {
    watcher: &'w Watcher<'a>,
    file: usize,
    files: usize,
}

impl<'a> Watcher<'a> {
    pub(super) fn new(observer: impl FnMut(&DownloadProgress) + Send + 'a) -> Self {
        Self {
            observer: Some(Mutex::new(Box::new(observer))),
        }
    }

    pub(super) fn one_of(&self, file: usize, files: usize) -> Watch<'_, 'a> {
        Watch {
            watcher: self,
            file,
            files,
        }
    }
}

impl Watch<'_, '_> {
    pub(super) fn tell(&self, bytes: u64, total: Option<u64>) {
        let Some(observer) = &self.watcher.observer else {
            return;
        };
        // What an observer that has panicked does is its own affair.
        let mut observer = observer.lock().unwrap_or_else(PoisonError::into_inner);
        observer(&DownloadProgress {
            bytes,
            total,
            file: self.file,
            files: self.files,
        });
    }
}
