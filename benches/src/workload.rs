//! The models for which generators are timed.

use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::Outcome;

/// Numbers of models in a workload.
pub const SIZES: [usize; 2] = [100, 400];

/// A folder with `100/runcomfy`, `100/standard`, `400/runcomfy` and `400/standard`: schemas in
/// RunComfy's dialect and the same in standard JSON Schema, one file per model.
#[derive(Debug)]
pub struct Workload(PathBuf);

impl Workload {
    /// Returns the workload that the first argument of the program names.
    ///
    /// # Errors
    /// Fails if there is no argument, or if a folder is missing or has another number of models.
    pub fn from_arguments() -> Outcome<Self> {
        let folder = env::args_os().nth(1).ok_or("expected a WORKLOAD folder")?;
        let workload = Self(fs::canonicalize(folder)?);
        for size in SIZES {
            for folder in [workload.schemas(size), workload.standard(size)] {
                let found = files(&folder)?.len();
                if found != size {
                    let folder = folder.display();
                    return Err(format!("{folder}: found {found} schemas, expected {size}").into());
                }
            }
        }
        Ok(workload)
    }

    /// Returns the folder of schemas in RunComfy's dialect.
    #[must_use]
    pub fn schemas(&self, size: usize) -> PathBuf {
        self.0.join(format!("{size}/runcomfy"))
    }

    /// Returns the folder of schemas in standard JSON Schema.
    #[must_use]
    pub fn standard(&self, size: usize) -> PathBuf {
        self.0.join(format!("{size}/standard"))
    }
}

/// Returns all files below a folder, in the order of their paths.
///
/// # Errors
/// Fails if a folder cannot be read.
pub fn files(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
