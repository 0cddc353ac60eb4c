//! Links to files, and files that are the same.

use std::path::{Path, PathBuf};

/// Maximum length of a chain of links, as Linux has it.
const MAX_LINKS: usize = 40;

/// Returns the path of the file behind a link, as it is named from the current folder; other paths as they are.
/// The file need not exist.
pub(crate) fn target(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let Ok(next) = std::fs::read_link(&path) else {
            break;
        };
        path = path.parent().unwrap_or(Path::new("")).join(next);
    }
    path
}

/// Returns `true` if two paths lead to the same file, by links of any kind.
pub(crate) fn is_same(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    if let (Ok(one), Ok(other)) = (one.metadata(), other.metadata()) {
        use std::os::unix::fs::MetadataExt;

        return (one.dev(), one.ino()) == (other.dev(), other.ino());
    }
    let real = |path: &Path| path.canonicalize().ok();
    real(one).is_some_and(|one| real(other) == Some(one))
}
