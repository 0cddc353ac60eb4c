//! The commands of batches.

mod jobs;
mod reading;
mod report;
mod running;
mod sample;
#[cfg(unix)]
mod screen;
