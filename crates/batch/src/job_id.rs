//! Ids of jobs.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use runcomfy::schema::Json;

use crate::canonical::canonical;
use crate::text::as_text;

/// The id of a job within its batch: the user's own, or made from the job's content.
///
/// It has 1 to 255 bytes and no control characters. A batch has at most one job with an id, so that a
/// job which is imported again is recognised. serde writes and reads it as a string.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(Arc<str>);

/// Error of parsing a text that is no job id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidJobId(());

const MAX_LENGTH: usize = 255;

impl JobId {
    /// Returns the text of the id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Makes an id from a job's content: the same model and input give the same id in every version,
    /// whatever the order of the input's members.
    #[must_use]
    pub fn from_content(model: &str, input: &Json) -> Self {
        let content = content_hash(model, &canonical(input.clone()));
        Self(format!("{content:032x}").into())
    }

    /// Returns a hash of the id, for sets of many ids.
    pub(crate) fn digest(&self) -> u128 {
        hash(self.0.as_bytes())
    }

    /// Returns the id of a further job with the same content or of a repeated one: `ID#2` for the
    /// second, the id itself for the first.
    #[must_use]
    pub fn occurrence(&self, number: u64) -> Self {
        if number <= 1 {
            return self.clone();
        }
        Self(format!("{}#{number}", self.0).into())
    }
}

/// Returns the hash of a model and an input whose members are in order.
pub(crate) fn content_hash(model: &str, input: &Json) -> u128 {
    let input = input.to_string();
    hash(&[model.as_bytes(), input.as_bytes()].join(&0))
}

/// Returns the FNV-1a hash, which is the same in every version and on every machine.
///
/// It need not withstand attacks: an import compares the contents of jobs with one id.
fn hash(bytes: &[u8]) -> u128 {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let step = |hash: u128, byte: &u8| (hash ^ u128::from(*byte)).wrapping_mul(PRIME);
    bytes.iter().fold(OFFSET, step)
}

impl FromStr for JobId {
    type Err = InvalidJobId;

    fn from_str(text: &str) -> Result<Self, InvalidJobId> {
        if text.is_empty() || text.len() > MAX_LENGTH || text.chars().any(char::is_control) {
            return Err(InvalidJobId(()));
        }
        Ok(Self(text.into()))
    }
}

as_text!(JobId, InvalidJobId);

impl fmt::Display for InvalidJobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "not a job id; expected 1 to {MAX_LENGTH} bytes without control characters"
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn content_alone_decides_on_the_id() {
        let id = |model: &str, input: &Json| JobId::from_content(model, input);
        let boat = json!({ "prompt": "a boat", "seed": 1 });
        assert_eq!(
            id("m", &boat),
            id("m", &json!({ "seed": 1, "prompt": "a boat" }))
        );
        assert_ne!(id("m", &boat), id("n", &boat));
        assert_ne!(
            id("m", &boat),
            id("m", &json!({ "prompt": "a boat", "seed": 2 }))
        );
        // Stores of older versions have it.
        assert_eq!(id("m", &boat).as_str(), "41688b918c9826cc18256fbfec84f1bb");
        assert_eq!(hash(b"foobar"), 0x343e_1662_793c_64bf_6f0d_3597_ba44_6f18);
    }

    #[test]
    fn occurrences_are_numbered_from_the_second() {
        let id: JobId = "fog".parse().unwrap();
        assert_eq!(id.occurrence(1), id);
        assert_eq!(id.occurrence(2).as_str(), "fog#2");
    }

    #[test]
    fn ids_are_short_and_printable() {
        let longest = "a".repeat(255);
        for good in ["a", "row 7/ä", "x#2", &longest] {
            assert_eq!(good.parse::<JobId>().unwrap().as_str(), good);
        }
        for bad in ["", "a\nb", "\u{1b}[2J", &"a".repeat(256)] {
            assert!(bad.parse::<JobId>().is_err(), "{bad:?}");
        }
    }
}
