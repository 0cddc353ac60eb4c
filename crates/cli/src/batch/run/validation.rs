//! The check of all lines before the first submit.

use std::collections::BTreeSet;
use std::sync::Arc;

use runcomfy::Violation;
use runcomfy::media::Prober;
use runcomfy::schema::Certainty;
use runcomfy_batch::{JobId, LineFault, Plan};
use serde_json::Value;
use tokio::task::JoinSet;

use super::candidate::{Candidate, Candidates};
use super::faults::Faults;
use super::file_run::FileRun;
use super::job_source::JobSource;
use super::options::Options;
use super::planning::Compared;
use super::shortfall::{HighestCosts, LineCost, Shortfalls};
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
    faults: Faults,
    warnings: Faults,
    /// Reasons for which the cost of jobs is unknown.
    unpriced: BTreeSet<String>,
    costs: HighestCosts,
    pub(super) shortfalls: Shortfalls,
}

/// Result of the check of a line.
struct Checked {
    ids: Vec<JobId>,
    cost: Option<LineCost>,
    faults: Vec<LineFault>,
    warnings: Vec<LineFault>,
}

/// Checks the lines that are to be submitted, and returns a plan without the invalid ones.
///
/// # Errors
/// If the file cannot be read, or there is no HTTP client for the media.
pub(super) async fn validate(
    run: &FileRun<'_>,
    compared: Compared,
) -> Result<(Plan, Validated), Failure> {
    let notice = || {
        if !run.options.work.quiet {
            show::note("checking the jobs, and the media behind their URLs");
        }
    };
    let Compared {
        mut plan,
        faults,
        costs,
        ..
    } = compared;
    let mut validated = Validated {
        faults,
        costs,
        ..Validated::default()
    };
    with_notice(check_all(run, &mut plan, &mut validated), notice).await?;
    Ok((plan, validated))
}

async fn check_all(
    run: &FileRun<'_>,
    plan: &mut Plan,
    validated: &mut Validated,
) -> Result<(), Failure> {
    let prober = if run.options.check_media {
        Some(Arc::new(input::prober(run.options.allow_loopback)?))
    } else {
        None
    };
    let mut checks = JoinSet::new();
    let mut candidates = Candidates::open(run)?;
    while let Some(candidate) = candidates.next().await? {
        let Ok(candidate) = candidate else { continue };
        let submitted = candidate.ids.iter().filter(|id| plan.submits(id)).count() as u64;
        if submitted == 0 {
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
            let checked = check(candidate, submitted, None).await;
            validated.add(checked, plan);
            continue;
        }
        if checks.len() >= MAX_CHECKS
            && let Some(checked) = checks.join_next().await
        {
            validated.add_joined(checked, plan)?;
        }
        checks.spawn(check(candidate, submitted, prober.clone()));
    }
    while let Some(checked) = checks.join_next().await {
        validated.add_joined(checked, plan)?;
    }
    Ok(())
}

/// Checks a line of which this number of jobs is to be submitted.
async fn check(candidate: Candidate, submitted: u64, prober: Option<Arc<Prober>>) -> Checked {
    let Candidate {
        line,
        model,
        model_id,
        mut input,
        ids,
        estimate,
        listed,
        ..
    } = candidate;
    let cost = estimate.ok().map(|estimate| LineCost {
        model: model_id,
        jobs: submitted,
        estimate,
        listed,
    });
    let mut checked = Checked {
        ids,
        cost,
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
        } else if let Some(cost) = &checked.cost {
            self.shortfalls.add(cost, &self.costs);
        }
        self.faults.add(checked.faults);
        self.warnings.add(checked.warnings);
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
        &self,
        source: &JobSource,
        options: &Options,
    ) -> Result<(), Failure> {
        let name = source.name();
        warn_of(&self.warnings, name);
        let lines = match self.faults.lines() {
            0 => return Ok(()),
            1 => "1 line".to_owned(),
            count => format!("{count} lines"),
        };
        if options.skip_invalid {
            warn_of(&self.faults, name);
            show::warn(&format!("{lines} of `{name}` left out"));
            return Ok(());
        }
        let found = match self.faults.total() {
            1 => "1 fault".to_owned(),
            count => format!("{count} faults"),
        };
        let entries = self.faults.entries(name);
        let listed = match self.faults.unlisted() {
            0 => String::new(),
            _ => format!("; {} that differ are listed", entries.len()),
        };
        Err(
            Failure::input(format!("found {found} in {lines} of `{name}`{listed}"))
                .with_faults(entries)
                .with_advice(format!(
                    "{NOTHING_SUBMITTED} Fix the file, or leave these lines out with --skip-invalid, and run the command again."
                )),
        )
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

    /// Returns the warnings.
    pub(super) fn warnings(&self) -> &Faults {
        &self.warnings
    }

    /// Returns the number of lines that are left out with `--skip-invalid`.
    pub(super) fn lines_left_out(&self) -> u64 {
        self.faults.lines()
    }
}

/// Shows faults as warnings, as many as a person reads.
fn warn_of(faults: &Faults, name: &str) {
    let entries = faults.entries(name);
    for (text, _) in entries.iter().take(MAX_SHOWN) {
        show::warn(text);
    }
    let unshown = entries.len().saturating_sub(MAX_SHOWN) as u64 + faults.unlisted();
    if unshown > 0 {
        show::warn(&format!("{unshown} more warnings that differ"));
    }
}
