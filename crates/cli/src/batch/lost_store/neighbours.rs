//! The files of a folder.

use std::fs;
use std::path::Path;

/// Returns the names in the folder of a file, sorted. A name that is not UTF-8 cannot be given to the command either.
pub(super) fn names_beside(file: &Path) -> Vec<String> {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let names = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = names.filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names.collect();
    names.sort_unstable();
    names
}
