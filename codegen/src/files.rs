//! Generated files: compared with the output folder, and written only where they differ.
//!
//! [`Generated`], [`Change`] and [`Changes`] are exported from the crate's root, too.
//!
//! **Unstable:** the functions of this module exist for `runcomfy-codegen-cli`, which writes schema
//! files in the same way. They may change in any release.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fmt, fs};

use crate::{Diagnostic, Error, mark};

pub use crate::mark::line as mark_line;

/// Holds generated code in memory, from [`Builder::generate`](crate::Builder::generate).
#[derive(Debug)]
pub struct Generated {
    pub(crate) out_dir: PathBuf,
    pub(crate) model_count: usize,
    /// Contents by path below the output folder, with forward slashes.
    pub(crate) files: BTreeMap<String, String>,
    /// The manifest with the models' features, and its text.
    pub(crate) manifest: Option<(PathBuf, String)>,
    /// The folder is the generator's alone, so that stale files can be removed.
    pub(crate) owns_folder: bool,
    pub(crate) warnings: Vec<Diagnostic>,
}

/// Describes one file that differs from what the schemas give.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// The file is missing.
    Added(PathBuf),
    /// The file has other contents.
    Modified {
        /// Path of the file.
        path: PathBuf,
        /// Number of the first line that differs, from 1.
        line: usize,
        /// Text of the differing line in the file.
        old: String,
        /// Text of the differing line as the schemas give it.
        new: String,
    },
    /// The file is stale: no schema gives it any more.
    Removed(PathBuf),
}

/// Lists all files that differ, in the order of their paths.
///
/// `Display` prints a line for each file: `+` if it is missing, `~` with the first differing line if
/// its contents differ, `-` if it is stale.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes(Vec<Change>);

impl Generated {
    /// Returns files that another writer has made of schemas, for an output folder that is the writer's
    /// alone. Each text begins with the [`mark_line`].
    #[must_use]
    pub fn from_files(
        out_dir: PathBuf,
        files: BTreeMap<String, String>,
        model_count: usize,
        warnings: Vec<Diagnostic>,
    ) -> Self {
        Self {
            out_dir,
            model_count,
            files,
            manifest: None,
            owns_folder: true,
            warnings,
        }
    }

    /// Returns the warnings about the schemas, sorted by file and position.
    #[must_use]
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// Returns the number of models.
    #[must_use]
    pub fn model_count(&self) -> usize {
        self.model_count
    }

    /// Returns the path of every file below the output folder, with forward slashes, and its
    /// contents.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Compares with the output folder, and writes nothing.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), runcomfy_codegen::Error> {
    /// let builder = runcomfy_codegen::Builder::new().out_dir("src/models");
    /// let changes = builder.generate()?.check()?;
    /// assert!(changes.is_empty(), "stale bindings:\n{changes}");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// - A file cannot be read: fix its permissions.
    /// - A file that the generator did not write has the path of a generated file: move it away, or
    ///   choose another output folder.
    pub fn check(&self) -> Result<Changes, Error> {
        let mut changes = Vec::new();
        for (name, text) in &self.files {
            let path = self.out_dir.join(name);
            match fs::read_to_string(&path) {
                Ok(old) if is_same(&old, text) => {}
                Ok(old) if !mark::is_in(&old) => return Err(Error::foreign(&path)),
                Ok(old) => changes.push(Change::modified(path, &old, text)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    changes.push(Change::Added(path));
                }
                Err(error) => return Err(Error::io("read", &path, error)),
            }
        }
        if let Some((path, text)) = &self.manifest {
            let old = fs::read_to_string(path).map_err(|e| Error::io("read", path, e))?;
            if old != *text {
                changes.push(Change::modified(path.clone(), &old, text));
            }
        }
        if self.owns_folder {
            let endings = self.endings();
            self.find_stale(&self.out_dir, "", &endings, &mut changes)?;
        }
        Ok(changes.into())
    }

    /// Writes the files that differ and removes stale ones; returns the changes.
    ///
    /// Each file is written to a temporary file beside it, which then takes its name, so that nobody
    /// reads a part of it. Files that do not differ keep their times. In a [`Layout::Tree`] stale
    /// files are those that begin with the generator's mark and that no schema gives. A folder below that is the
    /// output folder of other generated files is left as it is.
    ///
    /// [`Layout::Tree`]: crate::Layout::Tree
    ///
    /// # Errors
    /// Fails as [`check`](Self::check) does, with nothing written; or if a file cannot be written or
    /// removed, with the files before it written. Fix the cause and call it again.
    pub fn write(&self) -> Result<Changes, Error> {
        let changes = self.check()?;
        for change in changes.as_slice() {
            match change {
                Change::Removed(path) => remove(path, &self.out_dir)?,
                Change::Added(path) | Change::Modified { path, .. } => {
                    replace(path, self.text(path))?;
                }
            }
        }
        Ok(changes)
    }

    fn text(&self, path: &Path) -> &str {
        if let Some((manifest, text)) = &self.manifest
            && manifest == path
        {
            return text;
        }
        let name = path.strip_prefix(&self.out_dir).unwrap_or(path);
        &self.files[&name.to_string_lossy().replace('\\', "/")]
    }

    /// Returns the endings of the language's files. Files of another language in the folder are another writer's.
    fn endings(&self) -> Vec<&'static str> {
        const LANGUAGES: [&[&str]; 3] = [&["rs", "json"], &["ts"], &["py", "typed"]];
        let has = |ending: &&str| {
            self.files
                .keys()
                .any(|name| ending_of(name.as_ref()) == Some(ending))
        };
        let languages = LANGUAGES.iter().filter(|endings| endings.iter().any(has));
        languages
            .flat_map(|endings| endings.iter().copied())
            .collect()
    }

    fn find_stale(
        &self,
        folder: &Path,
        below: &str,
        endings: &[&str],
        changes: &mut Vec<Change>,
    ) -> Result<(), Error> {
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            entries => entries.map_err(|e| Error::io("read the folder", folder, e))?,
        };
        for entry in entries {
            let path = entry
                .map_err(|e| Error::io("read the folder", folder, e))?
                .path();
            let name = format!(
                "{below}{}",
                path.file_name().unwrap_or_default().to_string_lossy()
            );
            if path.is_dir() {
                if !is_output_folder(&path) {
                    self.find_stale(&path, &format!("{name}/"), endings, changes)?;
                }
            } else if !self.files.contains_key(&name) && is_generated(&path, endings) {
                changes.push(Change::Removed(path));
            }
        }
        Ok(())
    }
}

/// Removes a file, and the folders below `root` that become empty.
///
/// # Errors
/// Fails if the file cannot be removed; then its folders stay, too.
pub fn remove(path: &Path, root: &Path) -> Result<(), Error> {
    fs::remove_file(path).map_err(|e| Error::io("remove", path, e))?;
    let mut folder = path.parent();
    while let Some(parent) = folder.filter(|f| *f != root) {
        // Fails for the first folder that is not empty.
        if fs::remove_dir(parent).is_err() {
            break;
        }
        folder = parent.parent();
    }
    Ok(())
}

/// Returns `true` if texts differ in nothing but the line ends that a checkout may have changed.
fn is_same(old: &str, new: &str) -> bool {
    old == new || (old.contains('\r') && old.replace("\r\n", "\n") == new)
}

/// Returns `true` for the output folder of a [`Layout::Tree`](crate::Layout::Tree) or of another language: it
/// has a file that no folder of models has.
fn is_output_folder(folder: &Path) -> bool {
    const ROOTS: [&str; 3] = ["lib.rs", "_api.d.ts", "api_.py"];
    ROOTS.iter().any(|name| {
        let text = fs::read_to_string(folder.join(name));
        text.is_ok_and(|text| mark::has_version(&text))
    })
}

fn is_generated(path: &Path, endings: &[&str]) -> bool {
    ending_of(path).is_some_and(|ending| endings.contains(&ending))
        && fs::read_to_string(path).is_ok_and(|text| mark::is_in(&text))
}

fn ending_of(path: &Path) -> Option<&str> {
    path.extension()?.to_str()
}

/// Writes a file, and the folders above it. A reader sees the old contents or the new, never a part.
///
/// # Errors
/// Fails if the folder or the file cannot be written; the old contents stay.
pub fn replace(path: &Path, text: &str) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|e| Error::io("create the folder", folder, e))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // The process id keeps two builds that run at once apart.
    let temporary = folder.join(format!(".{name}.{}.tmp", std::process::id()));
    fs::write(&temporary, text).map_err(|e| Error::io("write", &temporary, e))?;
    fs::rename(&temporary, path).map_err(|e| {
        // The error that counts is the rename's.
        let _ = fs::remove_file(&temporary);
        Error::io("write", path, e)
    })
}

impl Change {
    /// Describes the change from an old text to a new one by the first line that differs.
    #[must_use]
    pub fn modified(path: PathBuf, old: &str, new: &str) -> Self {
        let (mut olds, mut news) = (old.lines(), new.lines());
        let mut line = 1;
        loop {
            match (olds.next(), news.next()) {
                (Some(a), Some(b)) if a == b => line += 1,
                // With all lines equal, the texts differ in line endings or at the end.
                (a, b) => {
                    let text = |line: Option<&str>| line.unwrap_or("(end of file)").to_owned();
                    let (old, new) = (text(a), text(b));
                    return Self::Modified {
                        path,
                        line,
                        old,
                        new,
                    };
                }
            }
        }
    }

    /// Returns the path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Added(path) | Self::Removed(path) | Self::Modified { path, .. } => path,
        }
    }
}

impl Changes {
    /// Returns `true` if no file differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the changes in the order of their paths.
    #[must_use]
    pub fn as_slice(&self) -> &[Change] {
        &self.0
    }
}

impl From<Vec<Change>> for Changes {
    fn from(mut changes: Vec<Change>) -> Self {
        changes.sort_by(|a, b| a.path().cmp(b.path()));
        Self(changes)
    }
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, change) in self.0.iter().enumerate() {
            let newline = if i > 0 { "\n" } else { "" };
            let path = change.path().display();
            match change {
                Change::Added(_) => write!(f, "{newline}+ {path}")?,
                Change::Removed(_) => write!(f, "{newline}- {path}")?,
                Change::Modified { line, old, new, .. } => {
                    write!(f, "{newline}~ {path}:{line}\n    - {old}\n    + {new}")?;
                }
            }
        }
        Ok(())
    }
}
