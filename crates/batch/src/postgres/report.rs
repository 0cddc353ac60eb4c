//! Reads: limits, counts, rows, attempts, the journal.

use std::collections::BTreeMap;
use std::time::Duration;

use runcomfy::schema::Json;
use tokio_postgres::Row as SqlRow;
use tokio_postgres::types::Type;

use super::PostgresStore;
use super::failure::Failure;
use super::value::{Columns, Parameter, int};
use crate::counts::{Counts, Funds, Spending};
use crate::event::Event;
use crate::incarnation::{IncarnationId, Process};
use crate::job_id::JobId;
use crate::job_key::JobKey;
use crate::limits::{Limits, Rate};
use crate::row::{Attempt, Attempts, Row};
use crate::state::State;
use crate::timestamp::Timestamp;

/// Columns of an attempt.
const ATTEMPT: &str = "a.key, a.n AS attempt_n, a.number, a.state AS attempt_state, a.owner,
  a.request_id, a.reserved, a.cost, a.cost_is_estimate, a.note, a.result, a.claimed_at,
  a.submitted_at, a.ended_at";

impl PostgresStore {
    pub(super) async fn read_limits(&self) -> Result<Limits, Failure> {
        let row = self.batch("budget, gap, burst").await?;
        let mut limits = Limits::none();
        limits.budget = row.optional_money("budget")?;
        let burst = row.optional_unsigned("burst")?;
        if let (Some(gap), Some(burst)) = (row.optional_unsigned("gap")?, burst) {
            let burst = u32::try_from(burst).unwrap_or(u32::MAX);
            limits.rate = Some(Rate::from_parts(Duration::from_micros(gap), burst));
        }
        Ok(limits)
    }

    pub(super) async fn read_service(&self) -> Result<Option<String>, Failure> {
        self.batch("service").await?.column("service")
    }

    pub(super) async fn read_schemas(&self) -> Result<Vec<(String, Json)>, Failure> {
        let schema = self.connection.schema();
        let sql = format!("SELECT model, schema FROM {schema}.model_schema ORDER BY model");
        let rows = self.connection.query(&sql, &[]).await?;
        let read = |row: &SqlRow| Ok((row.column("model")?, row.parsed("schema")?));
        rows.iter().map(read).collect()
    }

    /// Counts in one statement, so that all numbers are of one moment.
    pub(super) async fn count(&self) -> Result<Counts, Failure> {
        let schema = self.connection.schema();
        let sql = format!(
            "SELECT j.state, j.number, b.*,
               (SELECT count(*) FROM {schema}.attempt WHERE state = 'in_doubt') AS doubts,
               (SELECT count(*) FROM {schema}.received WHERE is_stray) AS strays
             FROM {schema}.batch b
             LEFT JOIN (SELECT state, count(*) AS number FROM {schema}.job GROUP BY state) j ON true"
        );
        let mut counts = Counts::default();
        for row in self.connection.query(&sql, &[]).await? {
            if let Some(state) = row.optional::<State>("state")? {
                *counts.of_state_mut(state) = row.unsigned("number")?;
            }
            counts.doubts = row.unsigned("doubts")?;
            counts.strays = row.unsigned("strays")?;
            counts.money = read_spending(&row)?;
        }
        Ok(counts)
    }

    /// Reads both sums in one statement, so that they are of one moment.
    pub(super) async fn read_funds(&self) -> Result<Funds, Failure> {
        let schema = self.connection.schema();
        let row = self
            .batch(&format!(
                "*, (SELECT coalesce(sum(estimate), 0)::bigint FROM {schema}.job
                 WHERE state = 'ready') AS waiting"
            ))
            .await?;
        Ok(Funds {
            spending: read_spending(&row)?,
            waiting: row.money("waiting")?,
        })
    }

    pub(super) async fn read_count_by_prefix(
        &self,
        prefix: &str,
    ) -> Result<BTreeMap<State, u64>, Failure> {
        let schema = self.connection.schema();
        let sql = format!(
            "SELECT state, count(*) AS number FROM {schema}.job
             WHERE starts_with(id, $1) GROUP BY state"
        );
        let parameters: &[_] = &[(&prefix as _, Type::TEXT)];
        let rows = self.connection.query(&sql, parameters).await?;
        let read = |row: &SqlRow| Ok((row.parsed("state")?, row.unsigned("number")?));
        rows.iter().map(read).collect()
    }

    async fn batch(&self, columns: &str) -> Result<SqlRow, Failure> {
        let sql = format!("SELECT {columns} FROM {}.batch", self.connection.schema());
        let mut rows = self.connection.query(&sql, &[]).await?;
        rows.pop().ok_or(Failure::Unreadable("the batch"))
    }

    pub(super) async fn find_row(&self, id: &JobId) -> Result<Option<Row>, Failure> {
        let parameters: &[_] = &[(&id.as_str() as _, Type::TEXT)];
        Ok(self.query_rows("j.id = $1", parameters).await?.pop())
    }

    pub(super) async fn read_rows(
        &self,
        state: Option<State>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Row>, Failure> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let state = state.map(State::as_str);
        let parameters: &[_] = &[
            (&int(after) as _, Type::INT8),
            (&limit as _, Type::INT8),
            (&state as _, Type::TEXT),
        ];
        let condition = "j.n > $1 AND ($3 IS NULL OR j.state = $3) ORDER BY j.n LIMIT $2";
        self.query_rows(condition, parameters).await
    }

    pub(super) async fn read_latest(
        &self,
        prefix: &str,
        states: &[State],
        limit: usize,
    ) -> Result<Vec<Row>, Failure> {
        let states: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let parameters: &[_] = &[
            (&prefix as _, Type::TEXT),
            (&states as _, Type::TEXT_ARRAY),
            (&limit as _, Type::INT8),
        ];
        let condition = "starts_with(j.id, $1) AND j.state = ANY ($2) ORDER BY j.n DESC LIMIT $3";
        self.query_rows(condition, parameters).await
    }

    async fn query_rows(
        &self,
        condition: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Failure> {
        let schema = self.connection.schema();
        let sql = format!(
            "SELECT j.n, j.id, j.model, i.input, j.priority, j.estimate, j.state,
               j.cancel_requested, j.not_before, {ATTEMPT}
             FROM {schema}.job j JOIN {schema}.job_input i ON i.n = j.n
             LEFT JOIN {schema}.attempt a ON a.n = j.n AND a.number = j.attempts WHERE {condition}"
        );
        let rows = self.connection.query(&sql, parameters).await?;
        rows.iter().map(read_row).collect()
    }

    pub(super) async fn read_attempts(&self, of: &Attempts) -> Result<Vec<Attempt>, Failure> {
        let schema = self.connection.schema();
        let condition = match of {
            Attempts::All => "true".to_owned(),
            Attempts::OfJob(_) => format!("a.n = (SELECT n FROM {schema}.job WHERE id = $1)"),
            Attempts::OfRequest(_) => "a.request_id = $1".to_owned(),
            Attempts::Held => "a.state IN ('intent', 'submitted')".to_owned(),
            Attempts::InDoubt => "a.state = 'in_doubt'".to_owned(),
        };
        let id = match of {
            Attempts::OfJob(id) => id.as_str(),
            Attempts::OfRequest(id) => id.as_str(),
            _ => "",
        };
        let all: &[_] = &[(&id as _, Type::TEXT)];
        let parameters = if id.is_empty() { &[] } else { all };
        let sql = format!(
            "SELECT {ATTEMPT} FROM {schema}.attempt a WHERE {condition} ORDER BY a.n, a.number"
        );
        let attempts = self.connection.query(&sql, parameters).await?;
        attempts.iter().map(read_attempt).collect()
    }

    pub(super) async fn read_processes(&self) -> Result<Vec<Process>, Failure> {
        let schema = self.connection.schema();
        let sql = format!(
            "SELECT id, process, started_at,
               alive_until > (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS is_living
             FROM {schema}.incarnation ORDER BY id"
        );
        let rows = self.connection.query(&sql, &[]).await?;
        let read = |row: &SqlRow| {
            Ok(Process {
                id: IncarnationId(row.unsigned("id")?),
                name: row.column("process")?,
                started_at: Timestamp::from_micros(row.unsigned("started_at")?),
                is_living: row.column("is_living")?,
            })
        };
        rows.iter().map(read).collect()
    }

    pub(super) async fn read_events(
        &self,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Event>, Failure> {
        let schema = self.connection.schema();
        let sql = format!(
            "SELECT e.seq, e.at, e.n, j.id, e.number, e.incarnation, e.state_before, e.state_after,
               e.attempt_state, e.note
             FROM {schema}.event e JOIN {schema}.job j ON j.n = e.n
             WHERE e.seq > $1 ORDER BY e.seq LIMIT $2"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let parameters: &[_] = &[(&int(after) as _, Type::INT8), (&limit as _, Type::INT8)];
        let events = self.connection.query(&sql, parameters).await?;
        events.iter().map(|row| self.read_event(row)).collect()
    }

    fn read_event(&self, row: &SqlRow) -> Result<Event, Failure> {
        let n = row.unsigned("n")?;
        let number: Option<i32> = row.column("number")?;
        let number = number.and_then(|number| u32::try_from(number).ok());
        Ok(Event {
            seq: row.unsigned("seq")?,
            at: row.time("at")?,
            n,
            id: row.parsed("id")?,
            incarnation: row.incarnation("incarnation")?,
            from: row.parsed("state_before")?,
            to: row.parsed("state_after")?,
            key: number.map(|number| JobKey::new(&self.id, n, number)),
            attempt: row.optional("attempt_state")?,
            note: row.column("note")?,
        })
    }
}

fn read_spending(row: &SqlRow) -> Result<Spending, Failure> {
    Ok(Spending {
        budget: row.optional_money("budget")?,
        reserved: row.money("reserved")?,
        spent: row.money("spent")?,
        spent_by_estimate: row.money("spent_by_estimate")?,
        in_doubt: row.money("in_doubt")?,
    })
}

fn read_row(row: &SqlRow) -> Result<Row, Failure> {
    let has_attempt = row.column::<Option<i32>>("number")?.is_some();
    Ok(Row {
        n: row.unsigned("n")?,
        id: row.parsed("id")?,
        model: row.column("model")?,
        input: row.parsed("input")?,
        priority: row.column("priority")?,
        estimate: row.money("estimate")?,
        state: row.parsed("state")?,
        cancel_requested: row.column("cancel_requested")?,
        not_before: row.time("not_before")?,
        attempt: has_attempt.then(|| read_attempt(row)).transpose()?,
    })
}

fn read_attempt(row: &SqlRow) -> Result<Attempt, Failure> {
    Ok(Attempt {
        key: row.parsed("key")?,
        n: row.unsigned("attempt_n")?,
        number: row.number("number")?,
        state: row.parsed("attempt_state")?,
        owner: row.incarnation("owner")?,
        request_id: row.optional("request_id")?,
        reserved: row.money("reserved")?,
        cost: row.optional_money("cost")?,
        cost_is_estimate: row.column("cost_is_estimate")?,
        note: row.column("note")?,
        result: row.optional("result")?,
        claimed_at: row.time("claimed_at")?,
        submitted_at: row.optional_time("submitted_at")?,
        ended_at: row.optional_time("ended_at")?,
    })
}
