//! Failures of SQLite and of the disk.

use std::io;
use std::path::Path;

use rusqlite::ErrorCode;

use crate::disk::Disk;
use crate::store::error::{StoreError, StoreErrorKind};

/// A failure within a transition: SQLite's, the disk's, or a refusal.
#[derive(Debug)]
pub(super) enum Failure {
    Sqlite(rusqlite::Error),
    Io(io::Error),
    Refused(StoreError),
    /// A value in the store that no version has written.
    Unreadable(&'static str),
}

/// Room without which a store cannot be opened: SQLite shares the index of its log in a file of this length.
const MIN_ROOM: u64 = 32 * 1024;

impl Failure {
    /// Returns the failure as that of a full disk, if the store could not be opened for want of room: SQLite
    /// reports that as one of the disk.
    pub(super) fn on_disk_of(self, store: &Path) -> Self {
        let is_of_disk = matches!(&self, Self::Sqlite(error)
            if error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure));
        let folder = store.parent().filter(|folder| *folder != "");
        let free = Disk::system().free(folder.unwrap_or(Path::new(".")));
        match free {
            Ok(Some(free)) if is_of_disk && free < MIN_ROOM => {
                io::Error::from(io::ErrorKind::StorageFull).into()
            }
            _ => self,
        }
    }

    pub(super) fn into_error(self) -> StoreError {
        match self {
            Self::Refused(error) => error,
            other => other.to_error(),
        }
    }

    /// Returns the error of one transition of a group that has failed as a whole.
    pub(super) fn to_error(&self) -> StoreError {
        let (kind, advice) = match self {
            Self::Sqlite(error) => explain(error),
            Self::Io(error) if error.kind() == io::ErrorKind::StorageFull => FULL,
            Self::Io(_) | Self::Refused(_) => IO,
            Self::Unreadable(_) => DAMAGED,
        };
        let cause = match self {
            Self::Sqlite(error) => error.to_string(),
            Self::Io(error) => error.to_string(),
            Self::Refused(error) => error.to_string(),
            Self::Unreadable(what) => format!("{what} is unreadable"),
        };
        StoreError::new(kind, format!("{advice} ({cause})"))
    }
}

type Explained = (StoreErrorKind, &'static str);

const FULL: Explained = (
    StoreErrorKind::Full,
    "the disk of the store is full; nothing was stored, and nothing is submitted until it can be. Make room on the disk",
);
const IO: Explained = (
    StoreErrorKind::Io,
    "the store could not be read or written; nothing is submitted until it can be. Check the disk and the permissions of the file and its folder",
);
const DAMAGED: Explained = (
    StoreErrorKind::Damaged,
    "the store is damaged; nothing was changed, and nothing is submitted. Keep the file: it names what was paid. `sqlite3 FILE .recover` shows what can be read. Do not restore an older copy, since it does not know the submits after it",
);
const NOT_A_STORE: Explained = (
    StoreErrorKind::NotAStore,
    "the file is no store of a batch, or a store whose beginning is damaged; it was not changed. Check the name. If it is the store, keep it: it names what was paid. `sqlite3 FILE .recover` shows what can be read",
);
const LOCKED: Explained = (
    StoreErrorKind::Io,
    "another program keeps the store locked; nothing was stored. Close the program that has the file open and repeat the command",
);

fn explain(error: &rusqlite::Error) -> Explained {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => FULL,
        Some(ErrorCode::NotADatabase) => NOT_A_STORE,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => LOCKED,
        // Pages, tables or columns that are missing, values of another type, checks that do not hold.
        Some(
            ErrorCode::DatabaseCorrupt
            | ErrorCode::ConstraintViolation
            | ErrorCode::Unknown
            | ErrorCode::TypeMismatch,
        )
        | None => DAMAGED,
        Some(_) => IO,
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}
