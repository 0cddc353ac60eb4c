//! Tests files that lie: no fact that is certain is wrong.
//!
//! Each writer makes a file whose truth it knows, and changes some fields or bytes of it at random. It
//! shares no code with the readers. `RUNCOMFY_CASES` sets the number of files of each kind.

mod flac;
mod mp3;
mod mp4;
mod ogg;
mod orientation;
mod wav;

use fastrand::Rng;
use runcomfy_media::Facts;
use runcomfy_testkit::cases::{Cases, rerun};

use crate::source::{Behavior, Source};

/// Number of files of each kind.
const CASES: u64 = 200;

/// A file, and what is true of it.
struct Lie {
    bytes: Vec<u8>,
    truth: Truth,
    /// Description of the change.
    what: String,
    /// `true` if a few reads cannot find the lie, so that only the whole file is read.
    is_local: bool,
}

enum Truth {
    Seconds(f64),
    Orientation(u8),
}

/// Tolerance in seconds, and as a part of the duration: that of a rule's verdict.
const TOLERANCE: (f64, f64) = (0.1, 0.001);

/// Asserts that no fact of a file is certain and wrong, in memory and behind a URL, and that enough of
/// them are known: a reader that never knows anything is never wrong.
fn check(min_known: f64, write: impl Fn(&mut Rng) -> Lie) {
    let cases = Cases::from_env(CASES);
    let (mut known, mut honest) = (0_u32, 0_u32);
    for seed in cases.seeds() {
        let lie = write(&mut Rng::with_seed(seed));
        let local = Facts::from_bytes(&lie.bytes);
        let mut found = vec![("in memory", local)];
        if !lie.is_local {
            let run = Source::from(lie.bytes.clone()).run(Behavior::default());
            found.push(("behind a URL", run.facts));
        }
        for (place, facts) in found {
            let is_right = match lie.truth {
                Truth::Seconds(truth) => facts
                    .duration_seconds
                    .map(|seconds| (seconds - truth).abs() <= TOLERANCE.0 + truth * TOLERANCE.1),
                Truth::Orientation(truth) => facts.orientation.map(|found| found == truth),
            };
            let truth = match lie.truth {
                Truth::Seconds(truth) => format!("{truth} s"),
                Truth::Orientation(truth) => format!("orientation {truth}"),
            };
            assert!(
                is_right != Some(false),
                "{place}, {}: {truth}, found {facts:?}; {}",
                lie.what,
                rerun(seed)
            );
            honest += u32::from(lie.what.is_empty());
            known += u32::from(lie.what.is_empty() && is_right == Some(true));
            assert!(is_right.is_some() || facts.unknown.is_some(), "{facts:?}");
        }
    }
    assert!(
        f64::from(known) >= f64::from(honest) * min_known,
        "{known} of {honest} files without lies are known"
    );
}

/// Chooses a member of a list.
fn one<T: Copy>(rng: &mut Rng, list: &[T]) -> T {
    list[rng.usize(..list.len())]
}

/// Returns bytes that begin no frame, page or chunk.
fn noise(rng: &mut Rng, length: usize) -> Vec<u8> {
    std::iter::repeat_with(|| rng.u8(1..0x20))
        .take(length)
        .collect()
}

#[test]
fn lying_wav_has_no_wrong_duration() {
    check(1.0, wav::write);
}

#[test]
fn lying_mp3_has_no_wrong_duration() {
    check(0.98, mp3::write);
}

#[test]
fn lying_ogg_has_no_wrong_duration() {
    check(1.0, ogg::write);
}

#[test]
fn lying_flac_has_no_wrong_duration() {
    check(1.0, flac::write);
}

#[test]
fn lying_mp4_has_no_wrong_duration() {
    check(1.0, mp4::write);
}

#[test]
fn hidden_orientation_is_never_taken_for_one() {
    check(1.0, orientation::write);
}
