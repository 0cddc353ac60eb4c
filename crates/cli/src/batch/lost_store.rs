//! Jobs that are paid already, by a batch whose store is not found: they would be paid again.

mod beside;
mod intents;
mod manifests;
mod neighbours;
mod renamed;
mod submitted;

use runcomfy_batch::{Plan, Store};

use super::work_options::WorkOptions;
use crate::failure::Failure;
use crate::notice::with_notice;
use crate::show;

/// Refuses a batch that is new, and whose jobs another one has paid for: one in a store that has kept the former
/// name of the file, or one whose store is gone, and whose files or intents are in the folders of this one. It
/// warns of jobs that other stores beside the file or this store have. On an emulator jobs cost nothing.
///
/// # Errors
/// If there are such jobs.
pub(super) async fn refuse(
    options: &WorkOptions,
    file: &str,
    store: Option<&dyn Store>,
    plan: &Plan,
) -> Result<(), Failure> {
    if options.emulate {
        return Ok(());
    }
    if let Some(store) = store
        && !store.rows(None, 0, 1).await?.is_empty()
    {
        return Ok(());
    }
    let notice = || {
        if !options.quiet {
            show::note("looking for jobs that an earlier batch has paid for");
        }
    };
    with_notice(look(options, file, store, plan), notice).await
}

async fn look(
    options: &WorkOptions,
    file: &str,
    store: Option<&dyn Store>,
    plan: &Plan,
) -> Result<(), Failure> {
    if store.is_none() {
        renamed::refuse(options, plan).await?;
        intents::refuse(options, plan).await?;
    }
    manifests::refuse(options, store, plan).await?;
    beside::warn(options, file, plan).await
}
