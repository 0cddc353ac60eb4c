//! The command `runcomfy batch work`.

use clap::{Arg, ArgMatches, Command};

use super::metrics::MetricsServer;
use super::opened::Opener;
use super::run::{arguments, engine};
use super::store::Location;
use super::store_argument::store;
use super::work_options::WorkOptions;
use super::{log, shared_dir};
use crate::argument;
use crate::failure::Failure;
use crate::format::Format;
use crate::session::block_on;

/// Returns the command `batch work`.
pub(crate) fn command() -> Command {
    let store = store().required(true).help(
        "The batch, which `batch run FILE --store …` has created: postgres://USER@HOST/DATABASE?batch=NAME",
    );
    let files: [Arg; 2] = [arguments::out(), arguments::name()];
    Command::new("work")
        .about("Join a batch in Postgres: work on its jobs beside other machines, until all have ended")
        .arg(store)
        .arg(argument::concurrency())
        .args(files)
        .args(arguments::many_machines())
        .args(arguments::watching())
        .after_help(
            "Budget and rate belong to the batch: `batch run` sets them for all workers. The\n\
             password is that of PGPASSWORD, or of the file PGPASSFILE.\n\
             \n\
             Exit codes are those of `batch run`, for the batch as a whole.",
        )
}

/// Works on a batch until all its jobs have ended.
///
/// # Errors
/// If the store is no batch in Postgres, cannot be joined, or not all jobs are saved at the end.
pub(crate) fn work(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    log::start(matches);
    let location = Location::from_matches(matches)?;
    if location.as_file().is_some() {
        return Err(Failure::usage(format!(
            "`{location}` is a file, which one process at a time works on; nothing was submitted. `batch work` joins a batch in Postgres; resume this one with `runcomfy batch run FILE`"
        )));
    }
    let options = WorkOptions::from_matches(matches, location, false, format)?;
    block_on(async {
        let entry = Opener::new(&options)?;
        let Some(opened) = entry.open_if_exists().await? else {
            return Err(Failure::unreadable(format!(
                "there is no batch at {}; nothing was submitted. Check the URL, or create it with `runcomfy batch run FILE --store …`",
                options.location
            )));
        };
        let client = options.connect(None).await?.client.clone();
        let prepare = shared_dir::prepare(options.shared_dir.clone());
        let server = MetricsServer::listen(&options).await?;
        engine::work(&options, &entry, opened, client, prepare, server).await
    })
}
