//! Estimates below what jobs will probably cost.

use std::collections::{BTreeMap, HashMap};

use runcomfy_batch::{Money, Row};
use serde_json::{Value, json};

use crate::counted::jobs;

/// The highest costs that the service has reported to a batch, by model. The store reserves as much for each
/// further job.
#[derive(Default)]
pub(super) struct HighestCosts(HashMap<String, Money>);

impl HighestCosts {
    /// Adds a job of the store.
    pub(super) fn add(&mut self, row: &Row) {
        let attempt = row.attempt.as_ref();
        let reported = attempt.filter(|attempt| !attempt.cost_is_estimate);
        let Some(cost) = reported.and_then(|attempt| attempt.cost) else {
            return;
        };
        match self.0.get_mut(&row.model) {
            Some(highest) => *highest = cost.max(*highest),
            None => {
                self.0.insert(row.model.clone(), cost);
            }
        }
    }

    fn of_model(&self, model: &str) -> Money {
        self.0.get(model).copied().unwrap_or_default()
    }
}

/// The cost of the jobs of a line.
pub(super) struct LineCost {
    pub(super) model: String,
    pub(super) jobs: u64,
    /// Of each job.
    pub(super) estimate: Money,
    /// By the catalogue, where the estimate is another one.
    pub(super) listed: Option<Money>,
}

/// The models whose jobs will probably cost more than is estimated.
#[derive(Default)]
pub(super) struct Shortfalls(BTreeMap<String, Shortfall>);

/// Jobs of a model that will probably cost more than is estimated.
#[derive(Default)]
struct Shortfall {
    jobs: u64,
    estimate: Money,
    probable: Money,
    /// Part of what is probable that no job reserves.
    unreserved: Money,
    is_listed: bool,
    highest: Money,
}

impl Shortfalls {
    /// Adds the jobs of a line that are to be submitted.
    pub(super) fn add(&mut self, line: &LineCost, costs: &HighestCosts) {
        let (highest, listed) = (costs.of_model(&line.model), line.listed.unwrap_or_default());
        let reserved = line.estimate.max(highest);
        let probable = reserved.max(listed);
        if probable == line.estimate {
            return;
        }
        let shortfall = self.0.entry(line.model.clone()).or_default();
        shortfall.jobs += line.jobs;
        shortfall.highest = highest;
        shortfall.is_listed |= listed > reserved;
        let times = |sum: Money| Money::from_micros(sum.micros().saturating_mul(line.jobs));
        shortfall.estimate += times(line.estimate);
        shortfall.probable += times(probable);
        shortfall.unreserved += times(probable.minus(reserved));
    }

    /// Returns the sum by which the jobs will probably cost more than is estimated.
    pub(super) fn total(&self) -> Money {
        let shortfalls = self.0.values();
        shortfalls.map(|it| it.probable.minus(it.estimate)).sum()
    }

    /// Returns the part of it that no job reserves, until one has ended: a budget is exceeded by at most that.
    pub(super) fn unreserved(&self) -> Money {
        self.0.values().map(|it| it.unreserved).sum()
    }

    /// Returns a sentence for each model.
    pub(super) fn sentences(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(model, it)| {
            let (jobs, probable) = (jobs(it.jobs), it.probable);
            let begin = format!("the estimate for {jobs} of `{model}` is {}", it.estimate);
            if it.is_listed {
                format!("{begin}, below the catalogue's price, which makes about {probable}")
            } else {
                let highest = it.highest;
                format!(
                    "{begin}, and one has cost {highest} in this batch, which is reserved for each: all may cost {probable}"
                )
            }
        })
    }

    /// Returns the sums of each model.
    pub(super) fn to_json(&self) -> Value {
        let shortfalls = self.0.iter().map(|(model, it)| {
            json!({
                "model": model,
                "jobs": it.jobs,
                "estimate": it.estimate,
                "probable": it.probable,
            })
        });
        shortfalls.collect()
    }
}
