//! The commands of batches.

mod jobs;
mod reading;
mod running;
mod sample;
