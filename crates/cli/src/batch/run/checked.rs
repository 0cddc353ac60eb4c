//! A file of jobs that was checked as a whole.

use runcomfy_batch::{Plan, Store};

use super::file_run::FileRun;
use super::outlook::Outlook;
use super::validation::{self, Validated};
use super::{drift, planning};
use crate::batch::lost_store;
use crate::failure::Failure;
use crate::session::Session;

/// A checked file, and the session in which its jobs are submitted.
pub(super) struct Checked {
    pub(super) plan: Plan,
    pub(super) validated: Validated,
    pub(super) outlook: Outlook,
    pub(super) session: Session,
}

impl Checked {
    /// Checks all that is to be submitted.
    ///
    /// # Errors
    /// If nothing may be submitted, whoever agrees to it.
    pub(super) async fn check(
        run: &mut FileRun<'_>,
        store: Option<&dyn Store>,
    ) -> Result<Self, Failure> {
        let work = &run.options.work;
        run.models.fetch_prices(run.options).await?;
        if let Some(store) = store {
            drift::refuse(store, &run.models, run.options).await?;
        }
        let compared = planning::compare(run, store).await?;
        compared.warn_of_repeated();
        lost_store::refuse(work, &run.options.file, store, &compared.plan).await?;
        let (plan, mut validated) = validation::validate(run, compared).await?;
        validated.refuse_or_skip(&run.source, run.options)?;
        let session = work.connect(run.models.given()).await?;
        if let Err(unpriced) = validated.refuse_unpriced() {
            return Err(run.models.take_failure().unwrap_or(unpriced));
        }
        let shortfalls = std::mem::take(&mut validated.shortfalls);
        let outlook = Outlook::read(store, run.options, plan.planned(), shortfalls).await?;
        Ok(Self {
            plan,
            validated,
            outlook,
            session,
        })
    }
}
