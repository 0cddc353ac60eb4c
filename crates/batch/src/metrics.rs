//! Metrics for Prometheus.

mod exposition;
mod histogram;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use runcomfy::Outcome;

use crate::counts::Counts;
use crate::state::State;
use exposition::{Exposition, usd};
use histogram::Histogram;

/// Counts of what this process does for a batch, which Prometheus reads as text.
///
/// ```
/// use runcomfy_batch::{Counts, Metrics};
///
/// let text = Metrics::new().to_text("boats", Some(&Counts::default()));
/// assert!(text.contains("runcomfy_batch_in_doubt{batch=\"boats\"} 0\n"));
/// ```
#[derive(Debug)]
pub struct Metrics {
    accepted: AtomicU64,
    not_sent: AtomicU64,
    rejected: AtomicU64,
    unknown: AtomicU64,
    throttled: AtomicU64,
    submit: Histogram,
    run: Histogram,
}

/// Upper bounds of the time of a submit. It looks for a connection for at most 30 s.
const SUBMIT_SECONDS: &[f64] = &[0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// Upper bounds of the time from a submit to the end of its job at the service.
const RUN_SECONDS: &[f64] = &[
    1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0,
];

impl Metrics {
    /// Returns metrics that have counted nothing.
    #[must_use]
    pub fn new() -> Self {
        Self {
            accepted: AtomicU64::new(0),
            not_sent: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
            unknown: AtomicU64::new(0),
            throttled: AtomicU64::new(0),
            submit: Histogram::new(SUBMIT_SECONDS),
            run: Histogram::new(RUN_SECONDS),
        }
    }

    /// Counts a response with HTTP 429 after which the client retries by itself, so that the batch sees nothing of
    /// it. Call it from the client's [`RetryPolicy::retry_if`](runcomfy::RetryPolicy::retry_if).
    pub fn count_throttled(&self) {
        self.throttled.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a submit by its outcome, after this time.
    pub(crate) fn submitted<O: Send>(
        &self,
        outcome: &Outcome<O>,
        is_throttled: bool,
        time: Duration,
    ) {
        let counter = match outcome {
            Outcome::Accepted(_) => &self.accepted,
            Outcome::NotSent(_) => &self.not_sent,
            Outcome::Rejected(_) => &self.rejected,
            Outcome::Unknown(_) => &self.unknown,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        self.throttled
            .fetch_add(is_throttled.into(), Ordering::Relaxed);
        self.submit.add(time);
    }

    /// Counts a job of this process that has ended at the service, this time after its submit.
    pub(crate) fn ended(&self, time: Duration) {
        self.run.add(time);
    }

    /// Writes the metrics in Prometheus's text format, with the name of the batch as a label. Counts of the store
    /// are of the batch as a whole, and the same from each process; without them the store is reported as down.
    #[must_use]
    pub fn to_text(&self, batch: &str, counts: Option<&Counts>) -> String {
        let mut text = Exposition::new(batch);
        text.begin(
            "store_up",
            "gauge",
            "Is 1 if the store of the batch can be read.",
        );
        text.number("store_up", &[], counts.map_or(0, |_| 1));
        if let Some(counts) = counts {
            of_store(counts, &mut text);
        }
        text.begin(
            "submits_total",
            "counter",
            "Submits of this process by their outcome; unknown ones may be charged.",
        );
        for (outcome, counter) in [
            ("accepted", &self.accepted),
            ("not_sent", &self.not_sent),
            ("rejected", &self.rejected),
            ("unknown", &self.unknown),
        ] {
            let count = counter.load(Ordering::Relaxed);
            text.number("submits_total", &[("outcome", outcome)], count);
        }
        text.begin(
            "throttled_total",
            "counter",
            "Requests of this process that the service has refused with HTTP 429.",
        );
        let throttled = self.throttled.load(Ordering::Relaxed);
        text.number("throttled_total", &[], throttled);
        let help = "Time of a submit of this process, from its begin to its outcome.";
        self.submit.write("submit_seconds", help, &mut text);
        let help = "Time from a submit of this process to the end of its job at the service.";
        self.run.write("run_seconds", help, &mut text);
        text.into_text()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// Writes jobs by state, and the money.
fn of_store(counts: &Counts, text: &mut Exposition) {
    text.begin("jobs", "gauge", "Jobs of the batch by state.");
    for state in State::ALL {
        let labels = [("state", state.as_str())];
        text.number("jobs", &labels, counts.of_state(*state));
    }
    text.begin(
        "in_doubt",
        "gauge",
        "Submits with an unknown outcome, which may be charged. A person decides on each.",
    );
    text.number("in_doubt", &[], counts.doubts);
    text.begin(
        "strays",
        "gauge",
        "Request ids that belong to no attempt: these jobs may be paid twice.",
    );
    text.number("strays", &[], counts.strays);
    text.begin(
        "money_usd",
        "gauge",
        "Money of the batch in dollars; without a budget there is none of that kind.",
    );
    let money = counts.money;
    let kinds = [
        ("spent", Some(money.spent)),
        ("reserved", Some(money.reserved)),
        ("in_doubt", Some(money.in_doubt)),
        ("budget", money.budget),
    ];
    for (kind, sum) in kinds {
        if let Some(sum) = sum {
            text.sample("money_usd", &[("kind", kind)], &usd(sum));
        }
    }
}
