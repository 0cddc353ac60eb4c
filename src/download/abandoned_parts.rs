//! Removes the hidden files of downloads whose processes were killed.

use std::collections::HashSet;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// Start and end of the name of a hidden file; a random number is before the end.
pub(super) const START: &str = ".";
pub(super) const END: &str = ".part";

/// Number of hexadecimal digits of the random number.
pub(super) const DIGITS: usize = 8;

/// Age from which a hidden file has no process any more, where no lock can tell: no download waits
/// nearly as long for a byte.
const OLD: Duration = Duration::from_secs(24 * 60 * 60);

/// Age up to which a hidden file may not have its lock yet.
const NEW: Duration = Duration::from_secs(60);

/// Maximum number of folders that are remembered.
const MAX_FOLDERS: usize = 1000;

/// The folders in which a client has looked for hidden files, once each: a folder may have very many
/// files.
#[derive(Debug, Default)]
pub(super) struct AbandonedParts {
    folders: Mutex<HashSet<PathBuf>>,
}

impl AbandonedParts {
    /// Returns `true` if nobody has looked in the folder yet.
    pub(super) fn is_new(&self, folder: &Path) -> bool {
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        if folders.len() >= MAX_FOLDERS {
            folders.clear();
        }
        folders.insert(folder.to_owned())
    }
}

/// Marks a hidden file as that of a living process. A file system without locks is no failure.
pub(super) fn claim(file: &File) {
    // On Windows a lock would keep the file from being read.
    if cfg!(unix) {
        let _ = file.try_lock();
    }
}

/// Removes the hidden files in a folder whose processes are gone. It blocks. What cannot be removed is
/// left: a leftover is harmless.
pub(super) fn remove(folder: &Path) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| is_part(&entry.file_name().to_string_lossy())) {
        let path = entry.path();
        if is_abandoned(&path).unwrap_or_default() {
            let _ = std::fs::remove_file(&path);
        }
    }
}

fn is_part(name: &str) -> bool {
    let inner = name
        .strip_prefix(START)
        .and_then(|name| name.strip_suffix(END));
    let number = inner.and_then(|inner| inner.rsplit_once('.'));
    number.is_some_and(|(_, number)| {
        number.len() == DIGITS && number.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

fn is_abandoned(path: &Path) -> std::io::Result<bool> {
    let about = std::fs::symlink_metadata(path)?;
    let age = SystemTime::now().duration_since(about.modified()?);
    // A clock that was set back tells nothing.
    let age = age.unwrap_or_default();
    if !about.is_file() || age < NEW {
        return Ok(false);
    }
    if cfg!(unix) {
        match File::open(path)?.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) => return Ok(false),
            Err(TryLockError::Error(_)) => {}
        }
    }
    Ok(age >= OLD)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(folder: &Path, name: &str, age: Duration) -> File {
        let file = File::create_new(folder.join(name)).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
        file
    }

    #[cfg(unix)]
    #[test]
    fn only_parts_of_processes_that_are_gone_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        file(folder, ".gone.png.0123abcd.part", NEW * 2);
        file(folder, ".new.png.0123abcd.part", Duration::ZERO);
        file(folder, ".future.png.0123abcd.part", Duration::ZERO)
            .set_modified(SystemTime::now() + OLD)
            .unwrap();
        let living = file(folder, ".living.png.0123abcd.part", OLD * 2);
        claim(&living);
        for other in [
            "image.png",
            ".hidden.part",
            ".x.0123abc.part",
            ".x.0123abcg.part",
            "x.0123abcd.part",
            ".x.0123abcd.part.png",
        ] {
            file(folder, other, OLD * 2);
        }
        std::fs::create_dir(folder.join(".folder.0123abcd.part")).unwrap();
        let before = std::fs::read_dir(folder).unwrap().count();
        remove(folder);
        assert!(!folder.join(".gone.png.0123abcd.part").exists());
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), before - 1);
        drop(living);
        remove(folder);
        assert!(!folder.join(".living.png.0123abcd.part").exists());
        remove("/nowhere".as_ref());
    }

    #[test]
    fn each_folder_is_looked_through_once() {
        let parts = AbandonedParts::default();
        assert!(parts.is_new("a".as_ref()) && parts.is_new("b".as_ref()));
        assert!(!parts.is_new("a".as_ref()));
        for number in 0..MAX_FOLDERS * 2 {
            parts.is_new(number.to_string().as_ref());
        }
        assert!(parts.folders.lock().unwrap().len() <= MAX_FOLDERS);
    }
}
