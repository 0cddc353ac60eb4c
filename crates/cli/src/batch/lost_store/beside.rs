//! Stores of other batches beside a file of jobs, or beside the store of its run.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use runcomfy_batch::{Plan, SqliteOptions};
use tokio::task::yield_now;

use super::submitted;
use crate::batch::link;
use crate::batch::store::{EMULATED, beside};
use crate::batch::work_options::WorkOptions;
use crate::counted::jobs;
use crate::failure::Failure;
use crate::show;

/// Warns of jobs that other stores have submitted with the same content, and that a run with a new store submits again:
/// the store beside the file where another one is named, one that was named before, or that of a copy of the file.
///
/// # Errors
/// If a store that was opened cannot be read.
pub(super) async fn warn(options: &WorkOptions, file: &str, plan: &Plan) -> Result<(), Failure> {
    let own = options.location.as_file();
    let folders = [Some(Path::new(file)), own].into_iter().flatten();
    let mut folders: Vec<PathBuf> = folders.map(folder_of).collect();
    folders.dedup();
    for store in folders.iter().flat_map(|folder| stores(folder)) {
        yield_now().await;
        if own.is_some_and(|own| own == store || link::is_same(own, &store)) {
            continue;
        }
        // One that cannot be opened has no command that resumes it either.
        let Ok(opened) = SqliteOptions::new().must_exist().open(&store) else {
            continue;
        };
        let count = submitted::count(&opened, plan).await?;
        if count > 0 {
            show::warn(&format!(
                "{} of this file {} submitted already, by the batch of the store {}; {} knows nothing of them and pays for them again. To resume that batch, name its store with --store",
                jobs(count),
                if count == 1 { "is" } else { "are" },
                store.display(),
                options.location
            ));
        }
    }
    Ok(())
}

fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::new(),
    }
}

/// Returns the stores of a folder, sorted, without those of emulated runs.
fn stores(folder: &Path) -> Vec<PathBuf> {
    let searched = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let entries = fs::read_dir(searched).into_iter().flatten().flatten();
    let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let paths = files.map(|entry| folder.join(entry.file_name()));
    let is_paid = |path: &PathBuf| !path.to_string_lossy().ends_with(EMULATED);
    let mut stores: Vec<PathBuf> = paths
        .filter(is_paid)
        .filter(|path| is_store(path))
        .collect();
    stores.sort_unstable();
    stores
}

/// Returns `true` for a file of SQLite with the mark of a batch, by its first bytes: nobody else's database is opened.
/// Until the first checkpoint the mark is in the `-wal` file alone, and the lock of a batch lies beside it.
fn is_store(path: &Path) -> bool {
    const MAGIC: &[u8] = b"SQLite format 3\0";
    /// Offset of `PRAGMA application_id`, as the file format of SQLite has it.
    const MARK: usize = 68;
    let mut head = [0; MARK + 4];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut head));
    let is_young = || {
        head[MARK..] == [0; 4]
            && ["-wal", ".lock"]
                .iter()
                .all(|end| beside(path, end).exists())
    };
    read.is_ok() && head.starts_with(MAGIC) && (head[MARK..] == *b"rcbt" || is_young())
}
