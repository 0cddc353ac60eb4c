//! Stores that have kept the former name of a file of jobs.

use std::path::{Path, PathBuf};

use runcomfy_batch::{Plan, SqliteOptions, Store};
use tokio::task::yield_now;

use super::neighbours::names_beside;
use super::submitted;
use crate::advice::NOTHING_SUBMITTED;
use crate::batch::link;
use crate::batch::store::{EMULATED, EXTENSION, Location, PARTS, beside};
use crate::batch::work_options::WorkOptions;
use crate::failure::Failure;
use crate::shell_word::quoted;

/// Refuses jobs that a store beside the file has submitted, if the store is that of a file that is not there any
/// more, or that is the same by another link: the file was renamed.
///
/// # Errors
/// If there are some.
pub(super) async fn refuse(options: &WorkOptions, plan: &Plan) -> Result<(), Failure> {
    let location = &options.location;
    let (Some(file), Some(store)) = (location.jobs(), location.as_file()) else {
        // A store that was named is meant.
        return Ok(());
    };
    for other in others(file, store) {
        yield_now().await;
        // One that cannot be read has no command of its own any more either.
        let Ok(opened) = SqliteOptions::new().must_exist().open(&other.store) else {
            continue;
        };
        let count = submitted::count(&opened, plan).await?;
        let processes = opened.processes().await?;
        drop(opened);
        if count > 0 {
            let living = processes.into_iter().find(|process| process.is_living);
            let living = living.map(|process| process.name);
            return Err(refusal(options, &other, count, living));
        }
    }
    Ok(())
}

/// A store and the file of its jobs, as their names have it.
struct Other {
    store: PathBuf,
    jobs: PathBuf,
}

/// Returns the other stores of the folder whose files are gone, or the same by another link.
fn others(file: &Path, own: &Path) -> Vec<Other> {
    let is_store = |name: &String| name.ends_with(EXTENSION) && !name.ends_with(EMULATED);
    let names = names_beside(own).into_iter().filter(is_store);
    let others = names.filter_map(|name| {
        let jobs = name.strip_suffix(EXTENSION)?;
        let other = Other {
            store: own.with_file_name(&name),
            jobs: own.with_file_name(jobs),
        };
        let is_left = other.jobs.symlink_metadata().is_err() || link::is_same(&other.jobs, file);
        (is_left && !link::is_same(&other.store, own)).then_some(other)
    });
    others.collect()
}

fn refusal(options: &WorkOptions, other: &Other, count: u64, living: Option<String>) -> Failure {
    let (file, before) = (options.location.named(), other.jobs.display());
    let message = format!(
        "{}, by the batch of `{before}`, whose store is {}",
        submitted::words(count),
        other.store.display()
    );
    let advice = if other.jobs.exists() {
        format!("`{before}` is the same file by another link: run that one.")
    } else {
        let wait = living.map_or_else(String::new, |process| {
            format!("{process} works on that batch: wait for its end. ")
        });
        format!(
            "{wait}If `{before}` was renamed to {file}, rename its store too, and run the command again:\n{}\n",
            commands(options, other)
        )
    };
    Failure::input(message).with_advice(format!(
        "{NOTHING_SUBMITTED} {advice} To pay for all jobs again, in a store of their own, add --store FILE."
    ))
}

/// Returns the commands that rename a store with all that belongs to it.
fn commands(options: &WorkOptions, other: &Other) -> String {
    let Some(store) = options.location.as_file() else {
        return String::new();
    };
    let part = |end: &&str| (beside(&other.store, end), beside(store, end));
    let parts = PARTS.iter().map(part);
    let folder = Location::of_path(other.store.clone()).folder();
    let folders = (folder, options.location.folder());
    let is_default = options.out == folders.1 && !folders.1.exists();
    let renames = parts.chain(is_default.then_some(folders));
    let renames = renames.filter(|(from, _)| from.exists());
    let renames = renames.map(|(from, to)| {
        let [from, to] = [from, to].map(|path| quoted(&path.to_string_lossy()));
        format!("  mv {from} {to}")
    });
    renames.collect::<Vec<_>>().join("\n")
}
