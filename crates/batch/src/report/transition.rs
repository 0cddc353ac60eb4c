//! A transition of the journal, with the process that made it.

use std::collections::HashMap;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::csv_cell::{or_empty, text};
use super::table::Line;
use crate::event::Event;
use crate::incarnation::IncarnationId;
use crate::store::Store;
use crate::store::error::StoreError;

/// An event with the name of the process that made it.
#[derive(Debug)]
pub(super) struct Transition<'a> {
    pub(super) event: &'a Event,
    /// Is `None` for a person, or whoever imports.
    pub(super) process: Option<&'a str>,
}

/// Names of processes by the numbers of their incarnations.
#[derive(Debug, Default)]
pub(super) struct Names(HashMap<IncarnationId, String>);

impl Names {
    /// Reads the names, unless those of all these events are known. A process may start while a report is
    /// written.
    pub(super) async fn read(
        &mut self,
        store: &dyn Store,
        events: &[Event],
    ) -> Result<(), StoreError> {
        let mut makers = events.iter().filter_map(|event| event.incarnation);
        if makers.any(|id| !self.0.contains_key(&id)) {
            let processes = store.processes().await?;
            let names = processes
                .into_iter()
                .map(|process| (process.id, process.name));
            self.0 = names.collect();
        }
        Ok(())
    }

    /// Returns the event with the name of its process.
    pub(super) fn transition<'a>(&'a self, event: &'a Event) -> Transition<'a> {
        let name = |id: &IncarnationId| self.0.get(id).map(String::as_str);
        let process = event.incarnation.as_ref().and_then(name);
        Transition { event, process }
    }
}

/// Writes the members of the event, and the name beside them.
impl Serialize for Transition<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.event.serialize_members(&mut map)?;
        map.serialize_entry("process", &self.process)?;
        map.end()
    }
}

impl Line for Transition<'_> {
    const HEAD: &'static [&'static str] = &[
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

    fn cells(&self) -> Vec<String> {
        let event = self.event;
        vec![
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
            text(self.process.unwrap_or_default()).into(),
        ]
    }
}
