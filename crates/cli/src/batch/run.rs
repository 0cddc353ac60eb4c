//! The command `runcomfy batch run`.

pub(super) mod arguments;
mod candidate;
mod checked;
mod confirmation;
mod drift;
mod dry_run;
mod ending;
pub(super) mod engine;
mod faults;
mod file_pattern;
mod file_run;
mod finish;
mod import;
mod job_source;
mod models;
mod options;
mod outlook;
mod place;
mod planning;
mod shortfall;
mod validation;
mod watch;

use clap::ArgMatches;
use runcomfy_batch::Store;

pub(crate) use arguments::command;

use self::checked::Checked;
use self::file_run::FileRun;
use self::options::Options;
use self::place::Place;
use super::log;
use crate::advice::NOTHING_SUBMITTED;
use crate::failure::Failure;
use crate::format::Format;
use crate::interrupt::unless_stopped;
use crate::session::block_on;

/// Runs the jobs of a file until all have ended. All lines are checked before the first submit, and their
/// estimated cost is confirmed. Where nothing more may be submitted, the jobs that were submitted before are
/// finished first, since they are paid.
///
/// # Errors
/// If a line is invalid, nobody has agreed to the cost, or not all jobs are saved at the end.
pub(crate) fn run(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    log::start(matches);
    let options = Options::from_matches(matches, format)?;
    if options.no_submit {
        return block_on(finish::alone(&options.work));
    }
    let run = FileRun::open(&options);
    if options.dry_run {
        return block_on(unless_stopped(
            dry_run::run(&options, run),
            NOTHING_SUBMITTED,
        ));
    }
    block_on(run_file(&options, run))
}

async fn run_file(options: &Options, run: Result<FileRun<'_>, Failure>) -> Result<(), Failure> {
    let place = match Place::open(&options.work).await {
        Ok(place) => place,
        Err(failure) => return Err(run.err().unwrap_or(failure)),
    };
    let mut run = match run {
        Ok(run) => run,
        Err(refusal) => return Err(finish::before_refusal(&options.work, place, refusal).await),
    };
    match agree(&mut run, place.store()).await {
        Ok(agreed) => submit(&run, place, agreed).await,
        Err(refusal) => Err(finish::before_refusal(&options.work, place, refusal).await),
    }
}

/// Checks all that is to be submitted, and lets a person agree to its cost.
///
/// # Errors
/// If nothing may be submitted.
async fn agree(run: &mut FileRun<'_>, store: Option<&dyn Store>) -> Result<Checked, Failure> {
    let checked = unless_stopped(Box::pin(Checked::check(run, store)), NOTHING_SUBMITTED).await?;
    let confirmed = confirmation::confirm(run, &checked.outlook, &checked.validated);
    unless_stopped(confirmed, NOTHING_SUBMITTED).await?;
    Ok(checked)
}

async fn submit(run: &FileRun<'_>, place: Place<'_>, agreed: Checked) -> Result<(), Failure> {
    let Place {
        entry,
        server,
        opened,
    } = place;
    let opened = match opened {
        Some(opened) => opened,
        None => entry.create().await?,
    };
    let removed = agreed.outlook.planned.removed;
    let imported = import::import(run, &opened.store, &agreed.plan, removed);
    unless_stopped(imported, NOTHING_SUBMITTED).await?;
    let client = agreed.session.client.clone();
    engine::run_file(run, &entry, opened, client, server).await
}
