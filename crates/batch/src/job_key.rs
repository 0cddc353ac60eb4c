//! Idempotency keys of attempts.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::text::as_text;

/// The idempotency key of one attempt at a job: the store's id, the job's number, the attempt's number.
///
/// Each claim makes a new attempt with a new key, and a key is sent at most once. An id that the service
/// gave for a key therefore names the attempt that is paid. serde writes and reads it as a string.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobKey(Arc<str>);

/// Error of parsing a text that is no key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidJobKey(());

const MAX_LENGTH: usize = 255;

impl JobKey {
    /// Makes the key of an attempt.
    pub(crate) fn new(store: &str, n: u64, attempt: u32) -> Self {
        Self(format!("{store}-{n}-{attempt}").into())
    }

    /// Returns the text of the key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for JobKey {
    type Err = InvalidJobKey;

    fn from_str(text: &str) -> Result<Self, InvalidJobKey> {
        let visible = text.bytes().all(|b| b.is_ascii_graphic());
        if text.is_empty() || text.len() > MAX_LENGTH || !visible {
            return Err(InvalidJobKey(()));
        }
        Ok(Self(text.into()))
    }
}

as_text!(JobKey, InvalidJobKey);

impl fmt::Display for InvalidJobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "not a key; expected 1 to {MAX_LENGTH} visible ASCII characters"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_can_be_sent_in_a_header() {
        let key = JobKey::new("0123456789abcdef", u64::MAX, u32::MAX);
        assert_eq!(key.as_str().parse(), Ok(key));
        for bad in ["", "a b", "ä", "a\r\nb", &"a".repeat(256)] {
            assert!(bad.parse::<JobKey>().is_err(), "{bad:?}");
        }
    }
}
