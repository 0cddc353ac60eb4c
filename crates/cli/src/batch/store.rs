//! The store that a command of batches works on.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ArgMatches;
#[cfg(feature = "postgres")]
use runcomfy_batch::{PostgresOptions, PostgresStore, PostgresUrl};
use runcomfy_batch::{SqliteOptions, Store, StoreError, StoreErrorKind};

use super::link;
#[cfg(feature = "postgres")]
use super::worker_folder::WorkerFolder;
use crate::failure::Failure;
use crate::shell_word::quoted;

/// End of the name of a store beside the file of its jobs.
pub(crate) const EXTENSION: &str = ".batch.db";

/// End of the name of a store of a run on the emulator.
pub(crate) const EMULATED: &str = ".emulated.batch.db";

/// Ends of the names of the files of a store, which belong together.
pub(crate) const PARTS: [&str; 5] = ["", "-wal", "-shm", ".lock", ".ids.jsonl"];

/// The store that a command line names: a file, or a batch in Postgres. Printed, it has no password.
#[derive(Clone, Debug)]
pub(crate) struct Location {
    place: Place,
    /// Arguments by which other commands find it.
    named: String,
    /// File of the jobs, where the store was found by it.
    jobs: Option<PathBuf>,
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
        Self::find(text("file").unwrap_or_default(), text("store"))
    }

    /// Returns the location of a store, else of the store beside `file`.
    ///
    /// # Errors
    /// As [`from_matches`](Self::from_matches).
    pub(crate) fn find(file: &str, store: Option<&str>) -> Result<Self, Failure> {
        match store {
            Some(url) if is_url(url) => Self::postgres(url),
            Some(store) => {
                let mut location = Self::file(store.into());
                if beside(Path::new(file), EXTENSION) == Path::new(store) {
                    location.named = quoted(file);
                }
                Ok(location)
            }
            None if file.ends_with(EXTENSION) => Ok(Self::file(file.into())),
            None => Self::of_jobs(file),
        }
    }

    /// Returns the location of the store beside a file of jobs. The jobs behind a link are those of its file, and
    /// so is their store, unless there is one beside the link already.
    fn of_jobs(file: &str) -> Result<Self, Failure> {
        let jobs = link::target(Path::new(file));
        let [given, linked] = [Path::new(file), jobs.as_path()].map(|path| beside(path, EXTENSION));
        let is_given = was_used(&given);
        let are_two = given != linked && !link::is_same(&given, &linked);
        if are_two && is_given && was_used(&linked) {
            return Err(Failure::usage(format!(
                "the jobs of `{file}` have two stores, {} and {}, and each would pay for the jobs of the other; nothing was submitted. Name the one that has the batch with --store, and move the other away",
                given.display(),
                linked.display()
            )));
        }
        Ok(Self {
            place: Place::File(if is_given { given } else { linked }),
            named: quoted(file),
            jobs: Some(jobs),
        })
    }

    /// Returns the location of the store of a run on the emulator.
    pub(crate) fn emulated(file: &str) -> Self {
        let given = beside(Path::new(file), EMULATED);
        if given.exists() {
            return Self::file(given);
        }
        Self::file(beside(&link::target(Path::new(file)), EMULATED))
    }

    /// Returns the location of a store without a file of jobs.
    pub(crate) fn of_path(store: PathBuf) -> Self {
        Self::file(store)
    }

    fn file(store: PathBuf) -> Self {
        Self {
            named: format!("--store {}", quoted(&store.to_string_lossy())),
            place: Place::File(store),
            jobs: None,
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
            jobs: None,
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

    /// Returns the file of the jobs, where the store was found by it and not named.
    pub(crate) fn jobs(&self) -> Option<&Path> {
        self.jobs.as_deref()
    }

    /// Returns the file of the jobs, by the name of a store that lies beside it.
    pub(crate) fn jobs_by_name(&self) -> Option<PathBuf> {
        let store = self.as_file()?.to_str()?;
        let ends = [EMULATED, EXTENSION].into_iter();
        ends.filter_map(|end| store.strip_suffix(end))
            .map(PathBuf::from)
            .next()
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
            Some(store) => beside(store, ".ids.jsonl"),
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
                let mut options = SqliteOptions::new().must_exist();
                if self.is_emulated() {
                    options = options.recreate();
                }
                match options.open(path) {
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

    /// Opens the store, if there is one.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) async fn open_if_exists(&self) -> Result<Option<Arc<dyn Store>>, Failure> {
        match &self.place {
            Place::File(path) => {
                if path.exists() {
                    return self.open().await.map(Some);
                }
                if !self.is_emulated() {
                    refuse_removed(path, &self.spill())?;
                }
                Ok(None)
            }
            #[cfg(feature = "postgres")]
            Place::Postgres(url) => {
                let store = PostgresOptions::new().must_exist().open(url).await;
                match store {
                    Ok(store) => Ok(Some(Arc::new(store))),
                    Err(error) if error.kind() == StoreErrorKind::NotFound => Ok(None),
                    Err(error) => Err(self.failure(error)),
                }
            }
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

    /// Opens the file of a store to work on it, and creates it where it is missing. On the emulator it is created
    /// also where it was deleted, since jobs cost nothing there.
    ///
    /// # Errors
    /// If it is no file, was deleted, or cannot be written.
    pub(crate) fn create(&self, emulate: bool) -> Result<Arc<dyn Store>, Failure> {
        let path = self.as_file().unwrap_or("".as_ref());
        let mut options = SqliteOptions::new();
        if emulate {
            options = options.recreate();
        }
        match options.open(path) {
            Ok(store) => Ok(Arc::new(store)),
            // It names the store itself.
            Err(error) if error.kind() == StoreErrorKind::Removed => Err(error.into()),
            Err(error) => {
                let message = format!("`{}`: {error}", path.display());
                Err(Failure::from(error).with_message(message))
            }
        }
    }
}

/// Refuses a store that is missing, and was deleted, renamed or moved: a new one would pay for its jobs again.
///
/// # Errors
/// If there are files that a batch has left beside it.
pub(crate) fn refuse_removed(store: &Path, ids: &Path) -> Result<(), Failure> {
    match SqliteOptions::new().must_exist().open(store) {
        Err(error) if error.kind() == StoreErrorKind::Removed => Err(error.into()),
        Err(error) if error.kind() == StoreErrorKind::NotFound && ids.exists() => {
            Err(Failure::unreadable(format!(
                "there is no store {}, but {} has request ids of its jobs, which are paid; nothing was submitted. Put the store back, or move that file away to begin a new batch that pays for all jobs",
                store.display(),
                ids.display()
            )))
        }
        _ => Ok(()),
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

/// Returns the path of a file whose name is that of another one with an end.
pub(crate) fn beside(file: &Path, end: &str) -> PathBuf {
    let mut path: OsString = file.into();
    path.push(end);
    path.into()
}

/// Returns `true` if there is a store, or was one on which a process has worked.
fn was_used(store: &Path) -> bool {
    store.exists() || beside(store, ".lock").exists()
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
            StoreErrorKind::WrongState if error.until().is_some() => Self::too_early(message),
            StoreErrorKind::NotFound | StoreErrorKind::WrongState => Self::input(message),
            StoreErrorKind::OtherService => Self::configuration(message),
            _ => Self::unreadable(message),
        }
    }
}
