//! The folder of a skill: what is in it, and what should be.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::counted::counted;
use crate::failure::Failure;
use crate::whole_file;

/// The line that files of a skill contain. A file without it was written by somebody else.
pub(super) const MARKER: &str = "<!-- Written by `runcomfy skill`. Do not edit. -->";

/// The folder of a skill, compared with the files that it should have.
pub(super) struct Folder {
    path: PathBuf,
    /// Names of the files that are as they should be.
    kept: Vec<String>,
    /// Names and texts of the files that there are none of.
    missing: Vec<(String, String)>,
    /// Names and texts of the files that have another text.
    changed: Vec<(String, String)>,
    /// Names of the files of models that are no longer in the skill.
    extra: Vec<String>,
    /// Name of a file to write in whose place there is a file of somebody else.
    foreign: Option<String>,
}

/// A file that is not as it should be.
pub(super) struct Difference<'a> {
    pub(super) file: &'a str,
    pub(super) what: &'static str,
}

impl Folder {
    /// Compares the files with those in the folder, which need not exist.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub(super) fn read(path: &Path, files: &[(String, String)]) -> Result<Self, Failure> {
        let mut folder = Self {
            path: path.to_owned(),
            kept: Vec::new(),
            missing: Vec::new(),
            changed: Vec::new(),
            extra: Vec::new(),
            foreign: None,
        };
        let failure = |path: &Path, error: &io::Error| {
            Failure::unreadable(format!("could not read `{}`: {error}", path.display()))
        };
        for (name, text) in files {
            let path = folder.path.join(name);
            let found = read(&path).map_err(|error| failure(&path, &error))?;
            match found {
                None => folder.missing.push((name.clone(), text.clone())),
                Some(found) if found == *text => folder.kept.push(name.clone()),
                Some(found) => {
                    if !found.contains(MARKER) {
                        folder.foreign.get_or_insert_with(|| name.clone());
                    }
                    folder.changed.push((name.clone(), text.clone()));
                }
            }
        }
        let references = folder.path.join("references");
        let mut extra = others(&references, files).map_err(|error| failure(&references, &error))?;
        extra.sort();
        folder.extra = extra;
        Ok(folder)
    }

    /// Returns the files that are not as they should be.
    pub(super) fn differences(&self) -> Vec<Difference<'_>> {
        let changed = self.changed.iter().map(|(file, _)| (file, "differs"));
        let missing = self.missing.iter().map(|(file, _)| (file, "is missing"));
        let extra = self
            .extra
            .iter()
            .map(|file| (file, "is of no model of the skill"));
        let mut all: Vec<Difference<'_>> = changed
            .chain(missing)
            .chain(extra)
            .map(|(file, what)| Difference { file, what })
            .collect();
        all.sort_by_key(|difference| difference.file);
        all
    }

    /// Writes the files that differ, and removes those of models that are no longer in the skill.
    ///
    /// # Errors
    /// If there is a file of somebody else in the place of one, before anything is written, or if a file
    /// cannot be written.
    pub(super) fn write(&self) -> Result<(), Failure> {
        if let Some(name) = &self.foreign {
            return Err(Failure::unwritable(format!(
                "found `{}`, which `runcomfy skill` has not written; nothing was written",
                self.path.join(name).display()
            ))
            .with_advice("Move the file, or choose another folder with --out."));
        }
        for (name, text) in self.missing.iter().chain(&self.changed) {
            let path = self.path.join(name);
            let above = path.parent().map_or(Ok(()), fs::create_dir_all);
            let written = above.and_then(|()| whole_file::replace(&path, text.as_bytes()));
            written.map_err(|error| {
                Failure::unwritable(format!("could not write `{}`: {error}", path.display()))
                    .with_advice("Run the command again to complete the skill.")
            })?;
        }
        for name in &self.extra {
            let path = self.path.join(name);
            whole_file::remove(&path).map_err(|error| {
                Failure::unwritable(format!("could not remove `{}`: {error}", path.display()))
            })?;
        }
        Ok(())
    }

    fn written(&self) -> Vec<&str> {
        let written = self.missing.iter().chain(&self.changed);
        written.map(|(name, _)| name.as_str()).collect()
    }

    /// Returns the names of the files.
    pub(super) fn to_json(&self) -> Value {
        json!({ "written": self.written(), "kept": self.kept, "removed": self.extra })
    }

    /// Returns a line about the files, for so many models.
    pub(super) fn to_text(&self, models: usize, out: &str) -> String {
        let counts = [
            ("wrote", self.written().len()),
            ("kept", self.kept.len()),
            ("removed", self.extra.len()),
        ];
        let counts: Vec<String> = counts
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(what, count)| format!("{what} {}", counted(count as u64, "file")))
            .collect();
        let models = counted(models as u64, "model");
        format!("{} for {models} in {out}", counts.join(", "))
    }
}

/// Returns the text of a file, if there is one, with line ends as they are written: git may change them.
fn read(path: &Path) -> io::Result<Option<String>> {
    match fs::read(path) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
            Ok(Some(text))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns the names of the files in a folder that a skill has written, and that are none of these.
fn others(folder: &Path, files: &[(String, String)]) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = format!("references/{}", entry.file_name().display());
        let is_planned = files.iter().any(|(planned, _)| *planned == name);
        if is_planned || !entry.file_type()?.is_file() {
            continue;
        }
        if read(&entry.path())?.is_some_and(|text| text.contains(MARKER)) {
            names.push(name);
        }
    }
    Ok(names)
}
