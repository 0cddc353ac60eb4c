//! Jobs that the service had accepted and does not know any more.

use clap::ArgMatches;
use runcomfy::{ErrorKind, RequestId};
use runcomfy_batch::{AttemptState, Attempts, JobKey, Store};

use super::service;
use super::store::Location;
use crate::failure::Failure;
use crate::session::Session;

/// Returns the id of a submit's job that is gone: the service has accepted it, and does not know it any more.
/// Returns `None` for submits that have no such job: those in doubt, and those that have ended.
///
/// # Errors
/// If the service knows the job or cannot be asked: then the job may be paid, and is to be saved.
pub(super) async fn id_of(
    matches: &ArgMatches,
    location: &Location,
    store: &dyn Store,
    key: &JobKey,
) -> Result<Option<RequestId>, Failure> {
    let held = store.attempts(Attempts::Held).await?;
    let held = held.into_iter().find(|attempt| attempt.key == *key);
    let held = held.filter(|attempt| attempt.state == AttemptState::Submitted);
    let Some(id) = held.and_then(|attempt| attempt.request_id) else {
        return Ok(None);
    };
    // An emulated job has ended with its emulator.
    if !location.is_emulated() {
        expect_none(matches, location, store, key, &id).await?;
    }
    Ok(Some(id))
}

async fn expect_none(
    matches: &ArgMatches,
    location: &Location,
    store: &dyn Store,
    key: &JobKey,
    id: &RequestId,
) -> Result<(), Failure> {
    let client = Session::service(matches)?.client;
    service::check(store, location, client.base_url()).await?;
    match client.json_job(id.clone()).status().await {
        Ok(_) => Err(Failure::input(format!(
            "the service knows the job {id} of {key}; nothing was changed. Run the batch, which waits for it and saves its files"
        ))),
        // 400001 is said of ids as well as of models.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::UnknownModel) => {
            Ok(())
        }
        Err(error) => Err(Failure::from(error)),
    }
}
