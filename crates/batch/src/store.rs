//! The transitions of a batch.

pub(crate) mod error;

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use runcomfy::schema::Json;
use runcomfy::{RequestId, new_idempotency_key};

use crate::claim::{Beat, Claims};
use crate::counts::{Counts, Funds};
use crate::ending::{Cancelled, Ending, NotSent, Received};
use crate::event::Event;
use crate::incarnation::{Incarnation, IncarnationId, Process};
use crate::job_id::JobId;
use crate::job_key::JobKey;
use crate::limits::Limits;
use crate::new_job::{Imported, NewJob};
use crate::resolution::Resolution;
use crate::row::{Attempt, Attempts, Row};
use crate::state::State;
use error::StoreError;

#[cfg(doc)]
use crate::state::AttemptState;
#[cfg(doc)]
use error::StoreErrorKind;

/// The future of one durable commit, or of one read.
pub type Commit<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// The transitions of a batch; each is one durable commit.
///
/// A submit has no key that the service looks at, and the service lists no jobs. So the best that a
/// batch can do is to submit each job at most once and to name those whose outcome is unknown. A store
/// and the program that uses it keep five rules:
///
/// 1. **Intent ahead.** A [`claim`](Self::claim) is durable before it is answered, and nothing is sent
///    before its answer. A claim whose answer was lost is not ours: it is not sent.
/// 2. **Only the incarnation that claimed a job sends it,** once, with the key of the claim. An
///    incarnation is one start of a process, and its number a fencing token.
/// 3. **The intent of an incarnation that has ended is in doubt,** and a doubt never becomes ready by
///    itself. A process that wakes up late can still make only one job of its intent.
/// 4. **Ids are taken always,** also from an incarnation that has ended and for an attempt in doubt. Keep
///    them in memory, and repeat [`received`](Self::received) until it succeeds.
/// 5. **A living incarnation knows what it has not sent.** A [`beat`](Self::beat) gives back intents
///    whose claim it never heard of.
///
/// To keep the number of doubts within the number of submits in flight, claim no more than can be sent
/// at once.
///
/// Dropping a future before its end leaves open whether its transition is made. An error leaves it open
/// too. All transitions but the claim can be repeated: the second time changes nothing.
///
/// A sum is reserved at the claim, moves to "in doubt" and back with the attempt, is released where
/// there is no job, and is spent once, when the job is settled. A job is claimed only if what is spent,
/// reserved and in doubt stays within the budget.
///
/// The trait is sealed: the transitions may change with any version.
pub trait Store: sealed::Sealed + fmt::Debug + Send + Sync {
    /// Returns the id of the batch, with which its keys begin.
    fn id(&self) -> &str;

    /// Sets the limits, in place of all that were set before.
    fn set_limits(&self, limits: Limits) -> Commit<'_, ()>;

    /// Imports jobs: all of them or, where it fails, none. Jobs that the store has already are
    /// recognised by their ids. Import a large batch in parts of some thousand jobs.
    fn import(&self, jobs: Vec<NewJob>) -> Commit<'_, Imported>;

    /// Takes jobs back that were imported and are not submitted, since their file has them no longer: they
    /// are cancelled, and an import makes them ready again. Others are left as they are. Returns their
    /// number.
    fn withdraw(&self, jobs: Vec<JobId>) -> Commit<'_, u64>;

    /// Stores the schemas by which the inputs of models were checked, in place of earlier ones of these
    /// models.
    fn set_schemas(&self, schemas: Vec<(String, Json)>) -> Commit<'_, ()>;

    /// Registers this process as an incarnation. `process` names it in reports and messages, such as
    /// `process 4711`.
    ///
    /// SQLite has one living incarnation at a time: it lives until it is dropped or its process ends,
    /// and `lease` is ignored. Elsewhere it lives for the time `lease` after each beat.
    ///
    /// # Errors
    /// [`StoreErrorKind::Busy`]: another incarnation is living; the message names it.
    fn register<'a>(&'a self, process: &'a str, lease: Duration) -> Commit<'a, Incarnation>;

    /// Renews the lease, makes doubts of the intents of ended incarnations, adopts their submitted jobs
    /// (at most 500 at a time), and gives back intents that `me` never heard of. Where an answer is lost,
    /// the next beat repeats what it said of adopted jobs.
    ///
    /// # Errors
    /// [`StoreErrorKind::IncarnationEnded`]: send nothing more, and register again.
    fn beat<'a>(&'a self, me: &'a mut Incarnation) -> Commit<'a, Beat>;

    /// Stores the address of the service to which `me` submits, such as that of
    /// [`Client::base_url`](runcomfy::Client::base_url): a job is known there alone.
    ///
    /// # Errors
    /// - [`StoreErrorKind::OtherService`]: the store has another address, and attempts that are submitted, in
    ///   flight or in doubt there, or another incarnation that works there. Submit nothing.
    /// - [`StoreErrorKind::IncarnationEnded`]: register again.
    fn use_service(&self, me: IncarnationId, address: String) -> Commit<'_, ()>;

    /// Stores the address of the service in place of the one before, by the decision of a person who knows that the
    /// service has moved with its jobs.
    fn accept_service(&self, address: String) -> Commit<'_, ()>;

    /// Claims up to `room` jobs, as far as rate and budget allow: by priority, then in the order of the
    /// import.
    ///
    /// Each becomes an intent of `me`, with a new attempt and a new key, and its estimate is reserved.
    /// Submit each job now, once.
    ///
    /// # Errors
    /// [`StoreErrorKind::IncarnationEnded`]: send nothing more, and register again. After any error send
    /// nothing; the next beat gives back what may have been claimed.
    fn claim<'a>(&'a self, me: &'a mut Incarnation, room: usize) -> Commit<'a, Claims>;

    /// Holds back all claims for this time, at most an hour, as the service's `Retry-After` asks for.
    fn hold_back(&self, time: Duration) -> Commit<'_, ()>;

    /// Stores ids that the service gave for attempts. Each attempt without an id becomes submitted,
    /// whatever became of it before, and is owned by `me`.
    fn received(&self, me: IncarnationId, ids: Vec<(JobKey, RequestId)>) -> Commit<'_, Received>;

    /// Stores that attempts of `me` have made no job: nothing was sent, or the service refused it. The
    /// money is released. Returns the keys of attempts that are not an intent or doubt of `me`.
    fn not_sent(&self, me: IncarnationId, attempts: Vec<NotSent>) -> Commit<'_, Vec<JobKey>>;

    /// Stores that attempts of `me` have an unknown outcome, with the reason. Returns the keys of
    /// attempts that are not an intent or doubt of `me`.
    fn doubtful(
        &self,
        me: IncarnationId,
        attempts: Vec<(JobKey, String)>,
    ) -> Commit<'_, Vec<JobKey>>;

    /// Settles submitted attempts of `me`: each ends, and its cost is spent. Returns the keys of attempts
    /// that are not submitted attempts of `me`, because another incarnation has adopted them.
    fn settle(&self, me: IncarnationId, endings: Vec<Ending>) -> Commit<'_, Vec<JobKey>>;

    /// Cancels jobs, or all jobs of the batch. Those that are ready are cancelled at once; for the others
    /// the incarnations that hold them learn it by their next beat.
    fn cancel(&self, jobs: Option<Vec<JobId>>) -> Commit<'_, Cancelled>;

    /// Stores a person's decision on an attempt in doubt.
    ///
    /// # Errors
    /// - [`StoreErrorKind::NotFound`]: no attempt has the key.
    /// - [`StoreErrorKind::WrongState`]: the attempt is not in doubt; or, for [`Resolution::Gone`], it is not
    ///   submitted; or, for
    ///   [`Resolution::Resubmit`], it is not the last one of a job in doubt, failed or cancelled, or its
    ///   submit may still arrive; or, for
    ///   [`Resolution::RequestId`], it has another id or is in flight.
    fn resolve(&self, key: JobKey, resolution: Resolution) -> Commit<'_, ()>;

    /// Returns the address of the service; `None` before the first [`use_service`](Self::use_service).
    fn service(&self) -> Commit<'_, Option<String>>;

    /// Checks that jobs which have not ended are those of the service at this address.
    ///
    /// # Errors
    /// [`StoreErrorKind::OtherService`]: they were submitted to another one.
    fn check_service(&self, address: String) -> Commit<'_, ()> {
        Box::pin(async move {
            let before = self.service().await?;
            let Some(before) = before.filter(|before| *before != address) else {
                return Ok(());
            };
            for open in [Attempts::Held, Attempts::InDoubt] {
                if !self.attempts(open).await?.is_empty() {
                    return Err(StoreError::other_service(&before, &address));
                }
            }
            Ok(())
        })
    }

    /// Returns the limits.
    fn limits(&self) -> Commit<'_, Limits>;

    /// Returns the models and their schemas by which inputs were checked.
    fn schemas(&self) -> Commit<'_, Vec<(String, Json)>>;

    /// Counts jobs by state, and the money.
    fn counts(&self) -> Commit<'_, Counts>;

    /// Returns the money, and what the jobs that are ready will need. Both are of one moment: a job that is
    /// claimed meanwhile is in exactly one of the sums.
    fn funds(&self) -> Commit<'_, Funds>;

    /// Counts the jobs whose ids begin with `prefix`, by state. States without such a job are left out.
    fn count_by_prefix(&self, prefix: String) -> Commit<'_, BTreeMap<State, u64>>;

    /// Returns a job.
    fn find(&self, id: JobId) -> Commit<'_, Option<Row>>;

    /// Returns up to `limit` jobs in the order of the import, of one state or of all, behind the job with
    /// the number `after`; 0 begins at the first.
    fn rows(&self, state: Option<State>, after: u64, limit: usize) -> Commit<'_, Vec<Row>>;

    /// Returns up to `limit` jobs that are in one of `states` and whose ids begin with `prefix`, the job that
    /// was imported last first. Every id begins with an empty prefix.
    fn latest(&self, prefix: String, states: Vec<State>, limit: usize) -> Commit<'_, Vec<Row>>;

    /// Returns attempts, by job and number.
    fn attempts(&self, of: Attempts) -> Commit<'_, Vec<Attempt>>;

    /// Returns all incarnations in the order of their start, those that have ended too.
    fn processes(&self) -> Commit<'_, Vec<Process>>;

    /// Returns up to `limit` events of the journal behind the event with the number `after`.
    fn events(&self, after: u64, limit: usize) -> Commit<'_, Vec<Event>>;
}

/// Creates the id of a new batch: 16 hexadecimal digits.
pub(crate) fn new_store_id() -> String {
    let mut id = new_idempotency_key();
    id.truncate(16);
    id
}

pub(crate) mod sealed {
    /// Keeps other crates from implementing [`Store`](super::Store).
    pub trait Sealed {}
}
