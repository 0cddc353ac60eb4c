//! The run of the batch, from its start to its end.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use runcomfy::Client;
use runcomfy_batch::{
    Batch, Claimed, Prepared, Running, Stop, Store, StoreError, StoreErrorKind, Summary, Unprepared,
};

use super::ending;
use super::file_run::FileRun;
use super::models::{Model, Models};
use super::watch::Watch;
use crate::batch::metrics::MetricsServer;
use crate::batch::opened::{Opened, Opener};
use crate::batch::shared_dir;
use crate::batch::work_options::WorkOptions;
use crate::failure::Failure;
use crate::local_file;
use crate::stop::{self, Stops};

/// Maximum time for the end after a second signal.
const ENDS_WITHIN: Duration = Duration::from_secs(2);

const LEAVING: &str = "stopping: nothing more is submitted, and submits in flight are waited for, so that no request id is lost. Press Ctrl-C again to stop at once";

/// Runs the batch of a file to its end.
///
/// # Errors
/// If not all jobs are saved at the end.
pub(super) async fn run_file(
    run: &FileRun<'_>,
    entry: &Opener<'_>,
    opened: Opened,
    client: Client,
    server: Option<MetricsServer>,
) -> Result<(), Failure> {
    let options = &run.options.work;
    match options.location.as_file() {
        Some(_) => {
            let prepare = prepare(&run.models);
            work(options, entry, opened, client, prepare, server).await
        }
        None => {
            let prepare = shared_dir::prepare(options.shared_dir.clone());
            work(options, entry, opened, client, prepare, server).await
        }
    }
}

/// Works on a batch until all jobs have ended.
///
/// # Errors
/// If not all jobs are saved at the end.
pub(crate) async fn work(
    options: &WorkOptions,
    entry: &Opener<'_>,
    opened: Opened,
    client: Client,
    prepare: impl Fn(Claimed) -> Prepared + Send + Sync + 'static,
    server: Option<MetricsServer>,
) -> Result<(), Failure> {
    let store = opened.into_store();
    let batch = batch(options, entry, &store, client, server).prepare(prepare);
    let (summary, stopped) = follow(batch, &*store, Watch::new(options)).await?;
    ending::end(options, &*store, &summary, stopped).await
}

/// Waits for the jobs that were submitted before, and saves them. Nothing is submitted.
///
/// # Errors
/// If the store cannot be read, or another process has taken over.
pub(super) async fn finish(
    options: &WorkOptions,
    entry: &Opener<'_>,
    store: &Arc<dyn Store>,
    client: Client,
    server: Option<MetricsServer>,
) -> Result<(Summary, Option<stop::Stop>), Failure> {
    let batch = batch(options, entry, store, client, server).without_submits();
    follow(batch, &**store, Watch::new(options)).await
}

fn batch(
    options: &WorkOptions,
    entry: &Opener<'_>,
    store: &Arc<dyn Store>,
    client: Client,
    server: Option<MetricsServer>,
) -> Batch {
    let metrics = Arc::clone(&options.counted);
    if let Some(server) = server {
        let title = options.location.title();
        server.start(title, Arc::clone(store), Arc::clone(&metrics));
    }
    let batch = Batch::new(Arc::clone(store), client, &options.out)
        .concurrency(options.concurrency)
        .file_name(&options.name)
        .process(options.process())
        .lease(options.lease)
        .spill(entry.spill())
        .metrics(metrics);
    if options.emulate {
        batch.emulated()
    } else {
        batch
    }
}

/// Follows the batch to its end, and returns the signal that has stopped it.
async fn follow(
    batch: Batch,
    store: &dyn Store,
    mut watch: Watch,
) -> Result<(Summary, Option<stop::Stop>), Failure> {
    let mut running = batch.start();
    let handle = running.stop_handle();
    let mut stops = Stops::listen();
    let (mut stopped, mut at_once) = (None, false);
    loop {
        tokio::select! {
            biased;
            signal = stops.next() => {
                at_once = stopped.replace(signal).is_some();
                handle.stop(if at_once { Stop::Now } else { Stop::Leave });
                if at_once {
                    break;
                }
                watch.note(LEAVING);
            }
            event = running.next() => match event {
                Some(event) => watch.event(&event, store).await,
                None => break,
            },
            () = watch.tick() => watch.show(store).await,
        }
    }
    watch.end();
    let summary = match stopped.filter(|_| at_once) {
        Some(signal) => at_once_by(signal, running).await?,
        None => running.summary().await.map_err(failure)?,
    };
    Ok((summary, stopped))
}

/// Waits for the end after a second signal, for a short time.
async fn at_once_by(signal: stop::Stop, running: Running) -> Result<Summary, Failure> {
    let summary = tokio::time::timeout(ENDS_WITHIN, running.summary()).await;
    summary
        .map_err(|_| {
            let failure = Failure::stopped("stopped at once", None, None);
            failure.with_advice(ending::RESUME).with_signal(signal)
        })?
        .map_err(failure)
}

fn failure(error: StoreError) -> Failure {
    match error.kind() {
        // Another process has taken over, or the file is gone, after this one may have submitted jobs.
        StoreErrorKind::IncarnationEnded | StoreErrorKind::Removed => {
            Failure::batch_ended(error.to_string())
        }
        _ => error.into(),
    }
}

/// Returns what attaches the local files that an input names.
fn prepare(models: &Models) -> impl Fn(Claimed) -> Prepared + Send + Sync + 'static {
    let models = models.iter();
    let models: HashMap<String, Arc<Model>> = models
        .map(|(id, model)| (id.clone(), Arc::clone(model)))
        .collect();
    move |job| {
        let model = models.get(&job.model).cloned();
        Box::pin(async move {
            let mut input = job.input;
            let Some(model) = model else {
                return Ok(input);
            };
            if local_file::on_stdin(&model.schema, &input) > 0 {
                return Err(unprepared(
                    "`-` is standard input, which a batch cannot read",
                ));
            }
            let mut faults = local_file::attach(&model.schema, &mut input)
                .await
                .violations;
            // A file that is gone since the check is a text like any other, which the service may take.
            faults.extend(local_file::missing(&model.schema, &input, &faults));
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            if faults.is_empty() {
                Ok(input)
            } else {
                Err(unprepared(faults.join("; ")))
            }
        })
    }
}

fn unprepared(reason: impl Into<String>) -> Unprepared {
    Unprepared::Job(reason.into())
}
