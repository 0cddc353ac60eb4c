//! The journal of a machine: the intents that it has claimed, beside the server that may forget them.

use std::collections::HashSet;
use std::path::PathBuf;

use runcomfy::schema::Json;
use serde_json::json;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use tracing::warn;

use super::connection::Connection;
use super::failure::Failure;
use super::value::Columns;
use crate::durable_lines::DurableLines;
use crate::job_key::JobKey;
use crate::store::error::{StoreError, StoreErrorKind};

/// Number of intents that are compared in one call.
const BLOCK: usize = 1000;

/// A file with a line for each intent of this machine.
#[derive(Debug)]
pub(super) struct Journal(DurableLines);

/// Intents of the journal, column by column.
#[derive(Default)]
struct Intents {
    keys: Vec<String>,
    ns: Vec<i64>,
    numbers: Vec<i32>,
    reserved: Vec<i64>,
    claimed_at: Vec<i64>,
}

impl Journal {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(DurableLines::new(path))
    }

    /// Appends the rows of a claim, and syncs.
    pub(super) async fn append(&self, batch: &str, jobs: &[Row]) -> Result<(), Failure> {
        if jobs.is_empty() {
            return Ok(());
        }
        let line = |row: &Row| -> Result<Json, Failure> {
            Ok(json!({
                "batch": batch,
                "key": row.column::<&str>("key")?,
                "id": row.column::<&str>("id")?,
                "n": row.column::<i64>("n")?,
                "number": row.column::<i32>("number")?,
                "reserved": row.column::<i64>("reserved")?,
                "claimed_at": row.column::<i64>("claimed_at")?,
            }))
        };
        let lines = jobs.iter().map(line).collect::<Result<Vec<_>, _>>()?;
        self.0.append(&lines).await.map_err(Failure::Journal)
    }

    /// Reads the intents of a batch, in blocks.
    async fn read(&self, batch: &str) -> Result<Vec<Intents>, Failure> {
        let lines = self.0.read().await.map_err(Failure::Journal)?;
        let mine: Vec<_> = lines
            .into_iter()
            .filter(|line| line["batch"] == batch)
            .collect();
        let blocks = mine.chunks(BLOCK).map(|lines| {
            let mut intents = Intents::default();
            for line in lines {
                intents.add(line);
            }
            intents
        });
        Ok(blocks.collect())
    }

    /// Puts intents of the journal that the server has forgotten in doubt.
    pub(super) async fn remember(
        &self,
        connection: &Connection,
        batch: &str,
        now: Option<i64>,
    ) -> Result<(), Failure> {
        let mut lost = HashSet::new();
        for intents in self.read(batch).await? {
            let parameters: &[_] = &[
                (&now as _, Type::INT8),
                (&intents.keys as _, Type::TEXT_ARRAY),
                (&intents.ns as _, Type::INT8_ARRAY),
                (&intents.numbers as _, Type::INT4_ARRAY),
                (&intents.reserved as _, Type::INT8_ARRAY),
                (&intents.claimed_at as _, Type::INT8_ARRAY),
            ];
            for row in connection.call("remember", parameters).await? {
                let key: JobKey = row.parsed("key")?;
                if row.column::<&str>("kind")? == "doubt" {
                    warn!(batch, %key, "the server has forgotten this submit; its job is in doubt");
                } else {
                    lost.insert(key);
                }
            }
        }
        let first = lost.iter().min();
        first.map_or(Ok(()), |first| Err(forgotten(first, lost.len()).into()))
    }
}

impl Intents {
    /// Adds a line; one that no version has written is left out.
    fn add(&mut self, line: &Json) {
        let number = |name: &str| line[name].as_i64();
        let intent = (
            line["key"].as_str(),
            number("n"),
            number("number").and_then(|number| i32::try_from(number).ok()),
            number("reserved"),
            number("claimed_at"),
        );
        if let (Some(key), Some(n), Some(number), Some(reserved), Some(claimed_at)) = intent {
            self.keys.push(key.to_owned());
            self.ns.push(n);
            self.numbers.push(number);
            self.reserved.push(reserved);
            self.claimed_at.push(claimed_at);
        }
    }
}

fn forgotten(first: &JobKey, number: usize) -> StoreError {
    StoreError::new(
        StoreErrorKind::ServerChanged,
        format!(
            "the server has forgotten {number} submits of this machine whose jobs it does not know or has given to another worker since, such as {first}; each may be paid twice, and nothing is submitted. Look for the keys in the journal and in the account's history, then move the journal away"
        ),
    )
}
