//! Decisions of a person: to cancel, and on doubts.

use rusqlite::params;

use super::failure::Failure;
use super::transition::{Position, Transition, int, parsed, unsigned};
use crate::ending::Cancelled;
use crate::job_id::JobId;
use crate::job_key::JobKey;
use crate::resolution::{Resolution, may_still_arrive};
use crate::row::{DECLARED, GONE};
use crate::state::{AttemptState, State};
use crate::store::error::StoreError;
use crate::timestamp::Timestamp;

impl Transition<'_> {
    pub(super) fn cancel(&self, ids: Option<&[JobId]>) -> Result<Cancelled, Failure> {
        let mut cancelled = Cancelled::default();
        let Some(ids) = ids else {
            for (n, state, is_requested) in self.cancellable("1", [])? {
                self.cancel_job(n, state, is_requested, &mut cancelled)?;
            }
            return Ok(cancelled);
        };
        let mut jobs = Vec::new();
        for id in ids {
            jobs.extend(self.cancellable("id = ?1", [id.as_str()])?);
        }
        jobs.sort_unstable();
        jobs.dedup();
        for (n, state, is_requested) in jobs {
            self.cancel_job(n, state, is_requested, &mut cancelled)?;
        }
        Ok(cancelled)
    }

    fn cancellable(
        &self,
        condition: &str,
        parameters: impl rusqlite::Params,
    ) -> Result<Vec<(u64, State, bool)>, Failure> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT n, state, cancel_requested FROM job
             WHERE state NOT IN ('saved', 'failed', 'cancelled') AND {condition} ORDER BY n"
        ))?;
        let jobs = statement.query_map(parameters, |row| {
            Ok((
                unsigned(row, "n")?,
                parsed(row, "state")?,
                row.get("cancel_requested")?,
            ))
        })?;
        Ok(jobs.collect::<Result<_, _>>()?)
    }

    fn cancel_job(
        &self,
        n: u64,
        state: State,
        is_requested: bool,
        cancelled: &mut Cancelled,
    ) -> Result<(), Failure> {
        let after = if state == State::Ready {
            cancelled.cancelled += 1;
            State::Cancelled
        } else {
            cancelled.requested += 1;
            state
        };
        if is_requested {
            return Ok(());
        }
        let sql = "UPDATE job SET cancel_requested = 1, state = ?2 WHERE n = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.execute(params![int(n), after.as_str()])?;
        self.log(n, None, None, (state, after), Some("cancel requested"))
    }

    pub(super) fn resolve(&self, key: &JobKey, resolution: Resolution) -> Result<(), Failure> {
        let at = self
            .position(key)?
            .ok_or_else(|| StoreError::unknown_key(key))?;
        match (resolution, at.state) {
            (Resolution::RequestId(id), AttemptState::InDoubt | AttemptState::NoJob) => {
                self.keep_id(key, &id, false)?;
                self.submit(&at, None, &id)
            }
            (Resolution::RequestId(id), _) if at.request_id.as_ref() == Some(&id) => Ok(()),
            (Resolution::NoJob, AttemptState::InDoubt) => {
                let states = (AttemptState::NoJob, at.unless_cancelled(State::Failed));
                self.end(&at, None, states, None, Some(DECLARED))
            }
            (Resolution::NoJob, AttemptState::NoJob) | (Resolution::Gone, AttemptState::Failed) => {
                Ok(())
            }
            (Resolution::Gone, AttemptState::Submitted) => {
                let states = (AttemptState::Failed, State::Failed);
                self.end(&at, None, states, None, Some(GONE))
            }
            (Resolution::Gone, state) => Err(StoreError::not_submitted(key, state).into()),
            (Resolution::Resubmit, _) if at.is_last => self.resubmit(&at, key),
            (Resolution::Resubmit, _) => Err(StoreError::is_superseded(key).into()),
            (_, state) => Err(StoreError::not_in_doubt(key, state).into()),
        }
    }

    fn resubmit(&self, at: &Position, key: &JobKey) -> Result<(), Failure> {
        let from = at.job_state;
        if !matches!(from, State::InDoubt | State::Failed | State::Cancelled) {
            return Err(StoreError::not_resubmittable(key, from).into());
        }
        let state = (at.state, at.note.as_deref());
        if let Some(until) = may_still_arrive(state, at.ended_at, self.now) {
            return Err(StoreError::may_still_arrive(key, until).into());
        }
        let sql = "UPDATE job SET state = 'ready', cancel_requested = 0 WHERE n = ?1";
        self.connection.prepare_cached(sql)?.execute([int(at.n)])?;
        self.set_not_before(at.n, Timestamp::default())?;
        let attempt = Some((at.number, at.state));
        self.log(
            at.n,
            attempt,
            None,
            (from, State::Ready),
            Some("to be submitted again"),
        )
    }
}
