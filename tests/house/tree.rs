//! Reads the repository's own files.

use std::fs;
use std::path::{Path, PathBuf};

/// A text file of the repository.
pub(crate) struct File {
    /// Path from the repository's root, with `/`.
    pub path: String,
    /// Its whole text.
    pub text: String,
}

impl File {
    /// Makes a file that is not on the disk, to test a check with.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        File {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    /// Returns `true` if the file is Rust source.
    pub(crate) fn is_rust(&self) -> bool {
        std::path::Path::new(&self.path)
            .extension()
            .is_some_and(|end| end == "rs")
    }

    /// Returns the packages in the manifest's tables whose name ends with `dependencies`, without
    /// the `dev-dependencies`, which reach no user.
    pub(crate) fn dependencies(&self) -> Vec<&str> {
        let mut counts = false;
        let mut names = Vec::new();
        for line in self.text.lines() {
            if let Some(table) = line.strip_prefix('[') {
                let table = table.trim_end_matches(']');
                counts = table.ends_with("dependencies")
                    && !table.ends_with("dev-dependencies")
                    && !table.starts_with("workspace");
            } else if counts && line.starts_with(|c: char| c.is_ascii_alphabetic()) {
                let end = line.find(['=', '.', ' ']).unwrap_or(line.len());
                names.push(&line[..end]);
            }
        }
        names
    }
}

/// Folders that hold no text of the project's own: built, generated, foreign, or data of tests.
const FOREIGN: &[&str] = &[
    "target",
    ".git",
    "generated/src",
    "schemas",
    "tests/examples",
    "tests/house/words.txt",
    "node_modules",
];

/// Returns the path of the repository's root.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Reads every text file of the repository whose name ends with one of `endings`, in the order of
/// their paths.
pub(crate) fn files(endings: &[&str]) -> Vec<File> {
    let mut files = Vec::new();
    read(&root(), endings, &mut files);
    assert!(!files.is_empty(), "no file ends with one of {endings:?}");
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn read(folder: &Path, endings: &[&str], files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let inside = path.strip_prefix(root()).unwrap();
        let name = inside.to_str().unwrap().replace('\\', "/");
        let is_foreign = |place: &&str| name == **place || name.ends_with(&format!("/{place}"));
        // A link is a file that is read elsewhere.
        if FOREIGN.iter().any(is_foreign) || path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            read(&path, endings, files);
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            let text = fs::read_to_string(&path).unwrap();
            files.push(File { path: name, text });
        }
    }
}
