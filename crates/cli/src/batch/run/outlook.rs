//! The outlook of a run: its plan, and the money that it may cost.

use runcomfy_batch::{Counts, Limits, Money, Planned, Store};

use super::options::Options;
use super::shortfall::Shortfalls;
use crate::failure::Failure;
use crate::format::Format;
use crate::show;

/// The plan of a run, its limits, and the state of the batch before it.
pub(super) struct Outlook {
    pub(super) planned: Planned,
    pub(super) limits: Limits,
    /// Counts of the store as it is; all are zero where there is none.
    pub(super) counts: Counts,
    pub(super) shortfalls: Shortfalls,
}

impl Outlook {
    /// Reads limits and counts of the store.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) async fn read(
        store: Option<&dyn Store>,
        options: &Options,
        planned: Planned,
        shortfalls: Shortfalls,
    ) -> Result<Self, Failure> {
        let (before, counts) = match store {
            Some(store) => (store.limits().await?, store.counts().await?),
            None => (Limits::none(), Counts::default()),
        };
        Ok(Self {
            planned,
            limits: options.limits(before),
            counts,
            shortfalls,
        })
    }

    /// Returns what is left of the budget of this run; `None` without one.
    pub(super) fn left(&self) -> Option<Money> {
        Some(self.limits.budget?.minus(self.counts.money.committed()))
    }

    /// Returns the sum by which the budget can be exceeded, since estimates are too low.
    pub(super) fn possible_excess(&self) -> Option<Money> {
        let budget = self.limits.budget?;
        let probable = self.planned.estimate.plus(self.shortfalls.total());
        let above = self.counts.money.committed().plus(probable).minus(budget);
        Some(above.min(self.shortfalls.unreserved()))
    }

    /// Warns of estimates that are too low for what jobs will probably cost.
    pub(super) fn warn_of_cost(&self, format: Format) {
        // Beside a record there are no warnings, and this is about money.
        let warn = match format {
            Format::Record => show::note,
            _ => show::warn,
        };
        for sentence in self.shortfalls.sentences() {
            warn(&sentence);
        }
        let excess = self.possible_excess().unwrap_or_default();
        if let Some(budget) = self.limits.budget
            && excess > Money::ZERO
        {
            warn(&format!(
                "the budget of {budget} can be exceeded by up to {excess}, since it counts the estimates of jobs until one has ended"
            ));
        }
    }
}
