//! Beats.

use std::collections::HashSet;

use rusqlite::{Row, params};

use super::failure::Failure;
use super::transition::{Position, Transition, Unsigned, int, parsed};
use crate::claim::{Adopted, Beat};
use crate::incarnation::{IncarnationId, Process};
use crate::job_key::JobKey;
use crate::row::{GIVEN_BACK, orphan_note};
use crate::state::{AttemptState, State};
use crate::timestamp::Timestamp;

/// Maximum number of jobs that one beat adopts.
const MAX_ADOPTED: usize = 500;

impl Transition<'_> {
    /// Returns the answer, and the keys of what `me` holds then.
    pub(super) fn beat(
        &self,
        me: IncarnationId,
        known: &HashSet<JobKey>,
    ) -> Result<(Beat, HashSet<JobKey>), Failure> {
        self.check_alive(me)?;
        let mut beat = Beat::default();
        self.doubt_orphans(me, &mut beat)?;
        self.adopt_orphans(me, known)?;
        let mut held = HashSet::new();
        for (key, state) in self.held_by(me)? {
            let is_known = known.contains(&key);
            match state {
                AttemptState::Intent if !is_known => {
                    self.give_back(me, &key)?;
                    beat.given_back.push(key);
                    continue;
                }
                AttemptState::Submitted if !is_known => beat.adopted.push(self.adopted(&key)?),
                _ => {}
            }
            held.insert(key);
        }
        beat.to_cancel = self.to_cancel(me)?;
        Ok((beat, held))
    }

    /// Puts the intents of ended incarnations in doubt: those of all but the last one.
    fn doubt_orphans(&self, me: IncarnationId, beat: &mut Beat) -> Result<(), Failure> {
        let mut statement = self.connection.prepare_cached(
            "SELECT a.key, i.process FROM attempt a INDEXED BY attempt_held
             JOIN incarnation i ON i.id = a.owner
             WHERE a.state IN ('intent', 'submitted') AND a.state = 'intent' AND a.owner <> ?1
             ORDER BY a.n, a.number",
        )?;
        let orphans = statement.query_map([int(me.0)], |row| {
            Ok((
                parsed::<JobKey>(row, "key")?,
                row.get::<_, String>("process")?,
            ))
        })?;
        let orphans: Vec<_> = orphans.collect::<Result<_, _>>()?;
        for (key, process) in orphans {
            let at = self.existing(&key)?;
            let note = orphan_note(&process);
            let states = (AttemptState::InDoubt, State::InDoubt);
            self.end(&at, Some(me), states, None, Some(&note))?;
            beat.doubts.push(key);
        }
        Ok(())
    }

    /// Takes the submitted jobs of ended incarnations, and those that have no owner. A known attempt was put in doubt
    /// and resolved since the last beat: its adoption would not be told, so the next beat takes it.
    fn adopt_orphans(&self, me: IncarnationId, known: &HashSet<JobKey>) -> Result<(), Failure> {
        let mut statement = self.connection.prepare_cached(
            "SELECT key FROM attempt INDEXED BY attempt_held
             WHERE state IN ('intent', 'submitted') AND state = 'submitted'
               AND (owner IS NULL OR owner <> ?1)
             ORDER BY n, number",
        )?;
        let orphans = statement.query_map([int(me.0)], |row| parsed(row, "key"))?;
        let is_new =
            |key: &Result<JobKey, _>| key.as_ref().map_or(true, |key| !known.contains(key));
        let orphans = orphans.filter(is_new).take(MAX_ADOPTED);
        let orphans: Vec<JobKey> = orphans.collect::<Result<_, _>>()?;
        for key in orphans {
            let at = self.existing(&key)?;
            let sql = "UPDATE attempt SET owner = ?3 WHERE n = ?1 AND number = ?2";
            let mut statement = self.connection.prepare_cached(sql)?;
            statement.execute(params![int(at.n), at.number, int(me.0)])?;
            let attempt = Some((at.number, at.state));
            self.log(at.n, attempt, Some(me), (at.job_state, at.job_state), None)?;
        }
        Ok(())
    }

    fn held_by(&self, me: IncarnationId) -> Result<Vec<(JobKey, AttemptState)>, Failure> {
        let mut statement = self.connection.prepare_cached(
            "SELECT key, state FROM attempt INDEXED BY attempt_held
             WHERE owner = ?1 AND state IN ('intent', 'submitted') ORDER BY n, number",
        )?;
        let held = statement.query_map([int(me.0)], |row| {
            Ok((parsed(row, "key")?, parsed(row, "state")?))
        })?;
        Ok(held.collect::<Result<_, _>>()?)
    }

    fn give_back(&self, me: IncarnationId, key: &JobKey) -> Result<(), Failure> {
        let at = self.existing(key)?;
        let states = (AttemptState::NoJob, at.unless_cancelled(State::Ready));
        self.end(&at, Some(me), states, None, Some(GIVEN_BACK))
    }

    fn adopted(&self, key: &JobKey) -> Result<Adopted, Failure> {
        let mut statement = self.connection.prepare_cached(
            "SELECT j.n, j.id, j.model, i.input, a.number AS attempt, a.reserved, a.request_id,
               a.number < j.attempts AS is_superseded
             FROM attempt a JOIN job j ON j.n = a.n JOIN job_input i ON i.n = a.n
             WHERE a.key = ?1",
        )?;
        let read = |row: &Row<'_>| {
            Ok(Adopted {
                job: self.claimed(row)?,
                request_id: parsed(row, "request_id")?,
                is_superseded: row.get("is_superseded")?,
            })
        };
        Ok(statement.query_row([key.as_str()], read)?)
    }

    fn to_cancel(&self, me: IncarnationId) -> Result<Vec<JobKey>, Failure> {
        let mut statement = self.connection.prepare_cached(
            "SELECT a.key FROM attempt a INDEXED BY attempt_held JOIN job j ON j.n = a.n
             WHERE a.state IN ('intent', 'submitted') AND a.state = 'submitted' AND a.owner = ?1
               AND j.cancel_requested
             ORDER BY a.n, a.number",
        )?;
        let keys = statement.query_map([int(me.0)], |row| parsed(row, "key"))?;
        Ok(keys.collect::<Result<_, _>>()?)
    }

    /// Returns an attempt that a query has named.
    fn existing(&self, key: &JobKey) -> Result<Position, Failure> {
        self.position(key)?.ok_or(Failure::Unreadable("an attempt"))
    }

    /// Returns the process of the last incarnation.
    pub(super) fn last_process(&self) -> Result<Option<String>, Failure> {
        let sql = "SELECT process FROM incarnation ORDER BY id DESC LIMIT 1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut processes = statement.query_map([], |row| row.get(0))?;
        Ok(processes.next().transpose()?)
    }

    /// Returns all incarnations. The last one lives if any does.
    pub(super) fn processes(&self, any_lives: bool) -> Result<Vec<Process>, Failure> {
        let sql = "SELECT id, process, started_at,
               ?1 AND id = (SELECT max(id) FROM incarnation) AS is_living
             FROM incarnation ORDER BY id";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query([any_lives])?;
        let mut processes = Vec::new();
        while let Some(row) = rows.next()? {
            processes.push(Process {
                id: IncarnationId(row.get::<_, Unsigned>("id")?.0),
                name: row.get("process")?,
                started_at: Timestamp::from_micros(row.get::<_, Unsigned>("started_at")?.0),
                is_living: row.get("is_living")?,
            });
        }
        Ok(processes)
    }

    pub(super) fn register(&self, process: &str) -> Result<IncarnationId, Failure> {
        let sql = "INSERT INTO incarnation (process, started_at) VALUES (?1, ?2)";
        let mut statement = self.connection.prepare_cached(sql)?;
        let id = statement.insert(params![process, int(self.now.micros())])?;
        u64::try_from(id)
            .map(IncarnationId)
            .map_err(|_| Failure::Unreadable("an incarnation"))
    }
}
