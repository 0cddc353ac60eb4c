//! A service that counts submits before it answers.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use runcomfy::RequestId;
use runcomfy_batch::{Claimed, JobKey, Money};

/// The service, as the truth about money: which keys arrived, and which were taken.
#[derive(Default)]
pub(crate) struct Service {
    arrived: BTreeSet<JobKey>,
    jobs: BTreeMap<JobKey, Taken>,
}

/// A job that the service has taken, and charges for.
pub(crate) struct Taken {
    /// Number of the job in the batch.
    pub(crate) n: u64,
    pub(crate) id: RequestId,
    /// Cost that it reports.
    pub(crate) cost: Option<Money>,
}

/// Answer to a submit, which may be lost.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    Accepted(RequestId),
    Refused,
    Lost,
}

impl Service {
    /// Takes a submit.
    pub(crate) fn submit(&mut self, job: &Claimed, rng: &mut Rng) -> Answer {
        let is_new = self.arrived.insert(job.key.clone());
        assert!(is_new, "the key {} was sent twice", job.key);
        if rng.u8(..10) == 0 {
            return Answer::Refused;
        }
        if rng.u8(..10) == 0 {
            // It never arrived, and nobody can know.
            return Answer::Lost;
        }
        let id: RequestId = format!("r-{}", job.key).parse().unwrap();
        let cost = (rng.u8(..4) > 0).then(|| Money::from_micros(rng.u64(..200)));
        let taken = Taken {
            n: job.n,
            id: id.clone(),
            cost,
        };
        self.jobs.insert(job.key.clone(), taken);
        if rng.u8(..8) == 0 {
            return Answer::Lost;
        }
        Answer::Accepted(id)
    }

    pub(crate) fn job(&self, key: &JobKey) -> Option<&Taken> {
        self.jobs.get(key)
    }

    pub(crate) fn jobs(&self) -> impl Iterator<Item = (&JobKey, &Taken)> {
        self.jobs.iter()
    }

    /// Returns how many jobs are charged for one job of the batch.
    pub(crate) fn charged(&self, n: u64) -> usize {
        self.jobs.values().filter(|job| job.n == n).count()
    }
}
