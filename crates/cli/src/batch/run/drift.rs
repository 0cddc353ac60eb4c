//! Schemas that have changed between two runs.

use runcomfy_batch::Store;
use serde_json::Value;

use super::models::Models;
use super::options::Options;
use crate::advice::NOTHING_SUBMITTED;
use crate::difference;
use crate::failure::Failure;
use crate::show;

/// Compares the schemas of the models with those by which the last run has checked its jobs.
///
/// # Errors
/// If one has changed, unless `--accept-schema` is set.
pub(super) async fn refuse(
    store: &dyn Store,
    models: &Models,
    options: &Options,
) -> Result<(), Failure> {
    let before = store.schemas().await?;
    let mut changed = Vec::new();
    let mut lines: Vec<(String, Value)> = Vec::new();
    for (id, now) in models.schemas() {
        let before = before.iter().find(|(known, _)| *known == id);
        let Some((_, before)) = before.filter(|(_, before)| *before != now) else {
            continue;
        };
        for line in difference::lines(before, &now) {
            let line = format!("`{id}`: {line}");
            lines.push((line.clone(), line.into()));
        }
        changed.push(format!("`{id}`"));
    }
    if changed.is_empty() {
        return Ok(());
    }
    let names = changed.join(", ");
    let message = format!("the schema of {names} has changed since the last run of this batch");
    if options.accept_schema {
        show::warn(&message);
        for (line, _) in &lines {
            show::warn(line);
        }
        return Ok(());
    }
    Err(Failure::input(message).with_faults(lines).with_advice(format!(
        "{NOTHING_SUBMITTED} Jobs with a property that means something else now would cost money for other outputs. --accept-schema checks all jobs by the schema of today."
    )))
}
