//! The store that a command of batches works on.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ArgMatches;
#[cfg(feature = "postgres")]
use runcomfy_batch::{PostgresOptions, PostgresStore, PostgresUrl};
use runcomfy_batch::{SqliteOptions, SqliteStore, Store, StoreError, StoreErrorKind};

#[cfg(feature = "postgres")]
use super::worker_folder::WorkerFolder;
use crate::failure::Failure;
use crate::shell_word::quoted;

/// End of the name of a store beside the file of its jobs.
const EXTENSION: &str = ".batch.db";

/// End of the name of a store of a run on the emulator.
pub(crate) const EMULATED: &str = ".emulated.batch.db";

/// The store that a command line names: a file, or a batch in Postgres. Printed, it has no password.
#[derive(Clone, Debug)]
pub(crate) struct Location {
    place: Place,
    /// Arguments by which other commands find it.
    named: String,
}

#[derive(Clone, Debug)]
enum Place {
    File(PathBuf),
    #[cfg(feature = "postgres")]
    Postgres(Box<PostgresUrl>),
}

impl Location {
    /// Returns the location of `--store`, or of the store beside `FILE`. A `FILE` that is a store by its name is
    /// meant itself.
    ///
    /// # Errors
    /// If it is in Postgres, and its URL is invalid or this command is built without Postgres.
    pub(crate) fn from_matches(matches: &ArgMatches) -> Result<Self, Failure> {
        // `batch work` takes no file.
        let text = |name| matches.try_get_one::<String>(name).ok().flatten();
        let text = |name| text(name).map(String::as_str);
        let file = text("file").unwrap_or_default();
        match text("store") {
            Some(url) if is_url(url) => Self::postgres(url),
            Some(store) => Ok(Self::file(file, store.into())),
            None if file.ends_with(EXTENSION) => Ok(Self::file(file, file.into())),
            None => Ok(Self::file(file, beside(Path::new(file)))),
        }
    }

    /// Returns the location of the store of a run on the emulator.
    pub(crate) fn emulated(file: &str) -> Self {
        Self::file(file, format!("{file}{EMULATED}").into())
    }

    /// Returns the location of a store without a file of jobs.
    #[cfg(feature = "mcp")]
    pub(crate) fn of_path(store: PathBuf) -> Self {
        Self::file("", store)
    }

    fn file(jobs: &str, store: PathBuf) -> Self {
        let named = if beside(Path::new(jobs)) == store {
            quoted(jobs)
        } else {
            format!("--store {}", quoted(&store.to_string_lossy()))
        };
        Self {
            place: Place::File(store),
            named,
        }
    }

    #[cfg(feature = "postgres")]
    fn postgres(url: &str) -> Result<Self, Failure> {
        let url: PostgresUrl = url.parse().map_err(|error: StoreError| {
            let error = error.to_string();
            Failure::usage(error)
        })?;
        Ok(Self {
            named: format!("--store {}", quoted(&url.to_string())),
            place: Place::Postgres(Box::new(url)),
        })
    }

    #[cfg(not(feature = "postgres"))]
    fn postgres(_url: &str) -> Result<Self, Failure> {
        Err(Failure::usage(
            "this command is built without Postgres; nothing was done. Released programs have it; build with `--features postgres`",
        ))
    }

    /// Returns the arguments by which other commands find it.
    pub(crate) fn named(&self) -> &str {
        &self.named
    }

    /// Returns `true` if it is a file, which one process at a time works on.
    #[allow(
        clippy::unnecessary_wraps,
        clippy::match_wildcard_for_single_variants,
        reason = "without Postgres there are files alone"
    )]
    pub(crate) fn as_file(&self) -> Option<&Path> {
        match &self.place {
            Place::File(path) => Some(path),
            #[cfg(feature = "postgres")]
            Place::Postgres(_) => None,
        }
    }

    /// Returns `true` if the jobs are those of an emulator that has ended with its run.
    pub(crate) fn is_emulated(&self) -> bool {
        let file = self.as_file();
        file.is_some_and(|file| file.to_string_lossy().ends_with(EMULATED))
    }

    /// Returns the name of the batch for people: that of the file of its jobs, or of its schema.
    pub(crate) fn title(&self) -> String {
        match &self.place {
            Place::File(path) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                name.strip_suffix(EXTENSION).unwrap_or(&name).to_owned()
            }
            #[cfg(feature = "postgres")]
            Place::Postgres(url) => url.batch().to_owned(),
        }
    }

    /// Returns the folder of the saved files: beside a file, and else in the current folder.
    pub(crate) fn folder(&self) -> PathBuf {
        match &self.place {
            Place::File(path) => {
                let name = path.to_string_lossy();
                PathBuf::from(format!(
                    "{}.out",
                    name.strip_suffix(EXTENSION).unwrap_or(&name)
                ))
            }
            #[cfg(feature = "postgres")]
            Place::Postgres(url) => format!("{}.out", url.batch()).into(),
        }
    }

    /// Returns the folder in which a worker on many machines keeps its state.
    pub(crate) fn worker_folder(&self) -> PathBuf {
        format!("{}.worker", self.title()).into()
    }

    /// Returns the file beside a store that takes request ids while the store cannot be written.
    pub(crate) fn spill(&self) -> PathBuf {
        match self.as_file() {
            Some(store) => {
                let mut path: OsString = store.into();
                path.push(".ids.jsonl");
                path.into()
            }
            None => super::worker_folder::ids_in(&self.worker_folder()),
        }
    }

    /// Opens the store, which must exist.
    ///
    /// # Errors
    /// If there is none, or it cannot be read.
    #[cfg_attr(
        not(feature = "postgres"),
        expect(clippy::unused_async, reason = "only Postgres is waited for")
    )]
    pub(crate) async fn open(&self) -> Result<Arc<dyn Store>, Failure> {
        match &self.place {
            Place::File(path) => {
                let store = SqliteOptions::new().must_exist().open(path);
                match store {
                    Ok(store) => Ok(Arc::new(store)),
                    Err(error) if error.kind() == StoreErrorKind::NotFound => {
                        Err(Failure::unreadable(missing(path)))
                    }
                    Err(error) => Err(error.into()),
                }
            }
            #[cfg(feature = "postgres")]
            Place::Postgres(_) => Ok(Arc::new(self.open_postgres().await?)),
        }
    }

    /// Opens a batch in Postgres, which must exist.
    ///
    /// # Errors
    /// If it is a file, there is none, or it cannot be read.
    #[cfg(feature = "postgres")]
    pub(crate) async fn open_postgres(&self) -> Result<PostgresStore, Failure> {
        let Place::Postgres(url) = &self.place else {
            return Err(Failure::usage(
                "the store is a file, and no batch in Postgres",
            ));
        };
        let store = PostgresOptions::new().must_exist().open(url).await;
        store.map_err(|error| self.failure(error))
    }

    /// Opens a batch in Postgres to work on it; `None` where there is none, and it must exist.
    ///
    /// # Errors
    /// As [`open_postgres`](Self::open_postgres).
    #[cfg(feature = "postgres")]
    pub(crate) async fn join(
        &self,
        worker: &WorkerFolder,
        must_exist: bool,
    ) -> Result<Option<Arc<dyn Store>>, Failure> {
        let Place::Postgres(url) = &self.place else {
            return Ok(None);
        };
        let mut options = PostgresOptions::new().journal(worker.intents());
        if must_exist {
            options = options.must_exist();
        }
        match options.open(url).await {
            Ok(store) => Ok(Some(Arc::new(store))),
            Err(error) if must_exist && error.kind() == StoreErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failure(error)),
        }
    }

    #[cfg(feature = "postgres")]
    fn failure(&self, error: StoreError) -> Failure {
        let message = format!("{self}: {error}");
        match error.kind() {
            StoreErrorKind::NotFound => Failure::unreadable(message),
            // Nothing is submitted before the store is open.
            StoreErrorKind::Unreachable => Failure::unavailable(message),
            _ => Failure::from(error).with_message(message),
        }
    }

    /// Opens the file of a store to work on it, and creates it where it is missing.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn create_file(path: &Path) -> Result<Arc<dyn Store>, Failure> {
        let store = SqliteStore::open(path).map_err(|error| {
            let message = format!("`{}`: {error}", path.display());
            Failure::from(error).with_message(message)
        })?;
        Ok(Arc::new(store))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::File(path) => path.display().fmt(f),
            #[cfg(feature = "postgres")]
            Place::Postgres(url) => url.fmt(f),
        }
    }
}

/// Returns `true` for URLs of Postgres.
fn is_url(store: &str) -> bool {
    store.starts_with("postgres://") || store.starts_with("postgresql://")
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
pub(crate) async fn open(matches: &ArgMatches) -> Result<Arc<dyn Store>, Failure> {
    Location::from_matches(matches)?.open().await
}

/// Returns the message that there is no store, with the one that may be meant.
pub(crate) fn missing(path: &Path) -> String {
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
