//! The command `runcomfy batch`: many paid jobs in a durable store.

mod cancel;
pub(crate) mod command;
mod counts;
mod doctor;
mod gone;
mod link;
mod list;
mod log;
mod lost_store;
mod metrics;
mod named;
mod opened;
mod report;
mod resolve;
mod run;
mod screen;
pub(crate) mod service;
mod shared_dir;
mod status;
pub(crate) mod store;
mod store_argument;
mod work;
mod work_options;
mod worker_folder;

use clap::ArgMatches;

use crate::failure::Failure;
use crate::format::Format;
use crate::session::block_on;

/// Runs a command of batches.
///
/// # Errors
/// The error of the command.
pub(crate) fn batch(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    match matches.subcommand() {
        Some(("run", matches)) => run::run(matches, format),
        Some(("work", matches)) => work::work(matches, format),
        Some(("status", matches)) => block_on(status::status(matches, format)),
        Some(("resolve", matches)) => block_on(resolve::resolve(matches, format)),
        Some(("cancel", matches)) => block_on(cancel::cancel(matches, format)),
        Some(("doctor", matches)) => block_on(doctor::doctor(matches, format)),
        Some(("list", matches)) => block_on(list::list(matches, format)),
        Some(("report", matches)) => block_on(report::report(matches)),
        // clap accepts no other command.
        _ => Ok(()),
    }
}
