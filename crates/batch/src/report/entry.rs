//! A job of a report, with the money of all its attempts.

use runcomfy::schema::Json;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::counts::Spending;
use crate::row::{Attempt, Attempts, Row};
use crate::state::AttemptState;
use crate::store::Store;
use crate::store::error::StoreError;

/// A job with the money of all its attempts.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) row: Row,
    /// Money of all attempts; the budget is none.
    pub(super) money: Spending,
    /// Attempts before the last one, of which some may be paid or in doubt.
    pub(super) earlier: Vec<Attempt>,
}

impl Entry {
    /// Reads the earlier attempts at a job.
    pub(super) async fn read(
        store: &dyn Store,
        mut row: Row,
        has_input: bool,
    ) -> Result<Self, StoreError> {
        let number = row.attempt.as_ref().map_or(0, |attempt| attempt.number);
        let mut earlier = Vec::new();
        if number > 1 {
            earlier = store.attempts(Attempts::OfJob(row.id.clone())).await?;
            earlier.retain(|attempt| attempt.number < number);
        }
        if !has_input {
            row.input = Json::Null;
        }
        let mut money = Spending::default();
        for attempt in earlier.iter().chain(&row.attempt) {
            money.add(attempt);
        }
        Ok(Self {
            row,
            money,
            earlier,
        })
    }

    /// Returns the attempts in doubt.
    pub(super) fn doubts(&self) -> impl Iterator<Item = &Attempt> {
        let attempts = self.earlier.iter().chain(&self.row.attempt);
        attempts.filter(|attempt| attempt.state == AttemptState::InDoubt)
    }

    /// Returns the prompt, where the input has one.
    pub(super) fn prompt(&self) -> Option<&str> {
        self.row.input.get("prompt").and_then(Json::as_str)
    }
}

/// Writes the members of the row, and the sums of all attempts beside them.
impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.row.serialize_members(&mut map)?;
        map.serialize_entry("total_spent", &self.money.spent)?;
        map.serialize_entry("total_reserved", &self.money.reserved)?;
        map.serialize_entry("total_in_doubt", &self.money.in_doubt)?;
        map.end()
    }
}
