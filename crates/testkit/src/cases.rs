//! Sets the number of cases of a randomized test, and its seed.

use std::env::{self, VarError};
use std::ops::Range;

/// The cases of a randomized test. Each depends on its seed alone, so that it can run by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cases {
    /// Number of cases.
    pub count: u64,
    /// Seed of the first case; each further case has the next.
    pub first_seed: u64,
}

impl Cases {
    /// Returns a fifth of `thorough` cases from seed 1, and all of them where `RUNCOMFY_THOROUGH` is
    /// set. `RUNCOMFY_CASES` sets another number, `RUNCOMFY_SEED` another first seed.
    ///
    /// # Panics
    /// Panics where one of the variables is set to something else than a whole number.
    #[must_use]
    pub fn from_env(thorough: u64) -> Self {
        Self {
            count: size("RUNCOMFY_CASES", thorough),
            first_seed: number("RUNCOMFY_SEED").unwrap_or(1),
        }
    }

    /// Returns a part of the cases, from the same first seed.
    #[must_use]
    pub fn percent(self, percent: u64) -> Self {
        let count = self.count * percent / 100;
        Self { count, ..self }
    }

    /// Returns the seeds of all cases.
    #[must_use]
    pub fn seeds(self) -> Range<u64> {
        self.first_seed..self.first_seed + self.count
    }
}

/// Returns the number that `variable` sets, else a fifth of `thorough`, and all of it where
/// `RUNCOMFY_THOROUGH` is set.
///
/// # Panics
/// Panics where the variable is set to something else than a whole number.
#[must_use]
pub fn size(variable: &str, thorough: u64) -> u64 {
    let default = match env::var_os("RUNCOMFY_THOROUGH") {
        Some(_) => thorough,
        None => thorough.div_ceil(5),
    };
    fixed_size(variable, default)
}

/// Returns the number that `variable` sets, else `default`: also where `RUNCOMFY_THOROUGH` is set.
///
/// # Panics
/// Panics where the variable is set to something else than a whole number.
#[must_use]
pub fn fixed_size(variable: &str, default: u64) -> u64 {
    number(variable).unwrap_or(default)
}

/// Returns how to run one case again, for the message of a test that fails.
#[must_use]
pub fn rerun(seed: u64) -> String {
    format!("run it again with RUNCOMFY_SEED={seed} RUNCOMFY_CASES=1")
}

fn number(variable: &str) -> Option<u64> {
    let text = match env::var(variable) {
        Ok(text) => text,
        Err(VarError::NotPresent) => return None,
        Err(error) => panic!("{variable}: {error}"),
    };
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("{variable}={text} is no whole number")))
}
