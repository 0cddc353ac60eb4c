//! A job, and the responses that show it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::account::{Micros, usd};
use crate::clock::{Clock, Moment};
use crate::output::Output;
use crate::queue::{Phase, Ticket};

/// Overrides of a scripted reply for the job that its submit makes.
#[derive(Clone, Debug, Default)]
pub(crate) struct JobOverrides {
    pub(crate) failure: Option<Value>,
    pub(crate) run_time: Option<Duration>,
}

/// Holds what is fixed once a job is accepted; its phase comes from the queue.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) request_id: String,
    /// Index of the job in the ledger.
    pub(crate) entry: usize,
    pub(crate) ticket: Ticket,
    /// Token that submitted the job: no other account sees it.
    pub(crate) owner: String,
    pub(crate) created: Moment,
    /// Outcome that the job will have: an output or an error.
    pub(crate) outcome: Result<Output, Value>,
    /// Price of the job if it succeeds.
    pub(crate) price: Micros,
}

impl Job {
    /// Returns what the job costs in this phase: only one that has succeeded costs its price.
    pub(crate) fn cost(&self, phase: Phase) -> Micros {
        match (phase, &self.outcome) {
            (Phase::Finished { .. }, Ok(_)) => self.price,
            _ => 0,
        }
    }

    /// Builds the response to the submit. `origin` is the server, such as `http://127.0.0.1:8188`.
    pub(crate) fn submitted(&self, origin: &str) -> Value {
        json!({
            "request_id": self.request_id,
            "status_url": self.url(origin, "status"),
            "result_url": self.url(origin, "result"),
            "cancel_url": self.url(origin, "cancel"),
        })
    }

    /// Builds the response to a status poll.
    pub(crate) fn status(&self, phase: Phase, origin: &str) -> Value {
        let mut body = json!({ "request_id": self.request_id, "status": status(phase) });
        if let Phase::Queued { ahead } = phase {
            body["queue_position"] = ahead.into();
        }
        body["status_url"] = self.url(origin, "status").into();
        body["result_url"] = self.url(origin, "result").into();
        body
    }

    /// Builds the response to a result request: the outcome if the job has ended, else its status.
    pub(crate) fn result(&self, phase: Phase, clock: &Clock, origin: &str, cost: bool) -> Value {
        let mut body = json!({ "request_id": self.request_id, "status": status(phase) });
        match (phase, &self.outcome) {
            (Phase::Finished { .. }, Ok(output)) => {
                body["status"] = "succeeded".into();
                body["output"] = output.to_json(origin, &self.request_id);
            }
            (Phase::Finished { .. }, Err(error)) => {
                body["status"] = "failed".into();
                body["error"] = error.clone();
            }
            _ => {}
        }
        body["created_at"] = clock.date(self.created).into();
        if let Phase::Finished { at } | Phase::Cancelled { at } = phase {
            body["finished_at"] = clock.date(at).into();
            if cost {
                body["cost"] = usd(self.cost(phase)).into();
            }
        }
        body
    }

    /// Builds the response to a cancel; `cancelled` is `true` if the job was still in the queue.
    pub(crate) fn cancel(&self, cancelled: bool, phase: Phase) -> Value {
        let outcome = if cancelled {
            "cancelled"
        } else {
            "not_cancellable"
        };
        json!({ "request_id": self.request_id, "status": status(phase), "outcome": outcome })
    }

    fn url(&self, origin: &str, call: &str) -> String {
        format!("{origin}/v1/requests/{}/{call}", self.request_id)
    }
}

/// Returns the status of a phase. A failed job is `completed` as well.
pub(crate) fn status(phase: Phase) -> &'static str {
    match phase {
        Phase::Queued { .. } => "in_queue",
        Phase::Running => "in_progress",
        Phase::Finished { .. } => "completed",
        Phase::Cancelled { .. } => "cancelled",
    }
}
