//! Events as JSON objects, for other programs.

use std::time::Duration;

use serde::de::Error as _;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::Event;

impl Event {
    /// Returns the word of the event, such as `queued`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Queued { .. } => "queued",
            Self::Started => "started",
            Self::UnknownStatus(_) => "unknown_status",
            Self::Retrying { .. } => "retrying",
            Self::NotCancellable => "not_cancellable",
            Self::ErrorBesideOutput(_) => "error_beside_output",
            Self::Done(_) => "done",
        }
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("event", self.as_str())?;
        match self {
            Self::Submitted | Self::Started | Self::NotCancellable => {}
            Self::Queued { position } => map.serialize_entry("position", position)?,
            Self::UnknownStatus(status) => map.serialize_entry("status", status)?,
            Self::Retrying {
                failures,
                kind,
                backoff,
            } => {
                map.serialize_entry("failures", failures)?;
                map.serialize_entry("kind", kind)?;
                map.serialize_entry("backoff_seconds", &backoff.as_secs_f64())?;
            }
            Self::ErrorBesideOutput(error) => map.serialize_entry("error", error)?,
            Self::Done(status) => map.serialize_entry("status", status)?,
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut members = Map::deserialize(deserializer)?;
        read(&mut members).map_err(D::Error::custom)
    }
}

/// Reads an event; members that it does not have are ignored.
fn read(members: &mut Map<String, Value>) -> Result<Event, serde_json::Error> {
    Ok(match &*take::<String>(members, "event")? {
        "submitted" => Event::Submitted,
        "queued" => Event::Queued {
            position: take(members, "position")?,
        },
        "started" => Event::Started,
        "unknown_status" => Event::UnknownStatus(take(members, "status")?),
        "retrying" => Event::Retrying {
            failures: take(members, "failures")?,
            kind: take(members, "kind")?,
            backoff: Duration::try_from_secs_f64(take(members, "backoff_seconds")?)
                .map_err(serde_json::Error::custom)?,
        },
        "not_cancellable" => Event::NotCancellable,
        "error_beside_output" => Event::ErrorBesideOutput(take(members, "error")?),
        "done" => Event::Done(take(members, "status")?),
        _ => {
            let message = "not an event that this version knows; expected a word such as `queued`";
            return Err(serde_json::Error::custom(message));
        }
    })
}

/// Takes a member; one that is missing is read as `null`.
fn take<T: for<'de> Deserialize<'de>>(
    members: &mut Map<String, Value>,
    name: &str,
) -> Result<T, serde_json::Error> {
    let value = members.remove(name).unwrap_or_default();
    T::deserialize(value)
        .map_err(|error| serde_json::Error::custom(format_args!("`{name}`: {error}")))
}
