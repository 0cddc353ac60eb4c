//! The job that a saved file comes from, kept as an attribute of the file, so that `resume` does not
//! download it again. Names do not suffice: the files of all jobs of a model may have the same one.
//!
//! File systems without attributes keep nothing; there a file is downloaded again.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Marks a saved file with its job, its index among the files of the output, and its size.
pub(crate) fn mark(file: &Path, request_id: &str, index: usize) {
    if let Ok(about) = std::fs::metadata(file) {
        attribute::set(file, &mark_of(request_id, index, about.len()));
    }
}

/// Returns the files of a job that are in a folder, unchanged in size, by their index.
pub(crate) fn find(folder: &Path, request_id: &str) -> HashMap<usize, PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let marked = entries.filter_map(|entry| {
        let about = entry.metadata().ok().filter(std::fs::Metadata::is_file)?;
        let path = entry.path();
        let mark = attribute::get(&path)?;
        let index = mark.split(' ').nth(1)?.parse().ok()?;
        (mark == mark_of(request_id, index, about.len())).then_some((index, path))
    });
    marked.collect()
}

fn mark_of(request_id: &str, index: usize, size: u64) -> String {
    format!("{request_id} {index} {size}")
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
mod attribute {
    use std::path::Path;

    use rustix::fs::{XattrFlags, getxattr, setxattr};

    const NAME: &str = "user.runcomfy.file";
    /// More than the longest mark: a request id has at most 128 bytes.
    const MAX_BYTES: usize = 256;

    pub(super) fn set(file: &Path, text: &str) {
        // Fails where the file system has no attributes.
        let _ = setxattr(file, NAME, text.as_bytes(), XattrFlags::empty());
    }

    pub(super) fn get(file: &Path) -> Option<String> {
        let mut text = vec![0; MAX_BYTES];
        let length = getxattr(file, NAME, &mut text[..]).ok()?;
        text.truncate(length);
        String::from_utf8(text).ok()
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
mod attribute {
    use std::path::Path;

    pub(super) fn set(_: &Path, _: &str) {}

    pub(super) fn get(_: &Path) -> Option<String> {
        None
    }
}
