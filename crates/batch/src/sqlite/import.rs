//! Limits and imports.

use std::time::Duration;

use runcomfy::schema::Json;
use rusqlite::{OptionalExtension, params};

use super::failure::Failure;
use super::transition::{Transition, Unsigned, int, optional, parsed, unsigned};
use crate::job_id::JobId;
use crate::limits::{Limits, MAX_DELAY, Rate, has_come};
use crate::new_job::{Conflict, Imported, NewJob};
use crate::row::{IMPORTED_AGAIN, WITHDRAWN};
use crate::state::{AttemptState, State};
use crate::timestamp::Timestamp;

impl Transition<'_> {
    pub(super) fn set_limits(&self, limits: Limits) -> Result<(), Failure> {
        let parts = limits.rate.map(Rate::parts);
        self.connection.execute(
            "UPDATE batch SET budget = ?1, gap = ?2, burst = ?3",
            params![
                limits.budget.map(|budget| int(budget.micros())),
                parts.map(|(gap, _)| i64::try_from(gap.as_micros()).unwrap_or(i64::MAX)),
                parts.map(|(_, burst)| burst),
            ],
        )?;
        Ok(())
    }

    pub(super) fn limits(&self) -> Result<Limits, Failure> {
        let mut limits = Limits::none();
        limits.budget = self.money()?.budget;
        let sql = "SELECT gap, burst FROM batch";
        let mut statement = self.connection.prepare_cached(sql)?;
        let parts = statement.query_row([], |row| {
            Ok((
                row.get::<_, Option<Unsigned>>("gap")?,
                row.get::<_, Option<u32>>("burst")?,
            ))
        })?;
        if let (Some(gap), Some(burst)) = parts {
            limits.rate = Some(Rate::from_parts(Duration::from_micros(gap.0), burst));
        }
        Ok(limits)
    }

    pub(super) fn hold_back(&self, time: Duration) -> Result<(), Failure> {
        let until = self.now.after(time.min(MAX_DELAY));
        let held_until = self.held_until()?;
        let is_held = !has_come(held_until, self.now);
        let until = if is_held {
            until.max(held_until)
        } else {
            until
        };
        let sql = "UPDATE batch SET held_until = ?1";
        self.connection.execute(sql, [int(until.micros())])?;
        Ok(())
    }

    pub(super) fn held_until(&self) -> Result<Timestamp, Failure> {
        let sql = "SELECT held_until FROM batch";
        let mut statement = self.connection.prepare_cached(sql)?;
        let until = statement.query_row([], |row| unsigned(row, "held_until"))?;
        Ok(Timestamp::from_micros(until))
    }

    pub(super) fn import(&self, jobs: Vec<NewJob>) -> Result<Imported, Failure> {
        let mut imported = Imported::default();
        for job in jobs {
            self.import_job(job, &mut imported)?;
        }
        Ok(imported)
    }

    fn import_job(&self, new: NewJob, imported: &mut Imported) -> Result<(), Failure> {
        let input = new.input.to_string();
        let Some(old) = self.imported(&new)? else {
            imported.added += 1;
            return self.insert(&new, &input);
        };
        let made_no_job = old.last.is_none_or(|last| last == AttemptState::NoJob);
        if old.state == State::Cancelled && !old.cancel_requested && made_no_job {
            imported.added += 1;
            return self.restore(old.n, &new, &input);
        }
        let is_same = old.model == new.model && old.input == input;
        let can_be_replaced = old.state == State::Ready && made_no_job;
        if !is_same && !can_be_replaced {
            let (id, state) = (new.id, old.state);
            imported.conflicts.push(Conflict { id, state });
            return Ok(());
        }
        if old.state == State::Ready {
            self.replace(old.n, &new, &input)?;
        }
        if is_same {
            imported.known += 1;
        } else {
            imported.replaced.push(new.id);
        }
        Ok(())
    }

    fn imported(&self, new: &NewJob) -> Result<Option<OldJob>, Failure> {
        let mut statement = self.connection.prepare_cached(
            "SELECT j.n, j.model, j.state, j.cancel_requested, i.input, a.state AS last
             FROM job j JOIN job_input i ON i.n = j.n
             LEFT JOIN attempt a ON a.n = j.n AND a.number = j.attempts WHERE j.id = ?1",
        )?;
        let old = statement.query_row([new.id.as_str()], |row| {
            Ok(OldJob {
                n: unsigned(row, "n")?,
                model: row.get("model")?,
                state: parsed(row, "state")?,
                cancel_requested: row.get("cancel_requested")?,
                input: row.get("input")?,
                last: optional(row, "last")?,
            })
        });
        Ok(old.optional()?)
    }

    fn insert(&self, new: &NewJob, input: &str) -> Result<(), Failure> {
        let sql = "INSERT INTO job (id, model, priority, estimate) VALUES (?1, ?2, ?3, ?4)";
        let mut statement = self.connection.prepare_cached(sql)?;
        let estimate = int(new.estimate.micros());
        let n = statement.insert(params![new.id.as_str(), new.model, new.priority, estimate])?;
        let sql = "INSERT INTO job_input (n, input) VALUES (?1, ?2)";
        self.connection
            .prepare_cached(sql)?
            .execute(params![n, input])?;
        Ok(())
    }

    /// Makes a job ready again that was withdrawn.
    fn restore(&self, n: u64, new: &NewJob, input: &str) -> Result<(), Failure> {
        self.replace(n, new, input)?;
        self.turn(n, (State::Cancelled, State::Ready), IMPORTED_AGAIN)
    }

    pub(super) fn withdraw(&self, ids: &[JobId]) -> Result<u64, Failure> {
        let sql = "SELECT j.n FROM job j
             LEFT JOIN attempt a ON a.n = j.n AND a.number = j.attempts
             WHERE j.id = ?1 AND j.state = 'ready' AND ifnull(a.state, 'no_job') = 'no_job'";
        let mut withdrawn = 0;
        for id in ids {
            let mut statement = self.connection.prepare_cached(sql)?;
            let n = statement.query_row([id.as_str()], |row| unsigned(row, "n"));
            if let Some(n) = n.optional()? {
                self.turn(n, (State::Ready, State::Cancelled), WITHDRAWN)?;
                withdrawn += 1;
            }
        }
        Ok(withdrawn)
    }

    /// Changes the state of a job that is not submitted.
    fn turn(&self, n: u64, states: (State, State), note: &str) -> Result<(), Failure> {
        let sql = "UPDATE job SET state = ?2 WHERE n = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.execute(params![int(n), states.1.as_str()])?;
        self.log(n, None, None, states, Some(note))
    }

    pub(super) fn set_schemas(&self, schemas: &[(String, Json)]) -> Result<(), Failure> {
        let sql = "INSERT INTO model_schema (model, schema) VALUES (?1, ?2)
             ON CONFLICT (model) DO UPDATE SET schema = excluded.schema";
        let mut statement = self.connection.prepare_cached(sql)?;
        for (model, schema) in schemas {
            statement.execute(params![model, schema.to_string()])?;
        }
        Ok(())
    }

    pub(super) fn schemas(&self) -> Result<Vec<(String, Json)>, Failure> {
        let sql = "SELECT model, schema FROM model_schema ORDER BY model";
        let mut statement = self.connection.prepare_cached(sql)?;
        let schemas =
            statement.query_map([], |row| Ok((row.get("model")?, parsed(row, "schema")?)))?;
        Ok(schemas.collect::<Result<_, _>>()?)
    }

    fn replace(&self, n: u64, new: &NewJob, input: &str) -> Result<(), Failure> {
        let sql = "UPDATE job SET model = ?2, priority = ?3, estimate = ?4 WHERE n = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let estimate = int(new.estimate.micros());
        statement.execute(params![int(n), new.model, new.priority, estimate])?;
        let sql = "UPDATE job_input SET input = ?2 WHERE n = ?1 AND input <> ?2";
        self.connection
            .prepare_cached(sql)?
            .execute(params![int(n), input])?;
        Ok(())
    }
}

/// A job that the store has.
struct OldJob {
    n: u64,
    model: String,
    state: State,
    cancel_requested: bool,
    input: String,
    /// State of its last attempt.
    last: Option<AttemptState>,
}
