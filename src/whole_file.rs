//! Files that appear under their names whole or not at all, and whose names survive a power cut.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;

/// Gives a written file a name that no other file has. The file keeps its former name too, unless the
/// file system has no hard links.
///
/// # Errors
/// [`ErrorKind::AlreadyExists`] if there is a file of this name, and the errors of the system.
pub fn publish(hidden: &Path, target: &Path) -> io::Result<()> {
    // A hard link fails if the name is taken; a rename would replace that file.
    match fs::hard_link(hidden, target) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => rename_to_new(hidden, target),
        linked => linked,
    }
}

/// Renames a file where there are no hard links: an empty file claims the name, and the rename replaces
/// it.
fn rename_to_new(from: &Path, to: &Path) -> io::Result<()> {
    File::create_new(to)?;
    fs::rename(from, to).inspect_err(|_| {
        // The error of the rename is the one to report.
        let _ = fs::remove_file(to);
    })
}

/// Syncs the folder of a file, so that the file's name survives a power cut. The file itself is synced
/// before, so a file system that cannot sync folders is no failure.
pub fn sync_folder_of(file: &Path) {
    if cfg!(unix) {
        let folder = match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rename_replaces_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let [from, to] = ["from", "to"].map(|name| folder.path().join(name));
        fs::write(&from, "one").unwrap();
        rename_to_new(&from, &to).unwrap();
        fs::write(&from, "two").unwrap();
        for rename in [rename_to_new, publish] {
            let error = rename(&from, &to).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        }
        assert_eq!(fs::read(&to).unwrap(), b"one");
    }

    #[test]
    fn failed_rename_leaves_no_empty_file() {
        let folder = tempfile::tempdir().unwrap();
        let [from, to] = ["from", "to"].map(|name| folder.path().join(name));
        for rename in [rename_to_new, publish] {
            assert!(rename(&from, &to).is_err());
            assert!(!to.exists());
        }
    }
}
