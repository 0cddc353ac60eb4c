//! Remembers how long former jobs ran.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Run times of the jobs of each model that a client has waited for: in seconds, the newest sixteen.
///
/// A wait uses them to poll rarely until the earliest likely end. A time that an outage or a long
/// poll interval may have caused is not recorded. They live in memory; to keep them, write
/// [`Client::run_times`](crate::client::Client::run_times) to a file and give them to
/// [`ClientBuilder::run_times`](crate::client::ClientBuilder::run_times). As JSON they are an object
/// from model ids to arrays of seconds:
///
/// ```
/// let kept = r#"{"acme/paint/text-to-image":[11.8,12.4]}"#;
/// let times: runcomfy::RunTimes = serde_json::from_str(kept)?;
/// assert_eq!(times.seconds("acme/paint/text-to-image").last(), Some(12.4));
/// assert_eq!(serde_json::to_string(&times)?, kept);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunTimes {
    models: BTreeMap<Arc<str>, VecDeque<f64>>,
}

/// The run time that former jobs make likely.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Expected {
    pub(crate) min: Duration,
    pub(crate) typical: Duration,
    pub(crate) max: Duration,
}

/// Maximum number of run times of a model: enough for a spread, few enough to forget.
const MAX_TIMES: usize = 16;

impl RunTimes {
    /// Returns the seconds that the jobs of a model ran, the newest last.
    #[must_use]
    pub fn seconds(&self, model_id: &str) -> impl DoubleEndedIterator<Item = f64> + '_ {
        self.models.get(model_id).into_iter().flatten().copied()
    }

    /// Returns the model's id as all its jobs share it.
    fn name(&mut self, model_id: &str) -> Arc<str> {
        if let Some((name, _)) = self.models.get_key_value(model_id) {
            return Arc::clone(name);
        }
        let name: Arc<str> = model_id.into();
        self.models.insert(Arc::clone(&name), VecDeque::new());
        name
    }

    fn record(&mut self, model_id: Arc<str>, time: Duration) {
        let times = self.models.entry(model_id).or_default();
        times.push_back(time.as_secs_f64());
        if times.len() > MAX_TIMES {
            times.pop_front();
        }
    }

    fn expected(&self, model_id: &str) -> Option<Expected> {
        let mut times: Vec<f64> = self.seconds(model_id).collect();
        times.sort_by(f64::total_cmp);
        let (min, max) = (times.first()?, times.last()?);
        Some(Expected {
            min: Duration::from_secs_f64(*min),
            typical: Duration::from_secs_f64(times[times.len() / 2]),
            max: Duration::from_secs_f64(*max),
        })
    }
}

/// The run times that all waits of a client share.
#[derive(Debug)]
pub(crate) struct SharedRunTimes(Mutex<RunTimes>);

impl SharedRunTimes {
    pub(crate) fn new(times: RunTimes) -> Self {
        Self(Mutex::new(times))
    }

    pub(crate) fn snapshot(&self) -> RunTimes {
        self.lock().clone()
    }

    pub(crate) fn expected(&self, model_id: &str) -> Option<Expected> {
        self.lock().expected(model_id)
    }

    pub(crate) fn record(&self, model_id: Arc<str>, time: Duration) {
        self.lock().record(model_id, time);
    }

    /// Returns the model's id as all its jobs share it.
    pub(crate) fn name(&self, model_id: &str) -> Arc<str> {
        self.lock().name(model_id)
    }

    fn lock(&self) -> MutexGuard<'_, RunTimes> {
        // A time that is missing or doubled does no harm.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Serialize for RunTimes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let known = self.models.iter().filter(|(_, times)| !times.is_empty());
        serializer.collect_map(known.map(|(id, times)| (&**id, times)))
    }
}

impl<'de> Deserialize<'de> for RunTimes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut models = BTreeMap::new();
        for (id, mut times) in BTreeMap::<String, VecDeque<f64>>::deserialize(deserializer)? {
            if let Some(time) = times
                .iter()
                .find(|time| !(0.0..=MAX_SECONDS).contains(*time))
            {
                return Err(D::Error::custom(format!(
                    "found {time} for `{id}`, expected seconds in 0..={MAX_SECONDS}"
                )));
            }
            times.drain(..times.len().saturating_sub(MAX_TIMES));
            models.insert(id.into(), times);
        }
        Ok(Self { models })
    }
}

/// Maximum run time, a year: far more would be no duration that a clock can represent.
const MAX_SECONDS: f64 = 31_536_000.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newest_times_are_kept_and_expected() {
        let mut times = RunTimes::default();
        let name = times.name("a/b");
        assert!(Arc::ptr_eq(&name, &times.name("a/b")));
        assert_eq!(times.expected("a/b"), None);
        for seconds in (1..=40).rev() {
            times.record(Arc::clone(&name), Duration::from_secs(seconds));
        }
        assert_eq!(times.seconds("a/b").count(), 16);
        let seconds = Duration::from_secs;
        assert_eq!(
            times.expected("a/b"),
            Some(Expected {
                min: seconds(1),
                typical: seconds(9),
                max: seconds(16)
            })
        );
    }

    #[test]
    fn impossible_times_are_refused() {
        for text in [r#"{"a/b":[-1]}"#, r#"{"a/b":[1e300]}"#] {
            let error = serde_json::from_str::<RunTimes>(text).unwrap_err();
            assert!(error.to_string().contains("expected seconds"), "{error}");
        }
        let long = format!(r#"{{"a/b":{:?}}}"#, vec![3.0; 40]);
        let times: RunTimes = serde_json::from_str(&long).unwrap();
        assert_eq!(times.seconds("a/b").count(), 16);
    }
}
