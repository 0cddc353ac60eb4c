//! Intents that this machine has kept of a batch in Postgres, which name jobs that may be paid for.

use std::fs::File;
use std::io::{BufRead, BufReader};

use runcomfy_batch::{JobId, Plan};
use serde_json::Value;

use crate::advice::NOTHING_SUBMITTED;
use crate::batch::work_options::WorkOptions;
use crate::batch::worker_folder;
use crate::counted::jobs;
use crate::failure::Failure;
use crate::stop::take_turn;

/// Refuses jobs of the file that this machine has submitted for a batch that the server has no longer, since it is
/// another server or database, or the batch was dropped.
///
/// # Errors
/// If there are some.
pub(super) async fn refuse(options: &WorkOptions, plan: &Plan) -> Result<(), Failure> {
    if options.location.as_file().is_some() {
        return Ok(());
    }
    let path = worker_folder::intents_in(&options.worker_dir);
    let Ok(file) = File::open(&path) else {
        return Ok(());
    };
    let (mut count, mut example) = (0, None);
    for (index, line) in (0..).zip(BufReader::new(file).split(b'\n')) {
        take_turn(index).await;
        let line = line.map_err(|error| {
            Failure::unreadable(format!("could not read {}: {error}", path.display()))
                .with_advice(NOTHING_SUBMITTED)
        })?;
        // One may not be written whole.
        let intent: Option<Value> = serde_json::from_slice(&line).ok();
        let id: Option<JobId> = intent.and_then(|intent| intent["id"].as_str()?.parse().ok());
        if let Some(id) = id.filter(|id| plan.submits(id)) {
            count += 1;
            example.get_or_insert(id);
        }
    }
    let Some(example) = example else {
        return Ok(());
    };
    let message = format!(
        "there is no batch at {}, and {} names {} of this file that a batch has submitted from this machine, such as `{example}`: they are or may be paid",
        options.location,
        path.display(),
        jobs(count)
    );
    Err(Failure::input(message).with_advice(format!(
        "{NOTHING_SUBMITTED} A new batch would pay for them again. Check the URL, or restore the schema on the server. To pay for all jobs again, name another folder with --worker-dir DIR."
    )))
}
