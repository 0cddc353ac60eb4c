//! The tool `submit`.

use std::time::Duration;

use rmcp::model::CallToolResponse;
use runcomfy_batch::{JobId, Money, NewJob, Row, State, StoreErrorKind};
use tokio::time::Instant;

use super::{Call, answered};
use crate::answer;
use crate::confirmation::{Confirmed, Offer, confirm};
use crate::duplicate::Duplicates;
use crate::engine::Hindrance;
use crate::refusal::{NOTHING_SUBMITTED, Refusal};
use crate::{difference, funds};

/// Time within which a submit is answered.
const ANSWER_WITHIN: Duration = Duration::from_secs(9);
/// Call that follows on a budget that is used up.
pub(super) const RAISE_BUDGET: &str = "Tell the user, who can raise the budget: `runcomfy mcp --budget USD` with a larger sum, which counts all that the store has ever spent.";
/// Number of jobs that are read at once.
const ROWS: usize = 500;
/// Maximum time for media behind URLs.
const MEDIA_TIMEOUT: Duration = Duration::from_secs(3);

impl Call<'_> {
    pub(super) async fn submit(&self) -> Result<CallToolResponse, Refusal> {
        let mut deadline = Instant::now() + ANSWER_WITHIN;
        let key = self.arguments.key("key")?;
        let input = self.arguments.input()?;
        let model_id = self.model_id()?;
        let job = NewJob::new(key.clone(), model_id, input.clone(), Money::ZERO);
        // Before anything that may fail: a repeated call asks for the job that was paid.
        if let Some(row) = self.same_job(&job).await? {
            let row = self.until(&row.id, deadline, has_outcome).await?;
            return Ok(answered(answer::job(self.shared, &row)));
        }
        let open = self.open_jobs().await?;
        self.refuse_doubtful(&job, &open)?;
        let mut duplicates = Duplicates::default();
        duplicates.add(&job, &open, self.shared.engine.notes());
        let model = self.shared.models.find(model_id).await;
        let model = model.map_err(Refusal::before_submit)?;
        let checked = self.check(&model, &input, MEDIA_TIMEOUT).await?;
        let cost = model.estimate(&input).map_err(Refusal::before_submit)?;
        self.admit(cost).await?;
        let begun = Instant::now();
        let what = format!("One job of `{model_id}`");
        match self.confirm(cost, &what, &duplicates).await? {
            Confirmed::Yes => deadline += begun.elapsed(),
            Confirmed::Ask(question) => return Ok(question.into()),
        }
        let job = NewJob::new(key.clone(), model_id, input, cost);
        let since = self.shared.engine.notes().events();
        let duplicates = self.import(vec![job], cost).await?;
        let row = self.outcome(&key, since, deadline).await?;
        let mut answer = answer::job(self.shared, &row);
        if let Some(note) = duplicates.note_after() {
            answer.insert("note".to_owned(), note.into());
        }
        if !checked.warnings.is_empty() {
            answer.insert("warnings".to_owned(), checked.warnings.into());
        }
        Ok(answered(answer))
    }

    /// Returns the job of the store with this key, unless it was withdrawn before anything was sent.
    ///
    /// # Errors
    /// If it has another model or input.
    pub(super) async fn same_job(&self, job: &NewJob) -> Result<Option<Row>, Refusal> {
        let Some(row) = self.shared.store.find(job.id().clone()).await? else {
            return Ok(None);
        };
        let differences = difference::between(&row, job);
        if !differences.is_empty() {
            return Err(Refusal::new(
                format!("the key {:?} stands for another job, which is {}", row.id.as_str(), row.state),
                "Call it with the model and input of that job to get it, or with another key to pay for a new job.",
            )
            .before_submit()
            .with("differences", differences));
        }
        Ok(Some(row).filter(|row| !row.is_withdrawn()))
    }

    /// Returns the jobs of the store that have not ended.
    pub(super) async fn open_jobs(&self) -> Result<Vec<Row>, Refusal> {
        let mut open = Vec::new();
        // In the order in which a job has them, so that one that moves on meanwhile is seen.
        for state in [
            State::Ready,
            State::Intent,
            State::Submitted,
            State::InDoubt,
        ] {
            let mut after = 0;
            loop {
                let rows = self.shared.store.rows(Some(state), after, ROWS).await?;
                let Some(last) = rows.last() else { break };
                after = last.n;
                open.extend(rows);
            }
        }
        Ok(open)
    }

    /// Refuses a new job with the model and input of a job that is in doubt: it would be paid twice.
    pub(super) fn refuse_doubtful(&self, job: &NewJob, open: &[Row]) -> Result<(), Refusal> {
        let mut doubts = open.iter().filter(|row| row.state == State::InDoubt);
        let Some(doubt) = doubts.find(|row| difference::is_same(row, job)) else {
            return Ok(());
        };
        let key = doubt.id.as_str();
        let decide = answer::decide(self.shared, doubt);
        Err(Refusal::new(
            format!("the job {key:?} has the same model and input, and is in doubt: the service may have it, and may charge for it, so that another one may be a second payment"),
            format!("Do not submit it, neither with this key nor with another. {decide} Then `wait` with the key {key:?} has its end. If two such jobs are wanted, the second one can be submitted after that decision; a job with another input can be submitted now."),
        )
        .before_submit()
        .with("in_doubt", key))
    }

    /// Checks that this process may submit, and that the budget has room.
    ///
    /// # Errors
    /// If another process holds the store, or a job of this cost would exceed the budget.
    pub(super) async fn admit(&self, cost: Money) -> Result<(), Refusal> {
        self.shared.engine.hold().await.map_err(|error| {
            let is_busy = error.kind() == StoreErrorKind::Busy;
            let refusal = Refusal::from(error).before_submit();
            if is_busy {
                refusal.with("held_by_another_process", true)
            } else {
                refusal
            }
        })?;
        let funds = self.shared.store.funds().await?;
        match funds.left() {
            Some(left) if cost > left => Err(over_budget(format!(
                "it would cost {cost}, and the budget has {left} left"
            ))
            .with("money_of_the_store", funds::to_json(&funds))),
            _ => Ok(()),
        }
    }

    pub(super) async fn confirm(
        &self,
        cost: Money,
        what: &str,
        duplicates: &Duplicates,
    ) -> Result<Confirmed, Refusal> {
        let confirmed = self.arguments.money("confirmed_cost")?;
        let asks = self.shared.settings.asks;
        let offer = Offer {
            cost,
            what,
            fact: duplicates.fact(),
            arguments: &self.arguments,
        };
        let confirmed = confirm(&offer, confirmed, asks, self.params, self.context).await;
        confirmed.map_err(|refusal| {
            let refusal = refusal.before_submit();
            match duplicates.note() {
                Some(note) => refusal.with("note", note),
                None => refusal,
            }
        })
    }

    /// Imports jobs, unless the budget has no room for them any more, and has them submitted. Returns those whose
    /// model and input a job in flight has.
    pub(super) async fn import(
        &self,
        jobs: Vec<NewJob>,
        cost: Money,
    ) -> Result<Duplicates, Refusal> {
        let _admission = self.shared.admission.lock().await;
        // Another call may have had the same key, or the budget, and a submit may be in doubt, since the first look.
        let mut new = Vec::new();
        let mut duplicates = Duplicates::default();
        let open = self.open_jobs().await?;
        for job in jobs {
            if self.same_job(&job).await?.is_none() {
                self.refuse_doubtful(&job, &open)?;
                duplicates.add(&job, &open, self.shared.engine.notes());
                new.push(job);
            }
        }
        if new.is_empty() {
            return Ok(duplicates);
        }
        self.admit(cost).await?;
        self.shared.store.import(new).await?;
        self.shared.engine.wake().await;
        Ok(duplicates)
    }

    /// Waits for the outcome of a submit. A job that cannot be submitted now is withdrawn, so that nothing
    /// is paid behind the caller's back.
    async fn outcome(&self, key: &JobId, since: u64, deadline: Instant) -> Result<Row, Refusal> {
        let notes = self.shared.engine.notes();
        let is_enough = |row: &Row| has_outcome(row) || notes.hindrance(since).is_some();
        let row = self.until(key, deadline, is_enough).await?;
        let Some(hindrance) = notes.hindrance(since).filter(|_| !has_outcome(&row)) else {
            return Ok(row);
        };
        let row = self.withdrawn(key, deadline).await?;
        if !row.is_withdrawn() {
            return Ok(row);
        }
        Err(match hindrance {
            Hindrance::Account(reason) => Refusal::new(
                format!("the service refuses the account: {reason}"),
                "Tell the user, who can fix the token or the balance. Then call it again with the same key.",
            )
            .before_submit(),
            Hindrance::Budget(sum) => over_budget(format!(
                "jobs of this model have cost up to {sum}, which the budget has not left"
            )),
            Hindrance::Ended(reason) => Refusal::new(
                format!("this server submits nothing any more: {reason}"),
                "Tell the user.",
            )
            .before_submit(),
        })
    }

    /// Withdraws a job as soon as no submit of it is in flight. Returns the job, which has an outcome if its submit
    /// had one.
    async fn withdrawn(&self, key: &JobId, deadline: Instant) -> Result<Row, Refusal> {
        let is_still = |row: &Row| has_outcome(row) || row.state == State::Ready;
        loop {
            // Its intent may be given back only after the event that names the reason.
            self.shared.store.withdraw(vec![key.clone()]).await?;
            let row = self.until(key, deadline, is_still).await?;
            if has_outcome(&row) || Instant::now() >= deadline {
                return Ok(row);
            }
        }
    }
}

/// Returns `true` if the submit of a job has an outcome: it is accepted, refused or in doubt.
fn has_outcome(row: &Row) -> bool {
    !matches!(row.state, State::Ready | State::Intent)
}

fn over_budget(message: String) -> Refusal {
    Refusal::new(message, RAISE_BUDGET).with_money(NOTHING_SUBMITTED)
}
