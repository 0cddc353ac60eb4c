//! The files of a project: nothing is written before everything is at hand.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

pub(super) struct Project {
    pub(super) folder: PathBuf,
    /// What is to be written, with the text, in this order.
    writes: Vec<(String, String)>,
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

    /// The text of a file; nothing, where there is none.
    pub(super) fn read(&self, name: &str) -> Result<String, Failure> {
        match std::fs::read_to_string(self.path(name)) {
            Ok(text) => Ok(text),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
            Err(error) => Err(Failure::unreadable(format!(
                "could not read {name}: {error}"
            ))),
        }
    }

    pub(super) fn keep(&mut self, name: &str) {
        self.kept.push(name.to_owned());
    }

    pub(super) fn write_later(&mut self, name: &str, text: impl Into<String>) {
        self.writes.push((name.to_owned(), text.into()));
    }

    /// Plans a file, unless there is one.
    pub(super) fn add(&mut self, name: &str, text: impl Into<String>) {
        if self.path(name).is_file() {
            self.keep(name);
        } else {
            self.write_later(name, text);
        }
    }

    pub(super) fn written(&self) -> Vec<&str> {
        self.writes.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// Writes all that was planned. Where that cannot be, it says what was written before.
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
                    names => format!("these files were written before: {}", names.join(", ")),
                };
                let path = path.display();
                Failure::unwritable(format!("could not write {path}: {error}; {before}"))
            })?;
        }
        Ok(())
    }

    /// Whether something else stands in the way of a file.
    fn check(&self, name: &str) -> Result<(), Failure> {
        let in_the_way = |path: &Path, what: &str| {
            let path = path.display();
            Failure::unwritable(format!(
                "found {path}, expected {what} or nothing there; nothing was written"
            ))
        };
        let path = self.path(name);
        if path.is_dir() {
            return Err(in_the_way(&path, "a file"));
        }
        let above = path.ancestors().skip(1).find(|folder| folder.exists());
        match above {
            Some(above) if !above.is_dir() => Err(in_the_way(above, "a folder")),
            _ => Ok(()),
        }
    }
}
