//! A run that submits nothing: `batch run --dry-run`.

use runcomfy_batch::{Edited, Money, Store};
use serde_json::{Value, json};

use super::checked::Checked;
use super::confirmation;
use super::file_run::FileRun;
use super::options::Options;
use super::outlook::Outlook;
use super::validation::Validated;
use crate::advice::NOTHING_SUBMITTED;
use crate::batch::service;
use crate::counted::jobs;
use crate::failure::Failure;

/// Maximum number of edited lines and of removed jobs that programs read by name.
const MAX_NAMED: usize = 1000;

/// Checks what a run would check, and prints what it would do. Nothing is submitted, and no store is created or
/// changed.
///
/// # Errors
/// If a run would be refused.
pub(super) async fn run(
    options: &Options,
    run: Result<FileRun<'_>, Failure>,
) -> Result<(), Failure> {
    let mut run = run?;
    let store = options.work.location.open_if_exists().await?;
    if let Some(store) = &store {
        service::refuse_other(&options.work, &**store).await?;
        refuse_busy(&**store, options).await?;
    }
    refuse_folder(options)?;
    let checked = Box::pin(Checked::check(&mut run, store.as_deref())).await?;
    let Checked {
        outlook, validated, ..
    } = checked;
    confirmation::refuse_or_warn(&run, &outlook)?;
    let plan = DryRun {
        run: &run,
        outlook: &outlook,
        validated: &validated,
        has_store: store.is_some(),
    };
    let format = options.work.format;
    format.print(&plan.to_json(), || plan.to_text());
    Ok(())
}

/// Refuses a file on which another process works, as a run does.
async fn refuse_busy(store: &dyn Store, options: &Options) -> Result<(), Failure> {
    if options.work.location.as_file().is_none() {
        return Ok(());
    }
    let processes = store.processes().await?;
    match processes.iter().find(|process| process.is_living) {
        Some(process) => Err(Failure::unavailable(format!(
            "{} works on this batch; nothing was changed. Wait for its end, or stop it",
            process.name
        ))),
        None => Ok(()),
    }
}

/// Refuses something in place of the folder of the files.
fn refuse_folder(options: &Options) -> Result<(), Failure> {
    let out = &options.work.out;
    if !out.exists() || out.is_dir() {
        return Ok(());
    }
    let failure = Failure::unreadable(format!(
        "`{}` is no folder, so that no paid file could be saved",
        out.display()
    ));
    Err(failure.with_advice(format!(
        "{NOTHING_SUBMITTED} Choose another folder with --out."
    )))
}

/// A run as it would be.
struct DryRun<'a> {
    run: &'a FileRun<'a>,
    outlook: &'a Outlook,
    validated: &'a Validated,
    has_store: bool,
}

impl DryRun<'_> {
    fn to_text(&self) -> String {
        let (planned, options) = (&self.outlook.planned, self.run.options);
        let work = &options.work;
        let cost = confirmation::cost(work.emulate, planned.estimate);
        let mut lines = vec![
            "dry run: nothing was submitted, and no store was created or changed".to_owned(),
            match (planned.to_submit(), planned.known) {
                (0, 0) => "no job to submit".to_owned(),
                (0, known) => format!("no job to submit; {known} submitted before"),
                _ => confirmation::summary(planned, &cost),
            },
        ];
        let left_out = self.validated.lines_left_out();
        let parts = [
            (
                planned.edited.len() as u64,
                "whose lines were edited after the submit, not submitted again",
            ),
            (
                planned.removed.len() as u64,
                "withdrawn, since the file has them no longer",
            ),
            (
                planned.absent,
                "submitted before and not in the file any more",
            ),
        ];
        let parts = parts.into_iter().filter(|(count, _)| *count > 0);
        lines.extend(parts.map(|(count, what)| format!("{} {what}", jobs(count))));
        if left_out > 0 {
            lines.push(format!("invalid lines that are left out: {left_out}"));
        }
        let counts = &self.outlook.counts;
        let paid = counts.submitted + counts.intent;
        if paid > 0 {
            lines.push(format!(
                "{} submitted before, waited for and saved",
                jobs(paid)
            ));
        }
        if counts.doubts > 0 {
            lines.push(format!(
                "in doubt: {}; with them the run ends with exit code 69",
                counts.doubts
            ));
        }
        lines.push(String::new());
        let mut store = work.location.to_string();
        if !self.has_store {
            store += ", which the run creates";
        }
        let rate = self.outlook.limits.rate.map(|rate| rate.to_string());
        let facts = [
            ("budget", self.budget()),
            ("rate", rate.unwrap_or_else(|| "none".to_owned())),
            ("store", store),
            ("files", work.out.display().to_string()),
        ];
        lines.extend(facts.map(|(name, fact)| format!("{name:<8}{fact}")));
        lines.join("\n")
    }

    fn budget(&self) -> String {
        let (Some(budget), Some(left)) = (self.outlook.limits.budget, self.outlook.left()) else {
            return "none".to_owned();
        };
        let text = format!("{budget}, of which {left} is left");
        let missing = self.outlook.planned.estimate.minus(left);
        if missing == Money::ZERO {
            return text;
        }
        format!("{text}: the run needs {missing} more, and ends with exit code 3")
    }

    fn to_json(&self) -> Value {
        let (outlook, work) = (self.outlook, &self.run.options.work);
        let planned = &outlook.planned;
        let edited = planned.edited.iter().take(MAX_NAMED);
        let removed: Vec<_> = planned.removed.iter().take(MAX_NAMED).collect();
        json!({
            "dry_run": true,
            "store": work.location.to_string(),
            "store_exists": self.has_store,
            "files": work.out.display().to_string(),
            "to_submit": planned.to_submit(),
            "new": planned.new,
            "replaced": planned.replaced,
            "ready": planned.ready,
            "known": planned.known,
            "edited": planned.edited.len(),
            "edited_lines": edited.map(edited_json).collect::<Vec<_>>(),
            "removed": planned.removed.len(),
            "removed_jobs": removed,
            "absent": planned.absent,
            "invalid_lines": self.validated.lines_left_out(),
            "warnings": self.validated.warnings().total(),
            "submitted_before": outlook.counts.submitted + outlook.counts.intent,
            "doubts": outlook.counts.doubts,
            "money": {
                "estimate": planned.estimate,
                "budget": outlook.limits.budget,
                "left": outlook.left(),
                "possible_excess": outlook.possible_excess(),
                "underestimated": outlook.shortfalls.to_json(),
            },
            "rate": outlook.limits.rate.map(|rate| rate.to_string()),
            "error": null,
        })
    }
}

fn edited_json(edited: &Edited) -> Value {
    json!({ "line": edited.line, "id": edited.id, "state": edited.state })
}
