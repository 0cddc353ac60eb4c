//! The files of a project. All files are planned before the first one is written.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// The planned and kept files of a project.
pub(super) struct Project {
    pub(super) folder: PathBuf,
    /// Names and texts of the planned files, in order.
    writes: Vec<(String, String)>,
    /// Names of existing files that are kept.
    pub(super) kept: Vec<String>,
}

impl Project {
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            writes: Vec::new(),
            kept: Vec::new(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Returns the text of a file, which is empty if the file does not exist.
    ///
    /// # Errors
    /// If the file exists and cannot be read.
    pub(super) fn read(&self, name: &str) -> Result<String, Failure> {
        match std::fs::read_to_string(self.path(name)) {
            Ok(text) => Ok(text),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
            Err(error) => Err(Failure::unreadable(format!(
                "could not read {name}: {error}"
            ))),
        }
    }

    /// Records an existing file that is kept.
    pub(super) fn keep(&mut self, name: &str) {
        self.kept.push(name.to_owned());
    }

    /// Plans a file, which may replace an existing one.
    pub(super) fn write_later(&mut self, name: &str, text: impl Into<String>) {
        self.writes.push((name.to_owned(), text.into()));
    }

    /// Plans a file, or keeps an existing one.
    pub(super) fn add(&mut self, name: &str, text: impl Into<String>) {
        if self.path(name).is_file() {
            self.keep(name);
        } else {
            self.write_later(name, text);
        }
    }

    /// Returns the names of the planned files.
    pub(super) fn written(&self) -> Vec<&str> {
        self.writes.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// Writes all planned files.
    ///
    /// # Errors
    /// If a file cannot be written. The message lists the files written before.
    pub(super) fn write(&self) -> Result<(), Failure> {
        for (name, _) in &self.writes {
            self.check(name)?;
        }
        for (number, (name, text)) in self.writes.iter().enumerate() {
            let path = self.path(name);
            let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
            let written = folder.and_then(|()| std::fs::write(&path, text));
            written.map_err(|error| {
                let before = match self.written().get(..number).unwrap_or_default() {
                    [] => "nothing was written".to_owned(),
                    names => format!("these files were already written: {}", names.join(", ")),
                };
                let path = path.display();
                Failure::unwritable(format!("could not write {path}: {error}; {before}"))
            })?;
        }
        Ok(())
    }

    /// Checks that a file of this name can be created.
    fn check(&self, name: &str) -> Result<(), Failure> {
        let blocked = |path: &Path, what: &str| {
            let path = path.display();
            Failure::unwritable(format!(
                "found {path}, expected {what} or no such path; nothing was written"
            ))
        };
        let path = self.path(name);
        if path.is_dir() {
            return Err(blocked(&path, "a file"));
        }
        let above = path.ancestors().skip(1).find(|folder| folder.exists());
        match above {
            Some(above) if !above.is_dir() => Err(blocked(above, "a folder")),
            _ => Ok(()),
        }
    }
}
