//! Journal of a batch.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::incarnation::IncarnationId;
use crate::job_id::JobId;
use crate::job_key::JobKey;
use crate::state::{AttemptState, State};
use crate::timestamp::Timestamp;

/// A transition of a job, as the journal keeps it: what is needed to argue about a charge.
///
/// serde writes it as an object with the same members for every event; what an event does not have is
/// `null`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// Number of the event, from 1.
    pub seq: u64,
    /// Time of the transition.
    pub at: Timestamp,
    /// Number of the job in its batch.
    pub n: u64,
    /// Id of the job.
    pub id: JobId,
    /// Incarnation that made the transition; `None`: a person, or whoever imports.
    pub incarnation: Option<IncarnationId>,
    /// State of the job before.
    pub from: State,
    /// State of the job after.
    pub to: State,
    /// Key of the attempt.
    pub key: Option<JobKey>,
    /// State of the attempt after.
    pub attempt: Option<AttemptState>,
    /// Reason, or the id that arrived.
    pub note: Option<String>,
}

impl Event {
    /// Writes the members of the event into an object.
    pub(crate) fn serialize_members<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry("seq", &self.seq)?;
        map.serialize_entry("at", &self.at)?;
        map.serialize_entry("n", &self.n)?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("incarnation", &self.incarnation.map(IncarnationId::number))?;
        map.serialize_entry("from", &self.from)?;
        map.serialize_entry("to", &self.to)?;
        map.serialize_entry("key", &self.key)?;
        map.serialize_entry("attempt", &self.attempt)?;
        map.serialize_entry("note", &self.note)
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.serialize_members(&mut map)?;
        map.end()
    }
}
