//! The store that a command of batches works on.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ArgMatches;
use runcomfy_batch::{SqliteOptions, SqliteStore, Store, StoreError, StoreErrorKind};

use crate::failure::Failure;
use crate::shell_word::quoted;

/// End of the name of a store beside the file of its jobs.
const EXTENSION: &str = ".batch.db";

/// End of the name of a store of a run on the emulator.
pub(crate) const EMULATED: &str = ".emulated.batch.db";

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

/// Returns the folder of the files of a store, beside it.
pub(crate) fn folder_of(store: &Path) -> PathBuf {
    let name = store.to_string_lossy();
    PathBuf::from(format!(
        "{}.out",
        name.strip_suffix(EXTENSION).unwrap_or(&name)
    ))
}

/// Returns the file that takes request ids while the store cannot be written.
pub(crate) fn spill_of(store: &Path) -> PathBuf {
    let mut path: OsString = store.into();
    path.push(".ids.jsonl");
    path.into()
}

/// Returns the arguments by which other commands find the store of a file.
pub(crate) fn named(file: &str, store: &Path) -> String {
    if beside(Path::new(file)) == store {
        quoted(file)
    } else {
        format!("--store {}", quoted(&store.to_string_lossy()))
    }
}

/// Returns the arguments by which other commands find the store that the command line names.
pub(crate) fn named_by(matches: &ArgMatches) -> String {
    let file = matches.get_one::<String>("file").map_or("", |file| file);
    named(file, &path(matches))
}

/// Opens a store to work on it, and creates it where it is missing.
///
/// # Errors
/// If it cannot be written.
pub(crate) fn create(path: &Path) -> Result<Arc<dyn Store>, Failure> {
    let store = SqliteStore::open(path).map_err(|error| {
        let message = format!("`{}`: {error}", path.display());
        Failure::from(error).with_message(message)
    })?;
    Ok(Arc::new(store))
}

/// Opens a store to work on it, if there is one.
///
/// # Errors
/// If it cannot be read.
pub(crate) fn open_if_exists(path: &Path) -> Result<Option<Arc<dyn Store>>, Failure> {
    if path.exists() {
        create(path).map(Some)
    } else {
        Ok(None)
    }
}

/// Returns the name of the batch for people: that of the file of its jobs.
pub(crate) fn title(store: &Path) -> String {
    let name = store.file_name().unwrap_or_default().to_string_lossy();
    name.strip_suffix(EXTENSION).unwrap_or(&name).to_owned()
}

/// Opens the store that the command line names, which must exist.
///
/// # Errors
/// If there is none, or it cannot be read.
pub(crate) fn open(matches: &ArgMatches) -> Result<SqliteStore, Failure> {
    let path = path(matches);
    let store = SqliteOptions::new().must_exist().open(&path);
    store.map_err(|error| match error.kind() {
        StoreErrorKind::NotFound => Failure::unreadable(missing(&path)),
        _ => error.into(),
    })
}

fn missing(path: &Path) -> String {
    let shown = path.display().to_string();
    let emulated = shown.strip_suffix(EXTENSION).unwrap_or(&shown).to_owned() + EMULATED;
    if Path::new(&emulated).exists() {
        return format!(
            "there is no store {shown}; no batch has run there but one on the emulator, whose store is {emulated}. Name that, or run without --emulate"
        );
    }
    format!(
        "there is no store {shown}; no batch has run there. Check the name, or run `runcomfy batch run`"
    )
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
