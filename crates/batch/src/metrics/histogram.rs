//! Histograms of times.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::exposition::Exposition;

/// Counts of times below bounds.
#[derive(Debug)]
pub(super) struct Histogram {
    /// Upper bounds in seconds, growing.
    bounds: &'static [f64],
    times: Mutex<Times>,
}

#[derive(Debug)]
struct Times {
    /// Number of times in each bucket, and in the last one those above all bounds.
    buckets: Vec<u64>,
    sum: Duration,
}

impl Histogram {
    pub(super) fn new(bounds: &'static [f64]) -> Self {
        let times = Times {
            buckets: vec![0; bounds.len() + 1],
            sum: Duration::ZERO,
        };
        Self {
            bounds,
            times: Mutex::new(times),
        }
    }

    pub(super) fn add(&self, time: Duration) {
        let seconds = time.as_secs_f64();
        let bucket = self.bounds.partition_point(|bound| *bound < seconds);
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        times.buckets[bucket] += 1;
        times.sum = times.sum.saturating_add(time);
    }

    /// Writes it as Prometheus reads it: each bucket contains those below it.
    pub(super) fn write(&self, name: &str, help: &str, text: &mut Exposition) {
        text.begin(name, "histogram", help);
        let times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        let bounds = self.bounds.iter().map(f64::to_string);
        let mut count = 0;
        for (bound, bucket) in bounds.chain(["+Inf".to_owned()]).zip(&times.buckets) {
            count += bucket;
            text.number(&format!("{name}_bucket"), &[("le", &bound)], count);
        }
        let sum = times.sum.as_secs_f64().to_string();
        text.sample(&format!("{name}_sum"), &[], &sum);
        text.number(&format!("{name}_count"), &[], count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_contains_those_below_it() {
        let histogram = Histogram::new(&[0.5, 1.0]);
        for millis in [100, 500, 600, 2000] {
            histogram.add(Duration::from_millis(millis));
        }
        let mut text = Exposition::new("b");
        histogram.write("x_seconds", "Time.", &mut text);
        let text = text.into_text();
        let samples: Vec<_> = text.lines().skip(2).collect();
        let expected = [
            "runcomfy_batch_x_seconds_bucket{batch=\"b\",le=\"0.5\"} 2",
            "runcomfy_batch_x_seconds_bucket{batch=\"b\",le=\"1\"} 3",
            "runcomfy_batch_x_seconds_bucket{batch=\"b\",le=\"+Inf\"} 4",
            "runcomfy_batch_x_seconds_sum{batch=\"b\"} 3.2",
            "runcomfy_batch_x_seconds_count{batch=\"b\"} 4",
        ];
        assert_eq!(samples, expected);
    }
}
