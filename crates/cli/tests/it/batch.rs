//! The commands of batches.

mod checking;
mod deciding;
mod jobs;
#[cfg(unix)]
mod kills;
mod reading;
mod report;
mod running;
mod sample;
#[cfg(unix)]
mod screen;
mod texts;
