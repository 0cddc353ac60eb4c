//! The check of all lines before the first submit.

use std::collections::BTreeSet;
use std::sync::Arc;

use runcomfy::Violation;
use runcomfy::media::Prober;
use runcomfy::schema::Certainty;
use runcomfy_batch::{JobId, LineFault, Plan};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::Run;
use super::candidate::{Candidate, Candidates};
use super::job_source::JobSource;
use super::options::Options;
use crate::advice::NOTHING_SUBMITTED;
use crate::failure::Failure;
use crate::flag_violation::FlagViolation;
use crate::notice::with_notice;
use crate::{input, local_file, show};

/// Maximum number of lines whose media are checked at the same time.
const MAX_CHECKS: usize = 16;
/// Maximum number of faults and warnings that a person reads.
const MAX_SHOWN: usize = 50;

/// Result of the check of all lines.
#[derive(Default)]
pub(super) struct Validated {
    faults: Vec<LineFault>,
    warnings: Vec<LineFault>,
    /// Reasons for which the cost of jobs is unknown.
    unpriced: BTreeSet<String>,
}

/// Result of the check of a line.
struct Checked {
    ids: Vec<JobId>,
    faults: Vec<LineFault>,
    warnings: Vec<LineFault>,
}

/// Checks the lines that are to be submitted, and takes invalid ones out of the plan. `faults` are those
/// that are known.
///
/// # Errors
/// If the file cannot be read, or there is no HTTP client for the media.
pub(super) async fn validate(
    run: &Run<'_>,
    plan: &mut Plan,
    faults: Vec<LineFault>,
) -> Result<Validated, Failure> {
    let notice = || {
        if !run.options.work.quiet {
            show::note("checking the jobs, and the media behind their URLs");
        }
    };
    let mut validated = with_notice(check_all(run, plan), notice).await?;
    validated.faults.extend(faults);
    validated
        .faults
        .sort_by_key(|fault| (fault.line, fault.column));
    validated
        .warnings
        .sort_by_key(|fault| (fault.line, fault.column));
    Ok(validated)
}

async fn check_all(run: &Run<'_>, plan: &mut Plan) -> Result<Validated, Failure> {
    let prober = if run.options.check_media {
        Some(Arc::new(input::prober(run.options.allow_loopback)?))
    } else {
        None
    };
    let mut validated = Validated::default();
    let mut checks = JoinSet::new();
    let mut candidates = Candidates::open(run)?;
    while let Some(candidate) = candidates.next().await? {
        let Ok(candidate) = candidate else { continue };
        if !candidate.ids.iter().any(|id| plan.submits(id)) {
            continue;
        }
        if let Err(why) = &candidate.estimate {
            let model = &candidate.model_id;
            validated.unpriced.insert(format!("`{model}`: {why}"));
        }
        if candidate
            .model
            .schema
            .input
            .media_in(&candidate.input)
            .is_empty()
        {
            let checked = check(candidate, None).await;
            validated.add(checked, plan);
            continue;
        }
        if checks.len() >= MAX_CHECKS
            && let Some(checked) = checks.join_next().await
        {
            validated.add_joined(checked, plan)?;
        }
        checks.spawn(check(candidate, prober.clone()));
    }
    while let Some(checked) = checks.join_next().await {
        validated.add_joined(checked, plan)?;
    }
    Ok(validated)
}

async fn check(candidate: Candidate, prober: Option<Arc<Prober>>) -> Checked {
    let Candidate {
        line,
        model,
        mut input,
        ids,
        ..
    } = candidate;
    let mut checked = Checked {
        ids,
        faults: Vec::new(),
        warnings: Vec::new(),
    };
    if let Some(warning) = input::empty_prompt(&input) {
        checked.warnings.push(line.fault_at("/prompt", warning));
    }
    let files = local_file::attach(&model.schema, &mut input).await;
    let violations = input::violations(&model.schema, &input, files, prober.as_deref()).await;
    for violation in violations {
        let is_certain = violation.certainty == Certainty::Certain;
        let fault = line.fault_at(&violation.pointer.clone(), to_text(violation));
        if is_certain {
            checked.faults.push(fault);
        } else {
            checked.warnings.push(fault);
        }
    }
    checked
}

/// Returns a violation in words, which begin with the property.
fn to_text(violation: Violation) -> String {
    let name = violation.pointer.split('/').nth(1);
    let flag = name.map(|name| name.replace("~1", "/").replace("~0", "~"));
    FlagViolation { flag, violation }.to_text()
}

impl Validated {
    fn add(&mut self, checked: Checked, plan: &mut Plan) {
        if !checked.faults.is_empty() {
            checked.ids.iter().for_each(|id| plan.skip(id));
        }
        self.faults.extend(checked.faults);
        self.warnings.extend(checked.warnings);
    }

    fn add_joined(
        &mut self,
        checked: Result<Checked, tokio::task::JoinError>,
        plan: &mut Plan,
    ) -> Result<(), Failure> {
        let checked = checked.map_err(|error| {
            Failure::internal(format!("the check of a line has ended early: {error}"))
        })?;
        self.add(checked, plan);
        Ok(())
    }

    /// Shows warnings and, with `--skip-invalid`, the lines that are left out.
    ///
    /// # Errors
    /// If a line is invalid, unless `--skip-invalid` is set.
    pub(super) fn refuse_or_skip(
        &mut self,
        source: &JobSource,
        options: &Options,
    ) -> Result<(), Failure> {
        let place = |fault: &LineFault| format!("{}:{fault}", source.name());
        for warning in self.warnings.iter().take(MAX_SHOWN) {
            show::warn(&place(warning));
        }
        let more = self.warnings.len().saturating_sub(MAX_SHOWN);
        if more > 0 {
            show::warn(&format!("{more} more lines have warnings"));
        }
        let lines: BTreeSet<u64> = self.faults.iter().map(|fault| fault.line).collect();
        if lines.is_empty() {
            return Ok(());
        }
        let lines = match lines.len() {
            1 => "1 line".to_owned(),
            count => format!("{count} lines"),
        };
        if options.skip_invalid {
            for fault in self.faults.iter().take(MAX_SHOWN) {
                show::warn(&place(fault));
            }
            show::warn(&format!("{lines} of `{}` left out", source.name()));
            return Ok(());
        }
        let faults = self.faults.iter();
        let faults: Vec<(String, Value)> =
            faults.map(|fault| (place(fault), json!(fault))).collect();
        let message = format!(
            "found {} faults in {lines} of `{}`",
            faults.len(),
            source.name()
        );
        Err(Failure::input(message.replace("found 1 faults", "found 1 fault"))
            .with_faults(faults)
            .with_advice(format!(
                "{NOTHING_SUBMITTED} Fix the file, or leave these lines out with --skip-invalid, and run the command again."
            )))
    }

    /// Refuses jobs whose cost is unknown.
    ///
    /// # Errors
    /// If there are some.
    pub(super) fn refuse_unpriced(&self) -> Result<(), Failure> {
        let Some(first) = self.unpriced.first() else {
            return Ok(());
        };
        let failure = Failure::max_cost(format!("the cost of jobs is unknown: {first}"));
        let others = self.unpriced.iter().skip(1);
        let others: Vec<(String, Value)> = others
            .map(|why| (why.clone(), why.as_str().into()))
            .collect();
        Err(failure.with_faults(others).with_advice(format!(
            "{NOTHING_SUBMITTED} Set the estimated cost of a job with --price-per-job USD."
        )))
    }

    /// Returns the number of warnings.
    pub(super) fn warnings(&self) -> usize {
        self.warnings.len()
    }
}
