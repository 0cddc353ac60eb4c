//! CSV.

use std::io;

use csv::Writer;

use super::csv_cell::{or_empty, sum, text};
use super::entry::Entry;
use super::transition::Transition;
use crate::row::Attempt;

/// Lines of CSV under a head, in memory until they are taken.
pub(super) struct CsvLines(Writer<Vec<u8>>);

const ENTRY: [&str; 22] = [
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

const EVENT: [&str; 11] = [
    "seq",
    "at",
    "n",
    "id",
    "incarnation",
    "from",
    "to",
    "key",
    "attempt",
    "note",
    "process",
];

impl CsvLines {
    /// Creates a table of jobs.
    pub(super) fn of_entries() -> io::Result<Self> {
        Self::new(&ENTRY)
    }

    /// Creates a table of events.
    pub(super) fn of_events() -> io::Result<Self> {
        Self::new(&EVENT)
    }

    fn new(head: &[&str]) -> io::Result<Self> {
        let mut writer = Writer::from_writer(Vec::new());
        writer.write_record(head)?;
        Ok(Self(writer))
    }

    /// Adds a job. Money is that of all its attempts; what belongs to one attempt is of the last one.
    pub(super) fn entry(&mut self, entry: &Entry) -> io::Result<()> {
        let (row, money) = (&entry.row, entry.money);
        let attempt = row.attempt.as_ref();
        let of = |value: fn(&Attempt) -> Option<String>| or_empty(attempt.and_then(value));
        let note = attempt.and_then(|attempt| attempt.note.as_deref());
        let files = row.files().collect::<Vec<_>>().join("\n");
        let input = (!row.input.is_null()).then_some(&row.input);
        let cells: [String; ENTRY.len()] = [
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
            text(entry.prompt().unwrap_or_default()).into(),
            or_empty(input),
            or_empty(row.output()),
        ];
        Ok(self.0.write_record(&cells)?)
    }

    /// Adds an event.
    pub(super) fn transition(&mut self, transition: &Transition<'_>) -> io::Result<()> {
        let event = transition.event;
        let cells: [String; EVENT.len()] = [
            event.seq.to_string(),
            event.at.to_string(),
            event.n.to_string(),
            text(event.id.as_str()).into(),
            or_empty(event.incarnation),
            event.from.to_string(),
            event.to.to_string(),
            or_empty(event.key.as_ref()),
            or_empty(event.attempt),
            text(event.note.as_deref().unwrap_or_default()).into(),
            text(transition.process.unwrap_or_default()).into(),
        ];
        Ok(self.0.write_record(&cells)?)
    }

    /// Returns the lines that were added since the last call.
    pub(super) fn take(&mut self) -> io::Result<Vec<u8>> {
        let lines = std::mem::replace(&mut self.0, Writer::from_writer(Vec::new()));
        lines
            .into_inner()
            .map_err(|error| io::Error::other(error.to_string()))
    }
}
