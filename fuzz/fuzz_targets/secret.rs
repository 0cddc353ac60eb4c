//! A secret in arbitrary texts: no panic, and no text that still shows it, as it is or in stacks of spellings.
//!
//! The test `redaction` of `runcomfy-testkit` checks the promise about spellings in CI, without a fuzzer.

#![no_main]

#[path = "../../crates/testkit/tests/redaction/decoder.rs"]
mod decoder;
#[path = "../../crates/testkit/tests/redaction/judge.rs"]
mod judge;
#[path = "../../crates/testkit/tests/redaction/spelling.rs"]
mod spelling;

use arbitrary::{Arbitrary, Result, Unstructured};
use fastrand::Rng;
use libfuzzer_sys::fuzz_target;
use runcomfy_schema::__private::Secret;
use spelling::Spelling;

/// Maximum number of spellings within each other.
const MAX_LAYERS: usize = 3;

/// Characters of tokens.
const CHARS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~+/=";

/// A secret, its spellings, and the bytes around it.
struct Case {
    secret: String,
    spellings: Vec<&'static Spelling>,
    /// Seed of the choices within a spelling.
    seed: u64,
    around: [Vec<u8>; 2],
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.spellings.iter().map(|s| s.name).collect();
        let (secret, seed, around) = (&self.secret, self.seed, &self.around);
        write!(f, "{secret} {names:?} {seed} {around:?}")
    }
}

impl<'a> Arbitrary<'a> for Case {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        // The judge tells a secret by eight characters, which a shorter one may share with any text.
        let length = bytes.int_in_range(24..=64)?;
        let char = |bytes: &mut Unstructured<'a>| Ok(char::from(*bytes.choose(CHARS)?));
        let secret = (0..length).map(|_| char(bytes)).collect::<Result<_>>()?;
        let layers = bytes.int_in_range(1..=MAX_LAYERS)?;
        let spellings = (0..layers).map(|_| bytes.choose(spelling::ALL));
        Ok(Self {
            secret,
            spellings: spellings.collect::<Result<_>>()?,
            seed: bytes.arbitrary()?,
            around: bytes.arbitrary()?,
        })
    }
}

fuzz_target!(|case: Case| {
    let secret = Secret::new(&case.secret);
    let [before, behind] = &case.around;
    let text = [before, case.secret.as_bytes(), behind].concat();
    let erased = secret.erase(text);
    let has_it = |erased: &[u8]| {
        let mut windows = erased.windows(case.secret.len());
        windows.any(|part| part == case.secret.as_bytes())
    };
    assert!(!has_it(&erased), "{:?}", String::from_utf8_lossy(&erased));

    let mut rng = Rng::with_seed(case.seed);
    let write = |text: String, spelling: &&Spelling| (spelling.write)(&mut rng, &text);
    let quoted = case.spellings.iter().fold(case.secret.clone(), write);
    let read = |text: String, spelling: &&Spelling| (spelling.read)(&text);
    let is_written = case.spellings.iter().rev().fold(quoted.clone(), read);
    if !is_written.contains(&case.secret)
        || judge::leak(&case.secret, "no such key: ; try another").is_some()
    {
        return;
    }
    let text = format!("{{\"error\": \"no such key: {quoted}; try another\"}}");
    let erased = secret.erase_text(&text).unwrap_or(text);
    if let Some(part) = judge::leak(&case.secret, &erased) {
        panic!("{part:?} of {} in {erased}", case.secret);
    }
});
