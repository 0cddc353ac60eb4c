//! Jobs that the service had accepted, and that it has no more, or whose files it has no more.

use clap::ArgMatches;
use runcomfy::{Error, ErrorKind, Job, Output, RequestId};
use runcomfy_batch::{AttemptState, Attempts, JobKey, Store};

use super::service;
use super::store::Location;
use crate::failure::Failure;
use crate::session::Session;

/// Returns the id of a submit's job that is gone: the service has accepted it, and does not know it or gives out no
/// file of it any more.
/// Returns `None` for submits that have no such job: those in doubt, and those that have ended.
///
/// # Errors
/// If the service has the job with its files or cannot be asked: then the job may be paid, and is to be saved.
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
    let job = client.json_job(id.clone());
    match job.status().await {
        Ok(_) if has_lost_files(&job).await => Ok(()),
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

/// Returns `true` if a file of a job that has succeeded is refused or missing. Nothing is kept.
async fn has_lost_files(job: &Job<Output>) -> bool {
    let Ok(result) = job.result().await else {
        return false;
    };
    let Some(output) = result.output else {
        return false;
    };
    let folder = std::env::temp_dir().join(format!("runcomfy-{}", job.request_id()));
    let files = job.download(&output, &folder).keep_unexpected(false);
    let files = files.outcomes().await;
    // A file that stays is in a folder for temporary ones.
    let _ = std::fs::remove_dir_all(&folder);
    let status = |file: &Result<_, Error>| file.as_ref().err().and_then(Error::http_status);
    files
        .iter()
        .any(|file| matches!(status(file), Some(403 | 404 | 410)))
}
