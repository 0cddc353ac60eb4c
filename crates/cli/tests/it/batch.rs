//! The commands of batches.

mod checking;
mod deciding;
mod finishing;
mod jobs;
#[cfg(unix)]
mod kills;
#[cfg(unix)]
mod lost_store;
#[cfg(all(unix, feature = "postgres"))]
mod machine_kills;
#[cfg(all(unix, feature = "postgres"))]
mod machines;
mod metrics;
mod other_service;
mod planning;
mod reading;
mod report;
mod running;
mod sample;
#[cfg(unix)]
mod screen;
mod texts;
