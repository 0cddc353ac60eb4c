//! The promise about secrets: whatever way a text spells one, it is erased; and nothing else is.
//!
//! The writer stacks spellings at random. The judge shares no code with what erases: it undoes the
//! spellings with decoders of its own. `RUNCOMFY_CASES` sets the number of texts, `RUNCOMFY_SEED` the
//! first seed.

// A failed setup ends the test.
#![allow(clippy::unwrap_used)]

mod decoder;
mod harmless;
mod judge;
mod spelling;

use fastrand::Rng;
use runcomfy_schema::__private::Secret;
use runcomfy_testkit::cases::{Cases, rerun};
use spelling::Spelling;

/// Default number of texts.
const CASES: u64 = 2_000;

/// Maximum number of spellings within each other.
const MAX_LAYERS: usize = 3;

/// Characters of tokens beside letters and digits, each also a mark of some spelling.
const MARKS: &[u8] = b"-_.~+/=";

fn token(rng: &mut Rng) -> String {
    let length = *[40, 40, 24, 36, 64].get(rng.usize(..5)).unwrap();
    let char = |at: usize, rng: &mut Rng| match rng.u8(..12) {
        0 if at > 0 => char::from(MARKS[rng.usize(..MARKS.len())]),
        _ => rng.alphanumeric(),
    };
    (0..length).map(|at| char(at, rng)).collect()
}

#[test]
fn token_is_erased_in_stacks_of_spellings() {
    let cases = Cases::from_env(CASES);
    let mut kept = std::collections::BTreeMap::new();
    for seed in cases.seeds() {
        let mut rng = Rng::with_seed(seed);
        let token = token(&mut rng);
        let mut quoted = token.clone();
        let mut stack = Vec::new();
        for _ in 0..rng.usize(1..=MAX_LAYERS) {
            let spelling = &spelling::ALL[rng.usize(..spelling::ALL.len())];
            quoted = (spelling.write)(&mut rng, &quoted);
            stack.push(spelling);
        }
        let names = stack.iter().rev().map(|spelling| spelling.name);
        let names = names.collect::<Vec<_>>().join(" of ");
        assert_is_written(&token, &quoted, &stack, seed, &names);
        let text = format!("{{\"error\": \"no such key: {quoted}; try another\"}}");
        let erased = Secret::new(&token).erase_text(&text).unwrap_or(text);
        if let Some(leak) = judge::leak(&token, &erased) {
            let example = format!("{leak:?} of {token} in {erased}\n{}", rerun(seed));
            kept.entry(names).or_insert((0, example)).0 += 1;
        }
    }
    let count: u64 = kept.values().map(|(count, _)| count).sum();
    println!("{} texts, {count} of them with a leak", cases.count);
    for (names, (count, example)) in kept.iter().take(20) {
        println!("{count} × {names}: {example}");
    }
    assert!(kept.is_empty(), "{count} texts still have the token");
}

/// The judge finds the token in the text as it was written; else it would prove nothing.
fn assert_is_written(token: &str, quoted: &str, stack: &[&Spelling], seed: u64, names: &str) {
    let undo = |text: String, spelling: &&Spelling| (spelling.read)(&text);
    let read = stack.iter().rev().fold(quoted.to_owned(), undo);
    assert!(
        read.contains(token),
        "{names}: {quoted}\nis {read}\nnot {token}\n{}",
        rerun(seed)
    );
}

#[test]
fn ordinary_text_stays_as_it_is() {
    let cases = Cases::from_env(CASES).percent(20);
    for seed in cases.seeds() {
        let mut rng = Rng::with_seed(seed);
        let secret = Secret::new(&token(&mut rng));
        let text = harmless::response(&mut rng);
        let erased = secret.erase_text(&text);
        assert_eq!(erased, None, "{text}\n{}", rerun(seed));
    }
}
