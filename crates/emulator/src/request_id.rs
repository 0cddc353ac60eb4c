//! Generates request ids.

use std::hash::{BuildHasher, RandomState};

/// Generates request ids in the form of random UUIDs.
pub(crate) struct RequestIds {
    state: u64,
}

impl RequestIds {
    /// Creates a generator. The same seed gives the same ids; without one they differ between
    /// starts, so that an id of an earlier emulator never names a job of this one.
    pub(crate) fn new(seed: Option<u64>) -> Self {
        Self {
            state: seed.unwrap_or_else(|| RandomState::new().hash_one(0)),
        }
    }

    pub(crate) fn next(&mut self) -> String {
        let (high, low) = (self.random(), self.random());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            low >> 48 & 0x3fff | 0x8000,
            low & 0xffff_ffff_ffff,
        )
    }

    /// Returns the next number of SplitMix64, which repeats none, so that ids are unique.
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_have_the_form_of_uuids_and_are_unique() {
        let mut ids = RequestIds::new(Some(1));
        let all: HashSet<String> = (0..10_000).map(|_| ids.next()).collect();
        assert_eq!(all.len(), 10_000);
        for id in &all {
            let lengths: Vec<usize> = id.split('-').map(str::len).collect();
            assert_eq!(
                (lengths, id.as_bytes()[14]),
                (vec![8, 4, 4, 4, 12], b'4'),
                "{id}"
            );
        }
        assert!(all.contains(&RequestIds::new(Some(1)).next()));
        assert!(!all.contains(&RequestIds::new(None).next()));
    }
}
