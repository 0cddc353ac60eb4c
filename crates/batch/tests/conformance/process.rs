//! A process that works on a batch, as the law wants it.

use std::collections::BTreeMap;
use std::sync::Arc;

use runcomfy::RequestId;
use runcomfy_batch::{Claimed, Ending, Incarnation, IncarnationId, JobKey, NotSent, Store};

use crate::service::Answer;

/// A process: what is lost when it is killed.
pub(crate) struct Process {
    /// One handle for each store.
    pub(crate) stores: Vec<Arc<dyn Store>>,
    /// One incarnation for each store; none while it is not registered.
    pub(crate) me: Vec<Incarnation>,
    /// Jobs that it may send.
    pub(crate) claimed: Vec<Claimed>,
    /// Submits whose answers have not arrived.
    pub(crate) in_flight: Vec<(IncarnationId, JobKey, Answer)>,
    /// Facts that the store has not acknowledged yet.
    pub(crate) ids: Vec<(IncarnationId, (JobKey, RequestId))>,
    /// Ids that an earlier process has written to its file, for the next incarnation to report.
    pub(crate) spilled: Vec<(JobKey, RequestId)>,
    pub(crate) not_sent: Vec<(IncarnationId, NotSent)>,
    pub(crate) doubts: Vec<(IncarnationId, (JobKey, String))>,
    pub(crate) endings: Vec<(IncarnationId, Ending)>,
    /// Submitted jobs that it waits for, with the incarnation that may settle them.
    pub(crate) running: BTreeMap<JobKey, IncarnationId>,
}

impl Process {
    pub(crate) fn new(stores: Vec<Arc<dyn Store>>) -> Self {
        Self {
            stores,
            me: Vec::new(),
            claimed: Vec::new(),
            in_flight: Vec::new(),
            ids: Vec::new(),
            spilled: Vec::new(),
            not_sent: Vec::new(),
            doubts: Vec::new(),
            endings: Vec::new(),
            running: BTreeMap::new(),
        }
    }

    pub(crate) fn id(&self) -> Option<IncarnationId> {
        Some(self.me.first()?.id())
    }

    /// Returns the keys of the attempts that may be in flight for all that the store knows.
    pub(crate) fn unreported(&self) -> Vec<JobKey> {
        let claimed = self.claimed.iter().map(|job| &job.key);
        let in_flight = self.in_flight.iter().map(|(_, key, _)| key);
        let ids = self.ids.iter().map(|(_, (key, _))| key);
        let not_sent = self.not_sent.iter().map(|(_, attempt)| attempt.key());
        let doubts = self.doubts.iter().map(|(_, (key, _))| key);
        let keys = claimed.chain(in_flight).chain(ids).chain(not_sent);
        keys.chain(doubts).cloned().collect()
    }

    /// Returns the keys of the submitted attempts whose end it will report, or has reported without an answer.
    pub(crate) fn waits(&self) -> Vec<JobKey> {
        let endings = self.endings.iter().map(|(_, ending)| ending.key());
        let keys = self.running.keys().chain(endings).cloned();
        keys.chain(self.unreported()).collect()
    }
}

/// Takes the facts of one incarnation out of a list, those of the first entry.
pub(crate) fn take_first<T: Clone>(list: &[(IncarnationId, T)]) -> Option<(IncarnationId, Vec<T>)> {
    let (first, _) = list.first()?;
    let same = list.iter().filter(|(by, _)| by == first);
    Some((*first, same.map(|(_, fact)| fact.clone()).collect()))
}
