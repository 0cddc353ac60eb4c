//! Stores of other batches beside a file of jobs, or beside the store of its run.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use runcomfy_batch::{Plan, SqliteOptions};
use tokio::task::yield_now;

use super::neighbours::names_beside;
use super::submitted;
use crate::batch::link;
use crate::batch::store::{EMULATED, beside};
use crate::batch::work_options::WorkOptions;
use crate::failure::Failure;
use crate::show;

/// Warns of jobs that other stores have submitted with the same content, and that a run with a new store submits again:
/// the store beside the file where another one is named, one that was named before, or that of a copy of the file.
///
/// # Errors
/// If a store that was opened cannot be read.
pub(super) async fn warn(options: &WorkOptions, file: &str, plan: &Plan) -> Result<(), Failure> {
    let own = options.location.as_file();
    let places = [Some(Path::new(file)), own].into_iter().flatten();
    let mut seen: Vec<PathBuf> = own.map(Path::to_owned).into_iter().collect();
    for store in places.flat_map(stores) {
        yield_now().await;
        if seen
            .iter()
            .any(|seen| *seen == store || link::is_same(seen, &store))
        {
            continue;
        }
        seen.push(store.clone());
        // One that cannot be opened has no command that resumes it either.
        let Ok(opened) = SqliteOptions::new().must_exist().open(&store) else {
            continue;
        };
        let count = submitted::count(&opened, plan).await?;
        if count > 0 {
            show::warn(&format!(
                "{}, by the batch of the store {}; {} knows nothing of them and pays for them again. To resume that batch, name its store with --store",
                submitted::words(count),
                store.display(),
                options.location
            ));
        }
    }
    Ok(())
}

/// Returns the stores in the folder of a file, without those of emulated runs.
fn stores(file: &Path) -> impl Iterator<Item = PathBuf> {
    let names = names_beside(file).into_iter();
    let names = names.filter(|name| !name.ends_with(EMULATED));
    let paths = names.map(|name| file.with_file_name(name));
    paths.filter(|path| is_store(path))
}

/// Returns `true` for a file of SQLite with the mark of a batch, by its first bytes: nobody else's database is opened.
/// Until the first checkpoint the mark is in the `-wal` file alone, and the lock of a batch lies beside it.
fn is_store(path: &Path) -> bool {
    const MAGIC: &[u8] = b"SQLite format 3\0";
    /// Offset of `PRAGMA application_id`, as the file format of SQLite has it.
    const MARK: usize = 68;
    let mut head = [0; MARK + 4];
    // Opening a pipe would wait for its other end.
    if !path.symlink_metadata().is_ok_and(|found| found.is_file()) {
        return false;
    }
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut head));
    let is_young = || {
        head[MARK..] == [0; 4]
            && ["-wal", ".lock"]
                .iter()
                .all(|end| beside(path, end).exists())
    };
    read.is_ok() && head.starts_with(MAGIC) && (head[MARK..] == *b"rcbt" || is_young())
}
