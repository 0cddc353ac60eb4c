//! The end of jobs that were submitted before: they are paid, so they are waited for and saved, whatever
//! becomes of the lines of the file.

use std::sync::Arc;

use runcomfy_batch::{Counts, Store, Summary};

use super::place::Place;
use super::{ending, engine};
use crate::batch::metrics::MetricsServer;
use crate::batch::opened::Opener;
use crate::batch::work_options::WorkOptions;
use crate::counted::jobs;
use crate::failure::Failure;
use crate::show;
use crate::stop::Stop;

/// Finishes the jobs that were submitted before, for `--no-submit`.
///
/// # Errors
/// If there is no store, or not all jobs that were submitted are saved.
pub(super) async fn alone(options: &WorkOptions) -> Result<(), Failure> {
    let Place {
        entry,
        server,
        opened,
    } = Place::open(options).await?;
    let Some(opened) = opened else {
        // There is none, and this says so.
        return options.location.open().await.map(drop);
    };
    let store = opened.into_store();
    let (summary, stopped) = finish(options, &entry, &store, server).await?;
    ending::end(options, &*store, &summary, stopped).await
}

/// Finishes the jobs that were submitted before a run was refused, and returns the refusal. A signal leaves
/// them to the next run.
pub(super) async fn before_refusal(
    options: &WorkOptions,
    place: Place<'_>,
    refusal: Failure,
) -> Failure {
    if refusal.is_stop() {
        return refusal;
    }
    match paid_first(options, place, &refusal).await {
        Ok(None) => refusal,
        Ok(Some((paid, summary))) => refusal
            .and_advice(&what_is_finished(options, paid, &summary.counts))
            .with_batch(ending::to_json(options, &summary)),
        Err(failure) if failure.is_stop() => failure,
        Err(failure) => refusal.and_advice(&format!(
            "Jobs that were submitted before are not finished: {}. The same command with --no-submit finishes them.",
            failure.message(),
        )),
    }
}

/// Returns the number of jobs that were to be finished, and where the batch is now; `None` if there were
/// none.
async fn paid_first(
    options: &WorkOptions,
    place: Place<'_>,
    refusal: &Failure,
) -> Result<Option<(u64, Summary)>, Failure> {
    let Place {
        entry,
        server,
        opened,
    } = place;
    let Some(opened) = opened else {
        return Ok(None);
    };
    let counts = opened.store.counts().await?;
    let paid = counts.submitted + counts.intent;
    if paid == 0 {
        return Ok(None);
    }
    show::warn(&format!(
        "{}; nothing more is submitted, but {} of this batch, submitted before, finished first. Ctrl-C leaves what runs to the next run",
        refusal.message(),
        are(paid)
    ));
    let store = opened.into_store();
    let (summary, stopped) = finish(options, &entry, &store, server).await?;
    if stopped.is_some() {
        ending::end(options, &*store, &summary, stopped).await?;
    }
    Ok(Some((paid, summary)))
}

async fn finish(
    options: &WorkOptions,
    entry: &Opener<'_>,
    store: &Arc<dyn Store>,
    server: Option<MetricsServer>,
) -> Result<(Summary, Option<Stop>), Failure> {
    let session = options.connect(None).await?;
    engine::finish(options, entry, store, session.client.clone(), server).await
}

fn what_is_finished(options: &WorkOptions, paid: u64, counts: &Counts) -> String {
    let left = counts.submitted + counts.intent;
    let mut text = format!("{} finished", are(paid.saturating_sub(left)));
    if left > 0 {
        text += &format!(", {} not", are(left));
    }
    text += " of those that were submitted before.";
    if counts.doubts > 0 {
        let named = options.location.named();
        text += &format!(" Submits are in doubt: `runcomfy batch doctor {named}` names them.");
    }
    text
}

/// Returns a number of jobs with its verb.
fn are(count: u64) -> String {
    let verb = if count == 1 { "is" } else { "are" };
    format!("{} {verb}", jobs(count))
}
