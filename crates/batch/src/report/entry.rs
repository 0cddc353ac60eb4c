//! A job of a report, with the money of all its attempts.

use runcomfy::schema::Json;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::csv_cell::{or_empty, sum, text};
use super::table::Line;
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

/// Money is that of all attempts; what belongs to one attempt is of the last one.
impl Line for Entry {
    const HEAD: &'static [&'static str] = &[
        "n",
        "id",
        "model",
        "state",
        "attempts",
        "spent",
        "reserved",
        "in_doubt",
        "estimate",
        "cost_is_estimate",
        "key",
        "request_id",
        "claimed_at",
        "submitted_at",
        "ended_at",
        "note",
        "files",
        "folder",
        "worker",
        "prompt",
        "input",
        "output",
    ];

    fn cells(&self) -> Vec<String> {
        let (row, money) = (&self.row, self.money);
        let attempt = row.attempt.as_ref();
        let of = |value: fn(&Attempt) -> Option<String>| or_empty(attempt.and_then(value));
        let note = attempt.and_then(|attempt| attempt.note.as_deref());
        let files = row.files().collect::<Vec<_>>().join("\n");
        let input = (!row.input.is_null()).then_some(&row.input);
        vec![
            row.n.to_string(),
            text(row.id.as_str()).into(),
            text(&row.model).into(),
            row.state.to_string(),
            attempt.map_or(0, |attempt| attempt.number).to_string(),
            sum(money.spent),
            sum(money.reserved),
            sum(money.in_doubt),
            sum(row.estimate),
            attempt
                .is_some_and(|attempt| attempt.cost_is_estimate)
                .to_string(),
            of(|attempt| Some(attempt.key.to_string())),
            of(|attempt| attempt.request_id.as_ref().map(ToString::to_string)),
            of(|attempt| Some(attempt.claimed_at.to_string())),
            of(|attempt| attempt.submitted_at.map(|at| at.to_string())),
            of(|attempt| attempt.ended_at.map(|at| at.to_string())),
            text(note.unwrap_or_default()).into(),
            text(&files).into(),
            text(row.folder().unwrap_or_default()).into(),
            text(row.worker().unwrap_or_default()).into(),
            text(self.prompt().unwrap_or_default()).into(),
            or_empty(input),
            or_empty(row.output()),
        ]
    }
}
