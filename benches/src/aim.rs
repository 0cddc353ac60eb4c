//! The target of a measured number.

use std::fmt;

/// The bound that a median must keep.
#[derive(Clone, Copy, Debug)]
pub enum Aim {
    /// No bound; the number is information.
    None,
    /// At most this much, in the row's unit.
    AtMost(f64),
    /// At least this much, in the row's unit.
    AtLeast(f64),
}

impl Aim {
    /// Returns the bound and `met` or `missed`, as a cell of the table.
    #[must_use]
    pub fn judge(self, median: f64) -> String {
        let met = match self {
            Self::None => return String::new(),
            Self::AtMost(bound) => median <= bound,
            Self::AtLeast(bound) => median >= bound,
        };
        format!("{self}: {}", if met { "met" } else { "**missed**" })
    }
}

impl fmt::Display for Aim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::AtMost(bound) => write!(f, "≤ {bound}"),
            Self::AtLeast(bound) => write!(f, "≥ {bound}"),
        }
    }
}
