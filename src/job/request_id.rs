//! Ids of jobs.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The id of a submitted job: 1 to 128 letters, digits, `-` and `_`. Nothing else is accepted, so
/// that an id can never lead a request to another path. serde writes and reads it as a string.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(Arc<str>);

/// Error of parsing a text that is no request id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidRequestId(());

impl RequestId {
    /// Maximum length of an id, in characters; the service's own clients have this limit.
    const MAX_LENGTH: usize = 128;

    /// Returns the text of the id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RequestId {
    type Err = InvalidRequestId;

    fn from_str(text: &str) -> Result<Self, InvalidRequestId> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if text.is_empty() || text.len() > Self::MAX_LENGTH || !text.bytes().all(allowed) {
            return Err(InvalidRequestId(()));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for InvalidRequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "not a request id; expected 1 to {} letters, digits, `-` and `_`",
            RequestId::MAX_LENGTH
        )
    }
}

impl std::error::Error for InvalidRequestId {}

impl Serialize for RequestId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for RequestId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_change_a_path_are_no_ids() {
        let longest = "a".repeat(128);
        for good in ["a", "0d9f-A_z", longest.as_str()] {
            assert_eq!(good.parse::<RequestId>().unwrap().as_str(), good);
        }
        let too_long = "a".repeat(129);
        for bad in ["", "..", "a/b", "a?b", "a b", "ä", "%2e", too_long.as_str()] {
            assert!(bad.parse::<RequestId>().is_err(), "{bad}");
        }
    }
}
