//! How long jobs run.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How long the jobs of each model ran, as a client has seen it: in seconds, the newest sixteen.
///
/// A wait uses them to ask rarely until the earliest likely end. A time that may be due to an outage,
/// or to looks that were wanted far apart, is not taken in. They live in memory; to keep them,
/// write [`Client::run_times`](crate::client::Client::run_times) somewhere and give them back to
/// [`ClientBuilder::run_times`](crate::client::ClientBuilder::run_times). As JSON they are an object from
/// model ids to arrays of seconds:
///
/// ```
/// let kept = r#"{"acme/paint/text-to-image":[11.8,12.4]}"#;
/// let times: runcomfy::RunTimes = serde_json::from_str(kept)?;
/// assert_eq!(times.of("acme/paint/text-to-image").last(), Some(12.4));
/// assert_eq!(serde_json::to_string(&times)?, kept);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunTimes {
    models: BTreeMap<Arc<str>, VecDeque<f64>>,
}

/// What the past makes likely.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Expected {
    pub(crate) shortest: Duration,
    pub(crate) typical: Duration,
    pub(crate) longest: Duration,
}

/// So many of a model are kept: enough for a spread, few enough to forget.
const KEPT: usize = 16;

impl RunTimes {
    /// The seconds that the jobs of a model ran, the newest last; none for a model without any.
    #[must_use]
    pub fn of(&self, model_id: &str) -> impl DoubleEndedIterator<Item = f64> + '_ {
        self.models.get(model_id).into_iter().flatten().copied()
    }

    /// The model's id as all its jobs share it.
    pub(crate) fn name(&mut self, model_id: &str) -> Arc<str> {
        if let Some((name, _)) = self.models.get_key_value(model_id) {
            return Arc::clone(name);
        }
        let name: Arc<str> = model_id.into();
        self.models.insert(Arc::clone(&name), VecDeque::new());
        name
    }

    pub(crate) fn record(&mut self, model_id: Arc<str>, time: Duration) {
        let times = self.models.entry(model_id).or_default();
        times.push_back(time.as_secs_f64());
        if times.len() > KEPT {
            times.pop_front();
        }
    }

    pub(crate) fn expected(&self, model_id: &str) -> Option<Expected> {
        let mut times: Vec<f64> = self.of(model_id).collect();
        times.sort_by(f64::total_cmp);
        let (shortest, longest) = (times.first()?, times.last()?);
        Some(Expected {
            shortest: Duration::from_secs_f64(*shortest),
            typical: Duration::from_secs_f64(times[times.len() / 2]),
            longest: Duration::from_secs_f64(*longest),
        })
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
            // As long as a clock can tell: what is longer is no duration in seconds.
            if let Some(time) = times.iter().find(|time| !(0.0..=LONGEST).contains(*time)) {
                return Err(D::Error::custom(format!(
                    "found {time} for `{id}`, expected seconds in 0..{LONGEST}"
                )));
            }
            times.drain(..times.len().saturating_sub(KEPT));
            models.insert(id.into(), times);
        }
        Ok(Self { models })
    }
}

/// A year, in seconds.
const LONGEST: f64 = 31_536_000.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept_and_tell_what_is_likely() {
        let mut times = RunTimes::default();
        let name = times.name("a/b");
        assert!(Arc::ptr_eq(&name, &times.name("a/b")));
        assert_eq!(times.expected("a/b"), None);
        for seconds in (1..=40).rev() {
            times.record(Arc::clone(&name), Duration::from_secs(seconds));
        }
        assert_eq!(times.of("a/b").count(), 16);
        let seconds = Duration::from_secs;
        assert_eq!(
            times.expected("a/b"),
            Some(Expected {
                shortest: seconds(1),
                typical: seconds(9),
                longest: seconds(16)
            })
        );
    }

    #[test]
    fn what_cannot_be_a_time_is_refused() {
        for text in [r#"{"a/b":[-1]}"#, r#"{"a/b":[1e300]}"#] {
            let error = serde_json::from_str::<RunTimes>(text).unwrap_err();
            assert!(error.to_string().contains("expected seconds"), "{error}");
        }
        let long = format!(r#"{{"a/b":{:?}}}"#, vec![3.0; 40]);
        let times: RunTimes = serde_json::from_str(&long).unwrap();
        assert_eq!(times.of("a/b").count(), 16);
    }
}
