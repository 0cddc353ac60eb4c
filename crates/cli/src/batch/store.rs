//! The store that a command of batches works on.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use runcomfy_batch::{SqliteOptions, SqliteStore, StoreError, StoreErrorKind};

use crate::failure::Failure;

/// End of the name of a store beside the file of its jobs.
const EXTENSION: &str = ".batch.db";

/// Returns the path of the store that the command line names: `--store`, or the one beside `FILE`. A
/// `FILE` that is a store by its name is meant itself.
pub(crate) fn path(matches: &ArgMatches) -> PathBuf {
    if let Some(store) = matches.get_one::<String>("store") {
        return store.into();
    }
    let file = matches.get_one::<String>("file").map_or("", |file| file);
    if file.ends_with(EXTENSION) {
        file.into()
    } else {
        beside(Path::new(file))
    }
}

/// Returns the path of the store of a file of jobs.
fn beside(file: &Path) -> PathBuf {
    let mut path: OsString = file.into();
    path.push(EXTENSION);
    path.into()
}

/// Opens the store that the command line names, which must exist.
///
/// # Errors
/// If there is none, or it cannot be read.
pub(crate) fn open(matches: &ArgMatches) -> Result<SqliteStore, Failure> {
    let path = path(matches);
    let store = SqliteOptions::new().must_exist().open(&path);
    store.map_err(|error| match error.kind() {
        StoreErrorKind::NotFound => Failure::unreadable(format!(
            "there is no store {}; no batch has run there. Check the name, or run `runcomfy batch run`",
            path.display()
        )),
        _ => error.into(),
    })
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        match error.kind() {
            StoreErrorKind::Busy => Self::unavailable(message),
            StoreErrorKind::NotFound | StoreErrorKind::WrongState => Self::input(message),
            StoreErrorKind::Full => Self::unwritable(message),
            _ => Self::unreadable(message),
        }
    }
}
