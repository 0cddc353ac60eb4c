//! Connections to a store, and what is checked before they are used.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior, params};

use super::failure::Failure;
use super::file_system::network_file_system;
use super::lock::Lock;
use super::options::SqliteOptions;
use crate::store::error::{StoreError, StoreErrorKind};
use crate::store::new_store_id;

/// The steps from an empty file to the newest version, which is in `PRAGMA user_version`; a step is never
/// changed once it is released.
const MIGRATIONS: [&str; 3] = [
    include_str!("schema.sql"),
    include_str!("version_2.sql"),
    include_str!("version_3.sql"),
];

/// Mark of a store, as `PRAGMA application_id`: `rcbt`.
const APPLICATION_ID: i64 = 0x7263_6274;

/// Memory for pages of each connection. Ids that are hashes lie all over their index, whose pages were
/// otherwise written again and again in an import.
const CACHE_KIB: i64 = 16 * 1024;

/// Time for which another program may keep the store locked.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens a store, and creates it where it is missing, as the options have it. Returns its id too.
pub(super) fn open(path: &Path, options: &SqliteOptions) -> Result<(Connection, String), Failure> {
    refuse_network_file_system(path)?;
    let creates = !options.must_exist;
    if !path.exists() {
        if !options.recreates {
            refuse_removed(path)?;
        }
        if !creates {
            return Err(missing(path).into());
        }
    }
    refuse_emptied(path)?;
    let mut connection = connect(path, creates)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let is_new = transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| {
        row.get::<_, i64>(0)
    })? == 0;
    let version = if is_new && creates {
        0
    } else {
        version(&transaction)?
    };
    for migration in &MIGRATIONS[version..] {
        transaction.execute_batch(migration)?;
    }
    if version == 0 {
        transaction.execute(
            "INSERT INTO batch (id) VALUES (?1)",
            params![new_store_id()],
        )?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    if version < MIGRATIONS.len() {
        let newest = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
        transaction.pragma_update(None, "user_version", newest)?;
    }
    transaction.commit()?;
    check_whole(&connection)?;
    let id = connection.query_row("SELECT id FROM batch", [], |row| row.get(0));
    let id = id.optional()?.ok_or(Failure::Unreadable("the batch"))?;
    Ok((connection, id))
}

/// Opens a connection to a store, and creates its file where it is missing and `creates` is `true`.
pub(super) fn connect(path: &Path, creates: bool) -> Result<Connection, Failure> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    flags.set(OpenFlags::SQLITE_OPEN_CREATE, creates);
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    // Without it a power cut forgets an intent, and a forgotten intent is a second payment.
    connection.pragma_update(None, "synchronous", "FULL")?;
    // macOS: a sync that reaches the disk. Without effect elsewhere.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    let synchronous: i64 = connection.pragma_query_value(None, "synchronous", |row| row.get(0))?;
    if mode != "wal" || synchronous != 2 {
        return Err(not_durable().into());
    }
    Ok(connection)
}

/// Returns the version of a store, from 1.
fn version(connection: &Connection) -> Result<usize, Failure> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    if pragma("application_id")? != APPLICATION_ID {
        return Err(StoreError::new(
            StoreErrorKind::NotAStore,
            "the file is a database, but no store of a batch, or a store whose beginning is damaged; it was not changed. Check the name. If it is the store, keep it: it names what was paid",
        )
        .into());
    }
    let (version, newest) = (pragma("user_version")?, MIGRATIONS.len());
    match usize::try_from(version) {
        Ok(known) if (1..=newest).contains(&known) => Ok(known),
        _ => Err(StoreError::newer_version(version, newest).into()),
    }
}

/// Checks that the file is whole: that its pages can be read and lead to each other.
fn check_whole(connection: &Connection) -> Result<(), Failure> {
    let report: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if report == "ok" {
        Ok(())
    } else {
        Err(Failure::Unreadable("a page"))
    }
}

/// Refuses a file without a byte on which a process has worked: it was cut off, and would be taken for a new
/// store, whose jobs are all paid again. A process that was killed before it had made the store leaves an
/// empty file too, and no lock.
fn refuse_emptied(path: &Path) -> Result<(), Failure> {
    let Ok(path) = path.canonicalize() else {
        return Ok(());
    };
    if fs::metadata(&path)?.len() == 0 && Lock::was_held(&path) {
        return Err(Failure::Unreadable("the whole file, which is empty,"));
    }
    Ok(())
}

/// Refuses to create a store whose file was there: what a process has left beside it shows that it was deleted,
/// renamed or moved, and a new one would pay for its jobs again.
fn refuse_removed(path: &Path) -> Result<(), Failure> {
    let store = target(path);
    let beside = [Lock::path(&store), write_ahead_log(&store)];
    let left = beside.iter().filter(|path| path.exists());
    let left: Vec<String> = left.map(|path| format!("`{}`", path.display())).collect();
    if left.is_empty() {
        return Ok(());
    }
    let left = left.join(" and ");
    Err(StoreError::new(
        StoreErrorKind::Removed,
        format!(
            "there is no store {} any more, but {left} beside it: a batch has run there, and its store was deleted, renamed or moved. A new one would pay for its jobs again; nothing was submitted. Put the store back with all files beside it. Or, to begin a new batch that pays for all jobs, remove {left}",
            path.display()
        ),
    )
    .into())
}

/// Returns the path of the write-ahead log, which SQLite removes with the last connection.
fn write_ahead_log(store: &Path) -> PathBuf {
    let mut path = store.as_os_str().to_owned();
    path.push("-wal");
    path.into()
}

/// Returns the path to which a link leads, where nothing may be any more.
fn target(path: &Path) -> PathBuf {
    /// Maximum length of a chain of links, as Linux has it.
    const MAX_LINKS: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let Ok(next) = fs::read_link(&path) else {
            break;
        };
        path = path.parent().unwrap_or(Path::new("")).join(next);
    }
    path
}

fn refuse_network_file_system(path: &Path) -> Result<(), Failure> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let Some(name) = network_file_system(folder.unwrap_or(Path::new(".")))? else {
        return Ok(());
    };
    Err(StoreError::new(
        StoreErrorKind::NetworkFileSystem,
        format!(
            "{} is on a network file system ({name}), where a power cut or a second machine can make a job be paid twice; nothing was written. Put the store on a local disk",
            path.display()
        ),
    )
    .into())
}

fn missing(path: &Path) -> StoreError {
    StoreError::new(
        StoreErrorKind::NotFound,
        format!("there is no store {}; check the name", path.display()),
    )
}

fn not_durable() -> StoreError {
    StoreError::new(
        StoreErrorKind::Io,
        "the disk of the store cannot keep a write-ahead log, so that a power cut could make a job be paid twice; nothing is submitted. Put the store on a local disk",
    )
}
