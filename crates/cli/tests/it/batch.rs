//! The commands of batches.

mod reading;
mod sample;
