//! Code that the benchmarks share: measuring, the workload, and the table that they print.

mod aim;
mod case;
mod cost;
mod meter;
mod row;
mod samples;
mod scratch;
mod workload;

pub use aim::Aim;
pub use case::Case;
pub use cost::{Cost, MEBIBYTE};
pub use meter::{LOG_VARIABLE, Meter};
pub use row::Row;
pub use samples::{Samples, differences, ratios};
pub use scratch::{scratch, sibling};
pub use workload::{SIZES, Workload, files};

/// A benchmark ends at the first thing that goes wrong; a number beside a failure means nothing.
pub type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;
