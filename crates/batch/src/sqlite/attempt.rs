//! Facts about attempts: ids, certainty that there is no job, doubts, ends.

use runcomfy::RequestId;
use rusqlite::params;

use super::failure::Failure;
use super::transition::{Position, Transition, int};
use crate::ending::{End, Ending, NotSent, Received, Retry};
use crate::incarnation::IncarnationId;
use crate::job_key::JobKey;
use crate::limits::MAX_DELAY;
use crate::money::Money;
use crate::state::{AttemptState, State};
use crate::timestamp::Timestamp;

impl Transition<'_> {
    pub(super) fn received(
        &self,
        me: IncarnationId,
        ids: Vec<(JobKey, RequestId)>,
    ) -> Result<Received, Failure> {
        let mut received = Received::default();
        for (key, id) in ids {
            let at = self.position(&key)?;
            let taken = at.as_ref().and_then(|at| at.request_id.as_ref());
            let is_stray = at.is_none() || taken.is_some_and(|taken| *taken != id);
            self.keep_id(&key, &id, is_stray)?;
            match at {
                Some(at) if at.request_id.is_none() => {
                    self.submit(&at, Some(me), &id)?;
                    if !at.is_last {
                        received.doubles.push(key);
                    }
                }
                _ if is_stray => received.strays.push(key),
                _ => {}
            }
        }
        Ok(received)
    }

    pub(super) fn keep_id(
        &self,
        key: &JobKey,
        id: &RequestId,
        is_stray: bool,
    ) -> Result<(), Failure> {
        let mut statement = self.connection.prepare_cached(
            "INSERT OR IGNORE INTO received (key, request_id, at, is_stray) VALUES (?1, ?2, ?3, ?4)",
        )?;
        let at = int(self.now.micros());
        statement.execute(params![key.as_str(), id.as_str(), at, is_stray])?;
        Ok(())
    }

    /// Makes an attempt without an id submitted.
    pub(super) fn submit(
        &self,
        at: &Position,
        by: Option<IncarnationId>,
        id: &RequestId,
    ) -> Result<(), Failure> {
        let mut money = self.money()?;
        at.withdraw(&mut money);
        money.reserved += at.reserved;
        self.set_money(&money)?;
        let mut statement = self.connection.prepare_cached(
            "UPDATE attempt SET state = 'submitted', owner = ?3, request_id = ?4, submitted_at = ?5,
               note = NULL, ended_at = NULL
             WHERE n = ?1 AND number = ?2",
        )?;
        statement.execute(params![
            int(at.n),
            at.number,
            by.map(|by| int(by.0)),
            id.as_str(),
            int(self.now.micros()),
        ])?;
        let after = if at.is_last {
            State::Submitted
        } else {
            at.job_state
        };
        self.set_job_state(at.n, at.job_state, after)?;
        let attempt = Some((at.number, AttemptState::Submitted));
        self.log(at.n, attempt, by, (at.job_state, after), Some(id.as_str()))
    }

    pub(super) fn not_sent(
        &self,
        me: IncarnationId,
        attempts: Vec<NotSent>,
    ) -> Result<Vec<JobKey>, Failure> {
        let mut refused = Vec::new();
        for NotSent { key, reason, retry } in attempts {
            let at = self.position(&key)?.filter(|at| at.owner == Some(me));
            match at {
                Some(at) if matches!(at.state, AttemptState::Intent | AttemptState::InDoubt) => {
                    self.end_without_job(&at, me, &reason, retry)?;
                }
                Some(at) if at.state == AttemptState::NoJob => {}
                _ => refused.push(key),
            }
        }
        Ok(refused)
    }

    fn end_without_job(
        &self,
        at: &Position,
        me: IncarnationId,
        reason: &str,
        retry: Retry,
    ) -> Result<(), Failure> {
        let is_held = matches!(at.job_state, State::Intent | State::InDoubt);
        let state = match retry {
            Retry::After(time) => {
                if is_held && at.is_last {
                    self.set_not_before(at.n, self.now.after(time.min(MAX_DELAY)))?;
                }
                State::Ready
            }
            Retry::Never => State::Failed,
        };
        let states = (AttemptState::NoJob, at.unless_cancelled(state));
        self.end(at, Some(me), states, None, Some(reason))
    }

    pub(super) fn set_not_before(&self, n: u64, time: Timestamp) -> Result<(), Failure> {
        let sql = "UPDATE job SET not_before = ?2 WHERE n = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.execute(params![int(n), int(time.micros())])?;
        Ok(())
    }

    pub(super) fn doubtful(
        &self,
        me: IncarnationId,
        attempts: Vec<(JobKey, String)>,
    ) -> Result<Vec<JobKey>, Failure> {
        let mut refused = Vec::new();
        for (key, reason) in attempts {
            let at = self.position(&key)?.filter(|at| at.owner == Some(me));
            match at {
                Some(at) if at.state == AttemptState::Intent => {
                    let states = (AttemptState::InDoubt, State::InDoubt);
                    self.end(&at, Some(me), states, None, Some(&reason))?;
                }
                Some(at) if at.state == AttemptState::InDoubt => {}
                _ => refused.push(key),
            }
        }
        Ok(refused)
    }

    pub(super) fn settle(
        &self,
        me: IncarnationId,
        endings: Vec<Ending>,
    ) -> Result<Vec<JobKey>, Failure> {
        let mut refused = Vec::new();
        for Ending { key, end, cost } in endings {
            let at = self.position(&key)?.filter(|at| at.owner == Some(me));
            match at {
                Some(at) if at.state == AttemptState::Submitted => {
                    self.settle_one(&at, me, &end, cost)?;
                }
                Some(at) if at.request_id.is_some() => {}
                _ => refused.push(key),
            }
        }
        Ok(refused)
    }

    fn settle_one(
        &self,
        at: &Position,
        me: IncarnationId,
        end: &End,
        cost: Option<Money>,
    ) -> Result<(), Failure> {
        if let Some(cost) = cost {
            self.raise_highest_cost(&at.model, cost)?;
        }
        let (states, note) = match end {
            End::Saved(result) => {
                let sql = "UPDATE attempt SET result = ?3 WHERE n = ?1 AND number = ?2";
                let mut statement = self.connection.prepare_cached(sql)?;
                statement.execute(params![int(at.n), at.number, result.to_string()])?;
                ((AttemptState::Saved, State::Saved), None)
            }
            End::Failed(reason) => ((AttemptState::Failed, State::Failed), Some(&**reason)),
            End::Cancelled => ((AttemptState::Cancelled, State::Cancelled), None),
        };
        self.end(at, Some(me), states, cost, note)
    }

    fn raise_highest_cost(&self, model: &str, cost: Money) -> Result<(), Failure> {
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO model (id, highest_cost) VALUES (?1, ?2)
             ON CONFLICT (id) DO UPDATE SET highest_cost = max(highest_cost, excluded.highest_cost)",
        )?;
        statement.execute(params![model, int(cost.micros())])?;
        Ok(())
    }
}
