//! The key that goes out with a submit. It is made here, so that who leaves before an answer has it.

use std::hash::{BuildHasher, RandomState};
use std::time::SystemTime;

/// A new one. Two jobs with one key would be one for a service that looks at it, so the time is in
/// it beside what is random.
pub(crate) fn new() -> String {
    let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let nanoseconds = time.unwrap_or_default().as_nanos();
    // Seeded by the system, another in each process.
    let random = RandomState::new().hash_one(std::process::id());
    format!("{nanoseconds:016x}{random:016x}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_two_are_the_same() {
        assert_ne!(super::new(), super::new());
        assert_eq!(super::new().len(), 32);
    }
}
