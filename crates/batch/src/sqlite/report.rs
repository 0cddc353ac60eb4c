//! Reads: counts, rows, attempts, the journal.

use std::collections::BTreeMap;

use rusqlite::{Params, Row as SqlRow, params_from_iter};

use super::failure::Failure;
use super::transition::{
    Transition, Unsigned, incarnation, int, money, optional, optional_time, parsed, time, unsigned,
};
use crate::counts::{Counts, Funds};
use crate::event::Event;
use crate::job_id::JobId;
use crate::job_key::JobKey;
use crate::money::Money;
use crate::row::{Attempt, Attempts, Row};
use crate::state::State;

/// Columns of an attempt.
const ATTEMPT: &str = "a.key, a.n AS attempt_n, a.number, a.state AS attempt_state, a.owner,
  a.request_id, a.reserved, a.cost, a.cost_is_estimate, a.note, a.result, a.claimed_at,
  a.submitted_at, a.ended_at";

/// Returns the query of attempts.
pub(super) fn attempts_sql(of: &Attempts) -> String {
    let condition = match of {
        Attempts::All => "1",
        Attempts::OfJob(_) => "a.n = (SELECT n FROM job WHERE id = ?1)",
        Attempts::OfRequest(_) => "a.request_id = ?1",
        Attempts::Held => "a.state IN ('intent', 'submitted')",
        Attempts::InDoubt => "a.state = 'in_doubt'",
    };
    format!("SELECT {ATTEMPT} FROM attempt a WHERE {condition} ORDER BY a.n, a.number")
}

impl Transition<'_> {
    pub(super) fn counts(&self) -> Result<Counts, Failure> {
        let mut counts = Counts::default();
        let sql = "SELECT state, count(*) AS number FROM job GROUP BY state";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            *counts.of_state_mut(parsed::<State>(row, "state")?) = unsigned(row, "number")?;
        }
        counts.doubts = self.count("attempt WHERE state = 'in_doubt'")?;
        counts.strays = self.count("received WHERE is_stray")?;
        counts.money = self.money()?;
        Ok(counts)
    }

    /// Reads both sums in one transaction.
    pub(super) fn funds(&self) -> Result<Funds, Failure> {
        let sql = "SELECT coalesce(sum(estimate), 0) AS waiting FROM job WHERE state = 'ready'";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(Funds {
            spending: self.money()?,
            waiting: statement.query_row([], |row| money(row, "waiting"))?,
        })
    }

    fn count(&self, of: &str) -> Result<u64, Failure> {
        let sql = format!("SELECT count(*) AS number FROM {of}");
        let mut statement = self.connection.prepare_cached(&sql)?;
        Ok(statement.query_row([], |row| unsigned(row, "number"))?)
    }

    pub(super) fn count_by_prefix(&self, prefix: &str) -> Result<BTreeMap<State, u64>, Failure> {
        // The first condition alone lets the index of ids find where to begin.
        let mut statement = self.connection.prepare_cached(
            "SELECT state, count(*) AS number FROM job
             WHERE id >= ?1 AND substr(id, 1, length(?1)) = ?1 GROUP BY state",
        )?;
        let read = |row: &SqlRow<'_>| Ok((parsed(row, "state")?, unsigned(row, "number")?));
        let counts = statement.query_map([prefix], read)?;
        Ok(counts.collect::<Result<_, _>>()?)
    }

    pub(super) fn find(&self, id: &JobId) -> Result<Option<Row>, Failure> {
        Ok(self.query_rows("j.id = ?1", [id.as_str()])?.pop())
    }

    pub(super) fn rows(
        &self,
        state: Option<State>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Row>, Failure> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        match state {
            Some(state) => {
                let condition = "j.state = ?1 AND j.n > ?2 ORDER BY j.n LIMIT ?3";
                self.query_rows(condition, (state.as_str(), int(after), limit))
            }
            None => self.query_rows("j.n > ?1 ORDER BY j.n LIMIT ?2", (int(after), limit)),
        }
    }

    pub(super) fn latest(
        &self,
        prefix: &str,
        states: &[State],
        limit: usize,
    ) -> Result<Vec<Row>, Failure> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        // Only jobs that may be returned are read whole: a store may have millions.
        let of_state = |state: &State| {
            let state = state.as_str();
            if prefix.is_empty() {
                format!("SELECT n FROM job WHERE state = '{state}' ORDER BY n DESC LIMIT ?2")
            } else {
                // With the plus signs SQLite takes the index of ids, in which fewer jobs are to be read than in that of states.
                format!(
                    "SELECT n FROM job WHERE id >= ?1 AND substr(id, 1, length(?1)) = ?1
                       AND +state = '{state}' ORDER BY +n DESC LIMIT ?2"
                )
            }
        };
        let numbers = states
            .iter()
            .map(|state| format!("SELECT * FROM ({})", of_state(state)));
        let numbers: Vec<String> = numbers.collect();
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let numbers = numbers.join(" UNION ALL ");
        let condition = format!("j.n IN ({numbers}) ORDER BY j.n DESC LIMIT ?2");
        self.query_rows(&condition, (prefix, limit))
    }

    fn query_rows(&self, condition: &str, parameters: impl Params) -> Result<Vec<Row>, Failure> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT j.n, j.id, j.model, i.input, j.priority, j.estimate, j.state,
               j.cancel_requested, j.not_before, {ATTEMPT}
             FROM job j JOIN job_input i ON i.n = j.n
             LEFT JOIN attempt a ON a.n = j.n AND a.number = j.attempts WHERE {condition}"
        ))?;
        let rows = statement.query_map(parameters, read_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub(super) fn attempts(&self, of: &Attempts) -> Result<Vec<Attempt>, Failure> {
        let mut statement = self.connection.prepare_cached(&attempts_sql(of))?;
        let id = match of {
            Attempts::OfJob(id) => Some(id.as_str()),
            Attempts::OfRequest(id) => Some(id.as_str()),
            Attempts::All | Attempts::Held | Attempts::InDoubt => None,
        };
        let attempts = statement.query_map(params_from_iter(id), read_attempt)?;
        Ok(attempts.collect::<Result<_, _>>()?)
    }

    pub(super) fn events(&self, after: u64, limit: usize) -> Result<Vec<Event>, Failure> {
        let mut statement = self.connection.prepare_cached(
            "SELECT e.seq, e.at, e.n, j.id, e.number, e.incarnation, e.state_before, e.state_after,
               e.attempt_state, e.note
             FROM event e JOIN job j ON j.n = e.n WHERE e.seq > ?1 ORDER BY e.seq LIMIT ?2",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let events = statement.query_map([int(after), limit], |row| self.read_event(row))?;
        Ok(events.collect::<Result<_, _>>()?)
    }

    fn read_event(&self, row: &SqlRow<'_>) -> rusqlite::Result<Event> {
        let n = unsigned(row, "n")?;
        let number: Option<u32> = row.get("number")?;
        Ok(Event {
            seq: unsigned(row, "seq")?,
            at: time(row, "at")?,
            n,
            id: parsed(row, "id")?,
            incarnation: incarnation(row, "incarnation")?,
            from: parsed(row, "state_before")?,
            to: parsed(row, "state_after")?,
            key: number.map(|number| JobKey::new(self.batch, n, number)),
            attempt: optional(row, "attempt_state")?,
            note: row.get("note")?,
        })
    }
}

fn read_row(row: &SqlRow<'_>) -> rusqlite::Result<Row> {
    let has_attempt = row.get::<_, Option<u32>>("number")?.is_some();
    Ok(Row {
        n: unsigned(row, "n")?,
        id: parsed(row, "id")?,
        model: row.get("model")?,
        input: parsed(row, "input")?,
        priority: row.get("priority")?,
        estimate: money(row, "estimate")?,
        state: parsed(row, "state")?,
        cancel_requested: row.get("cancel_requested")?,
        not_before: time(row, "not_before")?,
        attempt: has_attempt.then(|| read_attempt(row)).transpose()?,
    })
}

fn read_attempt(row: &SqlRow<'_>) -> rusqlite::Result<Attempt> {
    let cost = row.get::<_, Option<Unsigned>>("cost")?;
    Ok(Attempt {
        key: parsed(row, "key")?,
        n: unsigned(row, "attempt_n")?,
        number: row.get("number")?,
        state: parsed(row, "attempt_state")?,
        owner: incarnation(row, "owner")?,
        request_id: optional(row, "request_id")?,
        reserved: money(row, "reserved")?,
        cost: cost.map(|cost| Money::from_micros(cost.0)),
        cost_is_estimate: row.get("cost_is_estimate")?,
        note: row.get("note")?,
        result: optional(row, "result")?,
        claimed_at: time(row, "claimed_at")?,
        submitted_at: optional_time(row, "submitted_at")?,
        ended_at: optional_time(row, "ended_at")?,
    })
}
