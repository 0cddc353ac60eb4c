//! The agreement of a person to the cost.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use runcomfy_batch::{Edited, Money, Planned, State};

use super::file_run::FileRun;
use super::outlook::Outlook;
use super::validation::Validated;
use crate::advice::NOTHING_SUBMITTED;
use crate::confirm::is_yes;
use crate::counted::jobs;
use crate::failure::Failure;
use crate::format::is_used_by_a_person;
use crate::show;

/// Maximum number of edited lines that are named.
const MAX_EDITED: usize = 20;

/// Shows what the run will submit and its estimated cost, and asks for agreement in a terminal.
///
/// # Errors
/// If the outlook is refused, the answer is not yes, or nobody can be asked and `--yes` is not set.
pub(super) async fn confirm(
    run: &FileRun<'_>,
    outlook: &Outlook,
    validated: &Validated,
) -> Result<(), Failure> {
    let (options, planned) = (&run.options, &outlook.planned);
    refuse_or_warn(run, outlook)?;
    let count = planned.to_submit();
    if count == 0 {
        return Ok(());
    }
    let cost = cost(options.work.emulate, planned.estimate);
    show::note(&summary(planned, &cost));
    if options.work.emulate || options.yes {
        return Ok(());
    }
    if !is_used_by_a_person() {
        let failure = Failure::usage(format!(
            "{} would be submitted, {cost}, and nobody has agreed to the cost",
            jobs(count)
        ));
        return Err(failure.with_advice(format!(
            "{NOTHING_SUBMITTED} --yes submits them; --budget USD limits what is spent."
        )));
    }
    let warned = match validated.warnings().total() {
        0 => "",
        _ => "The service may refuse some of them, or charge in vain. ",
    };
    if is_yes(&format!("{warned}Submit {}, {cost}?", jobs(count))).await {
        return Ok(());
    }
    let failure =
        Failure::input("the jobs were not submitted, since nobody has agreed to the cost");
    Err(failure.with_advice(NOTHING_SUBMITTED))
}

/// Shows what a person must know before any agreement.
///
/// # Errors
/// If the file has no jobs, or a line of a job that is to be submitted again was edited.
pub(super) fn refuse_or_warn(run: &FileRun<'_>, outlook: &Outlook) -> Result<(), Failure> {
    let planned = &outlook.planned;
    if planned.to_submit() + planned.known + planned.absent == 0 && planned.edited.is_empty() {
        let message = format!("`{}` has no jobs", run.source.name());
        return Err(Failure::input(message).with_advice(NOTHING_SUBMITTED));
    }
    show_changes(planned);
    let earlier_input = |edited: &&Edited| edited.state == State::Ready;
    if let Some(Edited { line, id, .. }) = planned.edited.iter().find(earlier_input) {
        let failure = Failure::input(format!(
            "line {line} was edited, and its job `{id}` is to be submitted again with the input that it had before"
        ));
        return Err(failure.with_advice(format!(
            "{NOTHING_SUBMITTED} Undo the edit to have that input submitted again; for the new one give the line another id, and cancel `{id}` with `runcomfy batch cancel --job`."
        )));
    }
    outlook.warn_of_cost(run.options.work.format);
    Ok(())
}

pub(super) fn cost(is_emulated: bool, estimate: Money) -> String {
    if is_emulated {
        "on the emulator, which charges nothing".to_owned()
    } else {
        format!("for about {estimate}")
    }
}

/// Says how many jobs are to be submitted, and of which kinds.
pub(super) fn summary(planned: &Planned, cost: &str) -> String {
    let mut text = format!("{} to submit, {cost}", jobs(planned.to_submit()));
    let parts = [
        (planned.new, "new"),
        (planned.replaced, "edited before their submit"),
        (planned.ready, "left from before"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    // Writing to a string does not fail.
    let _ = write!(text, ": {}", parts.join(", "));
    if planned.known > 0 {
        let _ = write!(text, "; {} submitted before", planned.known);
    }
    text
}

/// Says which jobs are not those of the file any more, since a person may take a new job for an old one.
fn show_changes(planned: &Planned) {
    let mut lines: BTreeMap<u64, Vec<&Edited>> = BTreeMap::new();
    for edited in &planned.edited {
        lines.entry(edited.line).or_default().push(edited);
    }
    for (line, jobs) in lines.iter().take(MAX_EDITED) {
        show::warn(&edited_line(*line, jobs));
    }
    let more = lines.len().saturating_sub(MAX_EDITED);
    if more > 0 {
        show::warn(&format!("{more} more lines were edited after their submit"));
    }
    let removed = planned.removed.len() as u64;
    if removed > 0 {
        show::warn(&format!(
            "{} of the store, not submitted, not in the file any more: withdrawn",
            jobs(removed)
        ));
    }
    if planned.absent > 0 && planned.new > 0 {
        show::warn(&format!(
            "{} of the store, submitted before, not in the file any more, and {} new: a line without `id` that was edited is a new job, and is paid as one",
            jobs(planned.absent),
            jobs(planned.new)
        ));
    }
}

/// Says what becomes of the jobs of a line that was edited after they were submitted.
fn edited_line(line: u64, jobs: &[&Edited]) -> String {
    let what = match jobs {
        [job] => format!(
            "its job `{}` was submitted, which is {}; the job stays as it was submitted",
            job.id, job.state
        ),
        jobs => {
            let first = jobs.first();
            let first = first.map(|job| format!(", such as `{}`, which is {}", job.id, job.state));
            format!(
                "{} of its jobs were submitted{}; they stay as they were submitted",
                jobs.len(),
                first.unwrap_or_default()
            )
        }
    };
    format!("line {line} was edited after {what}. Give the line another id to run it too")
}
