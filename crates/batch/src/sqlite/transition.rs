//! Steps that transitions share: the books, attempts, the journal.

use std::str::FromStr;

use runcomfy::RequestId;
use rusqlite::types::{FromSql, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::failure::Failure;
use crate::counts::Spending;
use crate::incarnation::IncarnationId;
use crate::job_key::JobKey;
use crate::money::Money;
use crate::resolution::ended_at;
use crate::state::{AttemptState, State};
use crate::store::error::StoreError;
use crate::timestamp::Timestamp;

/// A transition within its transaction.
pub(super) struct Transition<'a> {
    pub(super) connection: &'a Connection,
    /// Id of the batch.
    pub(super) batch: &'a str,
    pub(super) now: Timestamp,
}

/// An attempt and its job, as far as transitions need them.
pub(super) struct Position {
    pub(super) n: u64,
    pub(super) number: u32,
    pub(super) state: AttemptState,
    pub(super) owner: Option<IncarnationId>,
    pub(super) request_id: Option<RequestId>,
    pub(super) reserved: Money,
    pub(super) note: Option<String>,
    pub(super) ended_at: Option<Timestamp>,
    pub(super) model: String,
    pub(super) job_state: State,
    pub(super) cancel_requested: bool,
    /// Is `true` if the job has no newer attempt.
    pub(super) is_last: bool,
}

/// Converts to the integers of SQLite. Sums and times do not reach their end.
pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A column of integers that are not negative.
pub(super) struct Unsigned(pub(super) u64);

impl FromSql for Unsigned {
    fn column_result(value: ValueRef<'_>) -> rusqlite::types::FromSqlResult<Self> {
        let number = i64::column_result(value)?;
        let number = u64::try_from(number);
        number
            .map(Self)
            .map_err(|_| rusqlite::types::FromSqlError::InvalidType)
    }
}

/// A column of words or ids that are parsed.
pub(super) struct Parsed<T>(pub(super) T);

impl<T: FromStr> FromSql for Parsed<T> {
    fn column_result(value: ValueRef<'_>) -> rusqlite::types::FromSqlResult<Self> {
        let parsed = value.as_str()?.parse();
        parsed
            .map(Self)
            .map_err(|_| rusqlite::types::FromSqlError::InvalidType)
    }
}

pub(super) fn unsigned(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    Ok(row.get::<_, Unsigned>(column)?.0)
}

pub(super) fn money(row: &Row<'_>, column: &str) -> rusqlite::Result<Money> {
    Ok(Money::from_micros(unsigned(row, column)?))
}

pub(super) fn time(row: &Row<'_>, column: &str) -> rusqlite::Result<Timestamp> {
    Ok(Timestamp::from_micros(unsigned(row, column)?))
}

pub(super) fn optional_time(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Timestamp>> {
    let micros = row.get::<_, Option<Unsigned>>(column)?;
    Ok(micros.map(|micros| Timestamp::from_micros(micros.0)))
}

pub(super) fn parsed<T: FromStr>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    Ok(row.get::<_, Parsed<T>>(column)?.0)
}

pub(super) fn optional<T: FromStr>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>> {
    let value = row.get::<_, Option<Parsed<T>>>(column)?;
    Ok(value.map(|value| value.0))
}

pub(super) fn incarnation(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<IncarnationId>> {
    let id = row.get::<_, Option<Unsigned>>(column)?;
    Ok(id.map(|id| IncarnationId(id.0)))
}

impl Transition<'_> {
    /// Refuses an incarnation that is not the last one.
    pub(super) fn check_alive(&self, me: IncarnationId) -> Result<(), Failure> {
        if self.last_incarnation()? == me.0 {
            return Ok(());
        }
        Err(StoreError::incarnation_ended().into())
    }

    pub(super) fn last_incarnation(&self) -> Result<u64, Failure> {
        let sql = "SELECT coalesce(max(id), 0) AS id FROM incarnation";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_row([], |row| unsigned(row, "id"))?)
    }

    pub(super) fn position(&self, key: &JobKey) -> Result<Option<Position>, Failure> {
        let mut statement = self.connection.prepare_cached(
            "SELECT a.n, a.number, a.state, a.owner, a.request_id, a.reserved,
               a.note, a.ended_at, j.model, j.state AS job_state, j.cancel_requested, a.number = j.attempts AS is_last
             FROM attempt a JOIN job j ON j.n = a.n WHERE a.key = ?1",
        )?;
        let position = statement.query_row([key.as_str()], |row| {
            Ok(Position {
                n: unsigned(row, "n")?,
                number: row.get("number")?,
                state: parsed(row, "state")?,
                owner: incarnation(row, "owner")?,
                request_id: optional(row, "request_id")?,
                reserved: money(row, "reserved")?,
                note: row.get("note")?,
                ended_at: optional_time(row, "ended_at")?,
                model: row.get("model")?,
                job_state: parsed(row, "job_state")?,
                cancel_requested: row.get("cancel_requested")?,
                is_last: row.get("is_last")?,
            })
        });
        Ok(position.optional()?)
    }

    /// Returns the money of the batch.
    pub(super) fn money(&self) -> Result<Spending, Failure> {
        let mut statement = self.connection.prepare_cached(
            "SELECT budget, reserved, spent, spent_by_estimate, in_doubt FROM batch",
        )?;
        let spending = statement.query_row([], |row| {
            let budget = row.get::<_, Option<Unsigned>>("budget")?;
            Ok(Spending {
                budget: budget.map(|budget| Money::from_micros(budget.0)),
                reserved: money(row, "reserved")?,
                spent: money(row, "spent")?,
                spent_by_estimate: money(row, "spent_by_estimate")?,
                in_doubt: money(row, "in_doubt")?,
            })
        });
        Ok(spending?)
    }

    pub(super) fn set_money(&self, money: &Spending) -> Result<(), Failure> {
        let mut statement = self.connection.prepare_cached(
            "UPDATE batch SET reserved = ?1, spent = ?2, spent_by_estimate = ?3, in_doubt = ?4",
        )?;
        statement.execute(params![
            int(money.reserved.micros()),
            int(money.spent.micros()),
            int(money.spent_by_estimate.micros()),
            int(money.in_doubt.micros()),
        ])?;
        Ok(())
    }

    /// Ends an attempt, or puts it in doubt, and with it the job that waits for it. Its money moves with
    /// it; `cost` is what is spent of it, and `None` where it is an estimate.
    pub(super) fn end(
        &self,
        at: &Position,
        by: Option<IncarnationId>,
        (of_attempt, of_job): (AttemptState, State),
        cost: Option<Money>,
        note: Option<&str>,
    ) -> Result<(), Failure> {
        let mut money = self.money()?;
        at.withdraw(&mut money);
        let spent = cost.unwrap_or(at.reserved);
        match of_attempt {
            AttemptState::InDoubt => money.in_doubt += at.reserved,
            AttemptState::NoJob => {}
            _ => {
                money.spent += spent;
                if cost.is_none() {
                    money.spent_by_estimate += spent;
                }
            }
        }
        self.set_money(&money)?;
        let is_spent = !matches!(of_attempt, AttemptState::InDoubt | AttemptState::NoJob);
        let mut statement = self.connection.prepare_cached(
            "UPDATE attempt SET state = ?3, note = ?4, ended_at = ?5, cost = ?6, cost_is_estimate = ?7
             WHERE n = ?1 AND number = ?2",
        )?;
        statement.execute(params![
            int(at.n),
            at.number,
            of_attempt.as_str(),
            note,
            int(ended_at(note, at.ended_at, self.now).micros()),
            is_spent.then(|| int(spent.micros())),
            is_spent && cost.is_none(),
        ])?;
        let waits = matches!(
            at.job_state,
            State::Intent | State::InDoubt | State::Submitted
        );
        let after = if at.is_last && waits {
            of_job
        } else {
            at.job_state
        };
        self.set_job_state(at.n, at.job_state, after)?;
        let states = (at.job_state, after);
        self.log(at.n, Some((at.number, of_attempt)), by, states, note)
    }

    pub(super) fn set_job_state(&self, n: u64, from: State, to: State) -> Result<(), Failure> {
        if from != to {
            let sql = "UPDATE job SET state = ?2 WHERE n = ?1";
            let mut statement = self.connection.prepare_cached(sql)?;
            statement.execute(params![int(n), to.as_str()])?;
        }
        Ok(())
    }

    /// Writes an event of the journal.
    pub(super) fn log(
        &self,
        n: u64,
        attempt: Option<(u32, AttemptState)>,
        by: Option<IncarnationId>,
        (from, to): (State, State),
        note: Option<&str>,
    ) -> Result<(), Failure> {
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO event
               (at, n, number, incarnation, state_before, state_after, attempt_state, note)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?;
        statement.execute(params![
            int(self.now.micros()),
            int(n),
            attempt.map(|(number, _)| number),
            by.map(|by| int(by.0)),
            from.as_str(),
            to.as_str(),
            attempt.map(|(_, state)| state.as_str()),
            note,
        ])?;
        Ok(())
    }
}

impl Position {
    /// Takes what is reserved for the attempt out of the sum in which it is.
    pub(super) fn withdraw(&self, money: &mut Spending) {
        let sum = match self.state {
            AttemptState::Intent | AttemptState::Submitted => &mut money.reserved,
            AttemptState::InDoubt => &mut money.in_doubt,
            _ => return,
        };
        *sum = sum.minus(self.reserved);
    }

    /// Returns the state of a job that is not submitted after all.
    pub(super) fn unless_cancelled(&self, state: State) -> State {
        if self.cancel_requested {
            State::Cancelled
        } else {
            state
        }
    }
}
