//! The folder of a user's data.

use std::path::PathBuf;

/// Returns the folder of this program's data: `$XDG_DATA_HOME/runcomfy` or `~/.local/share/runcomfy`, on
/// macOS `~/Library/Application Support/runcomfy`, on Windows `%LOCALAPPDATA%\runcomfy`.
pub(super) fn find() -> Option<PathBuf> {
    let folder = |name: &str| {
        let value = std::env::var_os(name).map(PathBuf::from);
        // A relative one would be another in each folder.
        value.filter(|folder| folder.is_absolute())
    };
    let base = folder("XDG_DATA_HOME");
    let base = if cfg!(windows) {
        base.or_else(|| folder("LOCALAPPDATA"))
    } else if cfg!(target_os = "macos") {
        base.or_else(|| Some(folder("HOME")?.join("Library/Application Support")))
    } else {
        base.or_else(|| Some(folder("HOME")?.join(".local/share")))
    };
    Some(base?.join("runcomfy"))
}
