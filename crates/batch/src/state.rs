//! States of jobs and of attempts.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// Error of parsing a text that is no state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownState(());

/// Declares an enum of states with their words.
macro_rules! states {
    ($(#[$doc:meta])* $name:ident { $($(#[$member_doc:meta])* $member:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        ///
        /// Each has a stable word, which `Display`, `FromStr`, serde and the store use.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$member_doc])* $member,)+
        }

        impl $name {
            /// Lists every state.
            pub const ALL: &[Self] = &[$(Self::$member,)+];

            /// Returns the state's word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$member => $word,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownState;

            fn from_str(word: &str) -> Result<Self, UnknownState> {
                let mut all = Self::ALL.iter();
                all.find(|state| state.as_str() == word).copied().ok_or(UnknownState(()))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

states! {
    /// State of a job.
    State {
        /// The job can be claimed. Nothing is in flight for it.
        Ready = "ready",
        /// An incarnation has claimed it and may be sending its submit.
        Intent = "intent",
        /// The service has accepted it; its request id is known.
        Submitted = "submitted",
        /// The job succeeded, and its outputs are saved.
        Saved = "saved",
        /// The job failed at the service, was refused, or was declared to have no job.
        Failed = "failed",
        /// The job was cancelled.
        Cancelled = "cancelled",
        /// Its submit has an unknown outcome: the service may have accepted it, and charge for it.
        InDoubt = "in_doubt",
    }
}

states! {
    /// State of an attempt at a job: of one idempotency key.
    AttemptState {
        /// An incarnation may be sending it.
        Intent = "intent",
        /// The service has accepted it; its request id is known.
        Submitted = "submitted",
        /// The attempt succeeded, and its outputs are saved.
        Saved = "saved",
        /// The attempt was accepted and failed.
        Failed = "failed",
        /// The attempt was accepted and cancelled.
        Cancelled = "cancelled",
        /// Its outcome is unknown.
        InDoubt = "in_doubt",
        /// The attempt made no job: it was not sent, was refused, or was declared to have no job.
        NoJob = "no_job",
    }
}

impl State {
    /// Returns `true` if the job has ended: nothing happens to it by itself any more. A job in doubt
    /// has not; a person decides on it.
    #[must_use]
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Saved | Self::Failed | Self::Cancelled)
    }
}

impl fmt::Display for UnknownState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a state")
    }
}

impl std::error::Error for UnknownState {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_parsed_from_its_word() {
        for state in State::ALL {
            assert_eq!(state.to_string().parse(), Ok(*state));
        }
        for state in AttemptState::ALL {
            assert_eq!(state.to_string().parse(), Ok(*state));
        }
        assert_eq!("gone".parse::<State>(), Err(UnknownState(())));
    }
}
