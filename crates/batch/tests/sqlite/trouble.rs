//! Files that are not as they should be.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use runcomfy_batch::{
    Clock, JobId, Limits, Money, Rate, Resolution, SqliteOptions, SqliteStore, State, Store,
    StoreErrorKind, Timestamp,
};
use rusqlite::Connection;

use crate::{jobs, open, register};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn store(&self) -> PathBuf {
        self.0.path().join("jobs.batch.db")
    }
}

/// Opens what cannot be opened; returns the kind of the error and its text.
fn refusal(folder: &Folder) -> (StoreErrorKind, String) {
    let error = SqliteStore::open(folder.store()).unwrap_err();
    (error.kind(), error.to_string())
}

#[tokio::test]
async fn batch_is_there_when_the_store_is_opened_again() {
    let folder = Folder::new();
    let store = open(&folder.store());
    let id = store.id().to_owned();
    store.import(jobs(3)).await.unwrap();
    drop(store);
    let store = SqliteOptions::new()
        .must_exist()
        .open(folder.store())
        .unwrap();
    assert_eq!(store.id(), id);
    assert_eq!(store.counts().await.unwrap().ready, 3);
    let again = store.import(jobs(4)).await.unwrap();
    assert_eq!((again.added, again.known), (1, 3));
    let found = store.find("job 4".parse::<JobId>().unwrap()).await.unwrap();
    assert_eq!(found.unwrap().state, State::Ready);
}

#[tokio::test]
async fn second_process_learns_who_holds_the_batch() {
    let folder = Folder::new();
    let (one, two) = (open(&folder.store()), open(&folder.store()));
    let me = register(&one).await.unwrap();
    let error = register(&two).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Busy);
    let holder = format!("process {} works on this batch", std::process::id());
    assert!(error.to_string().starts_with(&holder), "{error}");
    // It may read and cancel.
    assert_eq!(two.import(jobs(1)).await.unwrap().added, 1);
    assert_eq!(two.cancel(None).await.unwrap().cancelled, 1);
    drop(me);
    register(&two).await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn links_to_a_store_share_its_lock() {
    let folder = Folder::new();
    let link = folder.0.path().join("link.db");
    let store = open(&folder.store());
    std::os::unix::fs::symlink(folder.store(), &link).unwrap();
    let _me = register(&store).await.unwrap();
    let error = register(&open(&link)).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Busy);
}

/// A lock file that somebody has removed lets two processes work; the number of the last one is the
/// fence.
#[tokio::test]
async fn process_without_its_lock_claims_nothing() {
    let folder = Folder::new();
    let (one, two) = (open(&folder.store()), open(&folder.store()));
    one.import(jobs(2)).await.unwrap();
    let mut old = register(&one).await.unwrap();
    let claims = one.claim(&mut old, 1).await.unwrap();
    fs::remove_file(folder.0.path().join("jobs.batch.db.lock")).unwrap();
    let mut new = register(&two).await.unwrap();
    let error = one.claim(&mut old, 1).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::IncarnationEnded);
    let beat = two.beat(&mut new).await.unwrap();
    assert_eq!(beat.doubts, [claims.jobs[0].key.clone()]);
    assert_eq!(two.claim(&mut new, 8).await.unwrap().jobs.len(), 1);
}

#[tokio::test]
async fn doubt_is_submitted_again_once_it_cannot_arrive() {
    let folder = Folder::new();
    let clock = Clock::manual(Timestamp::from_micros(1_800_000_000_000_000));
    let options = SqliteOptions::new().clock(clock.clone());
    let store = options.open(folder.store()).unwrap();
    store.import(jobs(1)).await.unwrap();
    let mut me = register(&store).await.unwrap();
    let key = store.claim(&mut me, 1).await.unwrap().jobs[0].key.clone();
    let doubt = vec![(key.clone(), "no response".to_owned())];
    store.doubtful(me.id(), doubt).await.unwrap();
    let resubmit = || store.resolve(key.clone(), Resolution::Resubmit);
    let error = resubmit().await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::WrongState);
    let until = "after 2027-01-15T08:05:00.000Z";
    assert!(error.to_string().contains(until), "{error}");
    // A declaration that there is no job is no way around it, and does not prolong it.
    clock.advance(Duration::from_secs(200));
    store.resolve(key.clone(), Resolution::NoJob).await.unwrap();
    clock.advance(Duration::from_secs(99));
    let error = resubmit().await.unwrap_err();
    let until = Timestamp::from_micros(1_800_000_300_000_000);
    assert_eq!(error.until(), Some(until), "{error}");
    clock.advance(Duration::from_secs(1));
    resubmit().await.unwrap();
    assert_eq!(store.counts().await.unwrap().ready, 1);
}

#[tokio::test]
async fn emptied_store_is_not_taken_for_a_new_one() {
    let folder = Folder::new();
    // A process was killed before it had made the store.
    fs::write(folder.store(), "").unwrap();
    let store = open(&folder.store());
    store.import(jobs(1)).await.unwrap();
    drop(register(&store).await.unwrap());
    drop(store);
    fs::write(folder.store(), "").unwrap();
    let error = SqliteStore::open(folder.store()).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Damaged);
    assert_eq!(fs::metadata(folder.store()).unwrap().len(), 0);
}

/// A new store in the place of one that was deleted would pay for all jobs again.
#[tokio::test]
async fn deleted_store_is_created_again_only_on_demand() {
    let folder = Folder::new();
    let store = open(&folder.store());
    store.import(jobs(1)).await.unwrap();
    drop(register(&store).await.unwrap());
    drop(store);
    fs::remove_file(folder.store()).unwrap();
    let lock = folder.0.path().join("jobs.batch.db.lock");
    for options in [SqliteOptions::new(), SqliteOptions::new().must_exist()] {
        let error = options.open(folder.store()).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Removed);
        let text = error.to_string();
        assert!(text.contains(lock.to_str().unwrap()), "{text}");
        assert!(!folder.store().exists());
    }
    let store = SqliteOptions::new().recreate().open(folder.store());
    assert_eq!(store.unwrap().counts().await.unwrap().total(), 0);
    // The lock file is that of the store again; without it nobody knows of an earlier one.
    drop(open(&folder.store()));
    fs::remove_file(folder.store()).unwrap();
    fs::remove_file(&lock).unwrap();
    drop(open(&folder.store()));
    // A process was killed, and its log is left.
    fs::remove_file(folder.store()).unwrap();
    fs::write(folder.0.path().join("jobs.batch.db-wal"), "").unwrap();
    assert_eq!(refusal(&folder).0, StoreErrorKind::Removed);
}

#[cfg(unix)]
#[test]
fn link_to_a_deleted_store_is_not_followed_to_a_new_one() {
    let folder = Folder::new();
    let link = folder.0.path().join("link.db");
    std::os::unix::fs::symlink("jobs.batch.db", &link).unwrap();
    fs::write(folder.0.path().join("jobs.batch.db.lock"), "").unwrap();
    let error = SqliteStore::open(&link).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Removed);
}

#[cfg(unix)]
#[tokio::test]
async fn process_without_its_file_claims_nothing() {
    for is_replaced in [false, true] {
        let folder = Folder::new();
        let store = open(&folder.store());
        store.import(jobs(3)).await.unwrap();
        let mut me = register(&store).await.unwrap();
        let key = store.claim(&mut me, 1).await.unwrap().jobs[0].key.clone();
        let away = folder.0.path().join("away.db");
        fs::rename(folder.store(), &away).unwrap();
        if is_replaced {
            fs::copy(&away, folder.store()).unwrap();
        }
        let error = store.claim(&mut me, 1).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Removed);
        let how = if is_replaced { "replaced" } else { "moved" };
        assert!(error.to_string().contains(how), "{error}");
        assert_eq!(store.counts().await.unwrap().intent, 1);
        // Jobs that run are stored, and the store is used again where it is back.
        let id = "r-1".parse().unwrap();
        store.received(me.id(), vec![(key, id)]).await.unwrap();
        fs::rename(&away, folder.store()).unwrap();
        assert_eq!(store.claim(&mut me, 1).await.unwrap().jobs.len(), 1);
        fs::rename(folder.store(), &away).unwrap();
        drop(me);
        let error = register(&store).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Removed);
    }
}

/// Files that were removed together show nobody that a process still works on the store.
#[cfg(unix)]
#[tokio::test]
async fn living_process_shows_that_its_store_was_deleted() {
    let folder = Folder::new();
    let store = open(&folder.store());
    let mut me = register(&store).await.unwrap();
    for file in fs::read_dir(folder.0.path()).unwrap() {
        fs::remove_file(file.unwrap().path()).unwrap();
    }
    store.beat(&mut me).await.unwrap();
    assert_eq!(refusal(&folder).0, StoreErrorKind::Removed);
    drop((me, store));
    assert_eq!(refusal(&folder).0, StoreErrorKind::Removed);
}

/// SQLite removes a write-ahead log by its name, but not once its own file is gone.
#[cfg(unix)]
#[tokio::test]
async fn deleted_store_leaves_the_log_of_the_next_one() {
    let folder = Folder::new();
    let old = open(&folder.store());
    old.import(jobs(2)).await.unwrap();
    for end in ["", "-wal", "-shm"] {
        let name = format!("jobs.batch.db{end}");
        fs::remove_file(folder.0.path().join(name)).unwrap();
    }
    let new = open(&folder.store());
    new.import(jobs(1)).await.unwrap();
    drop(old);
    new.import(jobs(5)).await.unwrap();
    let other = open(&folder.store());
    assert_eq!(other.counts().await.unwrap().total(), 5);
}

#[test]
fn missing_store_is_not_created_by_a_look() {
    let folder = Folder::new();
    let error = SqliteOptions::new()
        .must_exist()
        .open(folder.store())
        .unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::NotFound);
    assert!(!folder.store().exists());
}

#[test]
fn file_that_is_no_store_is_left_alone() {
    let folder = Folder::new();
    let text = "id,prompt\n".repeat(1000);
    fs::write(folder.store(), &text).unwrap();
    assert_eq!(refusal(&folder).0, StoreErrorKind::NotAStore);
    assert_eq!(fs::read_to_string(folder.store()).unwrap(), text);

    let folder = Folder::new();
    let other = Connection::open(folder.store()).unwrap();
    other
        .execute_batch("CREATE TABLE photo (name TEXT)")
        .unwrap();
    drop(other);
    let (kind, text) = refusal(&folder);
    assert_eq!(kind, StoreErrorKind::NotAStore, "{text}");
}

const FIRST_VERSION: &str = include_str!("../../src/sqlite/schema.sql");
const SECOND_VERSION: &str = include_str!("../../src/sqlite/version_2.sql");

/// Makes a store of an older version, with a job that is submitted where `sql` says so.
fn older_store(folder: &Folder, steps: &[&str], sql: &str) -> Connection {
    let older = Connection::open(folder.store()).unwrap();
    let fill = format!(
        "INSERT INTO batch (id) VALUES ('0123456789abcdef');
        INSERT INTO job (n, id, model, priority, estimate) VALUES (1, 'job 1', 'a/b', 0, 40000);
        INSERT INTO job_input VALUES (1, '{{}}');
        {sql};
        PRAGMA application_id = 0x72636274; PRAGMA user_version = {}",
        steps.len()
    );
    for step in steps {
        older.execute_batch(step).unwrap();
    }
    older.execute_batch(&fill).unwrap();
    older
}

#[tokio::test]
async fn store_of_version_2_learns_its_service() {
    let folder = Folder::new();
    let submitted = "UPDATE job SET state = 'submitted', attempts = 1;
        UPDATE batch SET reserved = 40000;
        INSERT INTO incarnation (process, started_at) VALUES ('process 1', 1);
        INSERT INTO attempt (n, number, key, state, owner, request_id, reserved, claimed_at)
          VALUES (1, 1, '0123456789abcdef-1-1', 'submitted', 1, 'r-1', 40000, 1)";
    drop(older_store(
        &folder,
        &[FIRST_VERSION, SECOND_VERSION],
        submitted,
    ));
    let store = open(&folder.store());
    assert_eq!(store.service().await.unwrap(), None);
    let me = register(&store).await.unwrap();
    let [a, b] = ["https://a.example/v1", "https://b.example/v1"];
    // The first program that works on it says where its jobs are.
    store.use_service(me.id(), a.to_owned()).await.unwrap();
    let error = store.use_service(me.id(), b.to_owned()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::OtherService);
    let text = error.to_string();
    assert!(text.contains(a) && text.contains(b), "{text}");
    drop((me, store));
    let store = open(&folder.store());
    assert_eq!(store.service().await.unwrap().as_deref(), Some(a));
    let error = store.check_service(b.to_owned()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::OtherService);
    store.check_service(a.to_owned()).await.unwrap();
    // A job that is gone holds it no longer.
    let key = "0123456789abcdef-1-1".parse().unwrap();
    store.resolve(key, Resolution::Gone).await.unwrap();
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.failed, counts.money.spent), (1, crate::ESTIMATE));
    store.check_service(b.to_owned()).await.unwrap();
    let me = register(&store).await.unwrap();
    store.use_service(me.id(), b.to_owned()).await.unwrap();
    assert_eq!(store.service().await.unwrap().as_deref(), Some(b));
}

#[tokio::test]
async fn store_of_version_1_keeps_its_jobs() {
    let folder = Folder::new();
    let older = older_store(&folder, &[FIRST_VERSION], "");
    let store = open(&folder.store());
    assert_eq!(store.id(), "0123456789abcdef");
    let mut me = register(&store).await.unwrap();
    let key = store.claim(&mut me, 8).await.unwrap().jobs.remove(0).key;
    assert_eq!(key.as_str(), "0123456789abcdef-1-1");
    // A program that has it open stays able to read it.
    let state = "SELECT state FROM job";
    let state: String = older.query_row(state, [], |row| row.get(0)).unwrap();
    assert_eq!(state, "intent");
    let version = older.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0));
    assert_eq!(version.unwrap(), 3);
    drop((me, store));
    assert_eq!(open(&folder.store()).counts().await.unwrap().total(), 1);
}

#[test]
fn store_of_a_newer_version_is_left_alone() {
    let folder = Folder::new();
    drop(open(&folder.store()));
    let newer = Connection::open(folder.store()).unwrap();
    newer.pragma_update(None, "user_version", 4).unwrap();
    drop(newer);
    let (kind, text) = refusal(&folder);
    assert_eq!(kind, StoreErrorKind::NewerVersion);
    assert!(
        text.contains("version 4") && text.contains("Update the program"),
        "{text}"
    );
}

#[tokio::test]
async fn damaged_store_is_refused() {
    let folder = Folder::new();
    let store = open(&folder.store());
    store.import(jobs(2000)).await.unwrap();
    drop(store);
    let mut bytes = fs::read(folder.store()).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8192].fill(0xff);
    fs::write(folder.store(), bytes).unwrap();
    let (kind, text) = refusal(&folder);
    assert_eq!(kind, StoreErrorKind::Damaged, "{text}");
    assert!(text.contains("Keep the file"), "{text}");
    fs::write(folder.store(), &fs::read(folder.store()).unwrap()[..5000]).unwrap();
    assert_eq!(refusal(&folder).0, StoreErrorKind::Damaged);
}

#[cfg(unix)]
#[test]
fn folder_that_is_missing_is_named_in_words() {
    let error = SqliteStore::open("/no/such/folder/jobs.db").unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Io);
    assert!(
        error.to_string().contains("could not be read or written"),
        "{error}"
    );
}

#[tokio::test]
async fn clock_that_jumps_holds_the_batch_for_a_moment_only() {
    let folder = Folder::new();
    let noon = Timestamp::from_micros(1_800_000_000_000_000);
    let clock = Clock::manual(noon);
    let store = SqliteOptions::new()
        .clock(clock.clone())
        .open(folder.store())
        .unwrap();
    store.import(jobs(4)).await.unwrap();
    let rate = Rate::new(1, std::time::Duration::from_secs(5));
    store.set_limits(Limits::none().rate(rate)).await.unwrap();
    let mut me = register(&store).await.unwrap();
    assert_eq!(store.claim(&mut me, 8).await.unwrap().jobs.len(), 1);
    assert_eq!(store.claim(&mut me, 8).await.unwrap().jobs.len(), 0);
    // A year back: the rate begins again, and is kept.
    clock.set(Timestamp::from_micros(noon.micros() - 31_536_000_000_000));
    assert_eq!(store.claim(&mut me, 8).await.unwrap().jobs.len(), 1);
    assert_eq!(store.claim(&mut me, 8).await.unwrap().jobs.len(), 0);
    clock.advance(std::time::Duration::from_secs(5));
    assert_eq!(store.claim(&mut me, 8).await.unwrap().jobs.len(), 1);
    // A century forward: nothing is lost.
    clock.set(Timestamp::from_micros(noon.micros() * 3));
    assert_eq!(store.claim(&mut me, 8).await.unwrap().jobs.len(), 1);
    assert_eq!(store.counts().await.unwrap().intent, 4);
}

/// Asks as a user does in `sqlite3`, as the schema says.
#[tokio::test]
async fn store_can_be_asked_with_any_tool() {
    let folder = Folder::new();
    let store = open(&folder.store());
    store.import(jobs(3)).await.unwrap();
    let budget = Limits::none().budget(Money::from_micros(80_000));
    store.set_limits(budget).await.unwrap();
    let mut me = register(&store).await.unwrap();
    store.claim(&mut me, 8).await.unwrap();
    let other = Connection::open(folder.store()).unwrap();
    let sql = "SELECT group_concat(state || ' ' || number, ', ')
      FROM (SELECT state, count(*) AS number FROM job GROUP BY state)";
    let counts: String = other.query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(counts, "intent 2, ready 1");
    let journal: String = other
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .unwrap();
    assert_eq!(journal, "wal");
}

#[tokio::test]
async fn processes_are_named_also_when_they_have_ended() {
    let folder = Folder::new();
    let store = open(&folder.store());
    store.import(jobs(1)).await.unwrap();
    let idle = register(&store).await.unwrap();
    let named = async || store.processes().await.unwrap();
    assert_eq!(named().await[0].id, idle.id());
    assert!(named().await[0].is_living);
    let first = idle.id();
    drop(idle);
    let me = register(&store).await.unwrap();
    let second = me.id();
    let living = async || {
        let processes = named().await.into_iter();
        let process = format!("process {}", std::process::id());
        let living = processes.map(|it| (it.id, it.name == process, it.is_living));
        living.collect::<Vec<_>>()
    };
    assert_eq!(living().await, [(first, true, false), (second, true, true)]);
    drop(me);
    assert_eq!(
        living().await,
        [(first, true, false), (second, true, false)]
    );
}
