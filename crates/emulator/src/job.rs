//! One accepted submit, and how the replies show it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::account::{Micros, usd};
use crate::clock::{Clock, Moment};
use crate::output::Output;
use crate::queue::{Phase, Ticket};

/// What a dictated reply wants of the job that its submit makes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terms {
    pub(crate) failure: Option<Value>,
    pub(crate) run_time: Option<Duration>,
}

/// What is fixed about a job once it is accepted; where it stands is the queue's to say.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) request_id: String,
    pub(crate) ticket: Ticket,
    /// The token that submitted it: nobody else may see it.
    pub(crate) owner: String,
    pub(crate) created: Moment,
    /// What it will have ended with: an output or an error.
    pub(crate) ending: Result<Output, Value>,
    /// What it costs if it succeeds.
    pub(crate) price: Micros,
}

impl Job {
    /// What is to be paid for it: a job that fails costs nothing, like one that was cancelled.
    pub(crate) fn cost(&self, phase: Phase) -> Micros {
        match (phase, &self.ending) {
            (Phase::Finished { .. }, Ok(_)) => self.price,
            _ => 0,
        }
    }

    /// The answer to the submit, from the server at `origin`, such as `http://127.0.0.1:8188`.
    pub(crate) fn submitted(&self, origin: &str) -> Value {
        json!({
            "request_id": self.request_id,
            "status_url": self.url(origin, "status"),
            "result_url": self.url(origin, "result"),
            "cancel_url": self.url(origin, "cancel"),
        })
    }

    /// The answer to `status`.
    pub(crate) fn status(&self, phase: Phase, origin: &str) -> Value {
        let mut body = json!({ "request_id": self.request_id, "status": status(phase) });
        if let Phase::Queued { ahead } = phase {
            body["queue_position"] = ahead.into();
        }
        body["status_url"] = self.url(origin, "status").into();
        body["result_url"] = self.url(origin, "result").into();
        body
    }

    /// The answer to `result`: the ending where there is one, else the current status.
    pub(crate) fn result(&self, phase: Phase, clock: &Clock, origin: &str, cost: bool) -> Value {
        let mut body = json!({ "request_id": self.request_id, "status": status(phase) });
        match (phase, &self.ending) {
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

    /// The answer to `cancel`, given whether the job could be taken out of the queue.
    pub(crate) fn cancel(&self, taken_out: bool, phase: Phase) -> Value {
        let outcome = if taken_out {
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

/// The status of a job: one that failed is `completed`, too.
fn status(phase: Phase) -> &'static str {
    match phase {
        Phase::Queued { .. } => "in_queue",
        Phase::Running => "in_progress",
        Phase::Finished { .. } => "completed",
        Phase::Cancelled { .. } => "cancelled",
    }
}
