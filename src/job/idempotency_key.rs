//! The key of a submit, which is the same for all its attempts.

use std::hash::{BuildHasher, Hasher, RandomState};

/// Creates a key for [`Submit::key`](crate::job::submit::Submit::key), like the one that a submit creates by itself: 32 hexadecimal
/// digits. Use it to store the key before anything is sent.
#[must_use]
pub fn new_idempotency_key() -> String {
    // Two jobs with one key would be one for a service that looks at it, so half of it comes from
    // the system's own randomness.
    let system = RandomState::new().build_hasher().finish();
    let key = u128::from(system) << 64 | u128::from(fastrand::u64(..));
    format!("{key:032x}")
}
