//! Claims.

use rusqlite::{Row, params};

use super::failure::Failure;
use super::transition::{Transition, Unsigned, int, money, parsed, unsigned};
use crate::claim::{Claimed, Claims, NextClaim};
use crate::incarnation::IncarnationId;
use crate::job_key::JobKey;
use crate::limits::{MAX_DELAY, has_come};
use crate::state::{AttemptState, State};
use crate::timestamp::Timestamp;

impl Transition<'_> {
    pub(super) fn claim(&self, me: IncarnationId, room: usize) -> Result<Claims, Failure> {
        self.check_alive(me)?;
        let held_until = self.held_until()?;
        if !has_come(held_until, self.now) {
            let next = NextClaim::After(held_until.since(self.now));
            return Ok(Claims {
                jobs: Vec::new(),
                next,
            });
        }
        let rate = self.limits()?.rate;
        let tat = self.tat()?;
        let slots = rate.map_or(usize::MAX, |rate| rate.slots(tat, self.now));
        let mut money = self.money()?;
        let mut over_budget = None;
        let mut jobs = self.claimable(room.min(slots))?;
        for index in 0..jobs.len() {
            let sum = jobs[index].reserved;
            if !money.has_room_for(sum) {
                over_budget = Some(sum);
                jobs.truncate(index);
                break;
            }
            money.reserved += sum;
            self.start(&jobs[index], me)?;
        }
        let mut wait = None;
        if !jobs.is_empty() {
            self.set_money(&money)?;
        }
        if let Some(rate) = rate {
            let tat = if jobs.is_empty() {
                tat
            } else {
                rate.take(tat, self.now, jobs.len())
            };
            self.set_tat(tat)?;
            wait = Some(rate.wait(tat, self.now));
        }
        let next = match (over_budget, wait) {
            (Some(sum), _) => NextClaim::OverBudget(sum),
            (None, _) if jobs.len() == room => NextClaim::Now,
            (None, Some(wait)) if jobs.len() == slots => NextClaim::After(wait),
            _ => self.next_backoff()?,
        };
        Ok(Claims { jobs, next })
    }

    fn tat(&self) -> Result<Timestamp, Failure> {
        let mut statement = self.connection.prepare_cached("SELECT tat FROM batch")?;
        let tat = statement.query_row([], |row| unsigned(row, "tat"))?;
        Ok(Timestamp::from_micros(tat))
    }

    fn set_tat(&self, tat: Timestamp) -> Result<(), Failure> {
        let mut statement = self
            .connection
            .prepare_cached("UPDATE batch SET tat = ?1")?;
        statement.execute([int(tat.micros())])?;
        Ok(())
    }

    /// Returns up to `limit` jobs that can be claimed, with the sums to reserve, in their order.
    fn claimable(&self, limit: usize) -> Result<Vec<Claimed>, Failure> {
        let mut statement = self.connection.prepare_cached(
            "SELECT j.n, j.id, j.model, i.input, j.attempts + 1 AS attempt,
               max(j.estimate, coalesce(m.highest_cost, 0)) AS reserved
             FROM job j INDEXED BY job_ready
             JOIN job_input i ON i.n = j.n LEFT JOIN model m ON m.id = j.model
             WHERE j.state = 'ready' AND (j.not_before <= ?1 OR j.not_before > ?2)
             ORDER BY j.priority DESC, j.n LIMIT ?3",
        )?;
        let now = int(self.now.micros());
        let end = int(self.now.after(MAX_DELAY).micros());
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let jobs = statement.query_map([now, end, limit], |row| self.claimed(row))?;
        Ok(jobs.collect::<Result<_, _>>()?)
    }

    /// Reads a job with the number of an attempt and what is reserved for it.
    pub(super) fn claimed(&self, row: &Row<'_>) -> rusqlite::Result<Claimed> {
        let (n, attempt) = (unsigned(row, "n")?, row.get("attempt")?);
        Ok(Claimed {
            key: JobKey::new(self.batch, n, attempt),
            attempt,
            n,
            id: parsed(row, "id")?,
            model: row.get("model")?,
            input: parsed(row, "input")?,
            reserved: money(row, "reserved")?,
        })
    }

    /// Starts an attempt.
    fn start(&self, job: &Claimed, me: IncarnationId) -> Result<(), Failure> {
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO attempt (n, number, key, state, owner, reserved, claimed_at)
             VALUES (?1, ?2, ?3, 'intent', ?4, ?5, ?6)",
        )?;
        statement.execute(params![
            int(job.n),
            job.attempt,
            job.key.as_str(),
            int(me.0),
            int(job.reserved.micros()),
            int(self.now.micros()),
        ])?;
        let sql = "UPDATE job SET state = 'intent', attempts = ?2 WHERE n = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.execute(params![int(job.n), job.attempt])?;
        let attempt = Some((job.attempt, AttemptState::Intent));
        self.log(
            job.n,
            attempt,
            Some(me),
            (State::Ready, State::Intent),
            None,
        )
    }

    /// Returns when the next job is ready again.
    fn next_backoff(&self) -> Result<NextClaim, Failure> {
        let mut statement = self.connection.prepare_cached(
            "SELECT min(not_before) AS next FROM job
             WHERE state = 'ready' AND not_before > ?1 AND not_before <= ?2",
        )?;
        let now = int(self.now.micros());
        let end = int(self.now.after(MAX_DELAY).micros());
        let next = statement.query_row([now, end], |row| row.get::<_, Option<Unsigned>>("next"))?;
        Ok(next.map_or(NextClaim::NoneReady, |next| {
            NextClaim::After(Timestamp::from_micros(next.0).since(self.now))
        }))
    }
}
