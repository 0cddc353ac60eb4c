//! The command `runcomfy batch run`.

pub(super) mod arguments;
mod candidate;
mod confirmation;
mod drift;
mod ending;
pub(super) mod engine;
mod file_pattern;
mod import;
mod job_source;
mod models;
mod options;
mod planning;
mod validation;
mod watch;

use clap::ArgMatches;
use runcomfy_batch::Plan;

pub(crate) use arguments::command;

use self::job_source::JobSource;
use self::models::Models;
use self::options::Options;
use self::validation::Validated;
use super::log;
use super::metrics::MetricsServer;
use super::opened::{Opened, Opener};
use crate::advice::NOTHING_SUBMITTED;
use crate::failure::Failure;
use crate::format::Format;
use crate::interrupt::unless_stopped;
use crate::progress::Notes;
use crate::session::{self, Session, block_on};

/// Runs the jobs of a file until all have ended. All lines are checked before the first submit, and their
/// estimated cost is confirmed.
///
/// # Errors
/// If a line is invalid, nobody has agreed to the cost, or not all jobs are saved at the end.
pub(crate) fn run(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    log::start(matches);
    let options = Options::from_matches(matches, format)?;
    let source = JobSource::open(&options)?;
    let models = Models::resolve(&source, &options)?;
    let run = Run {
        options,
        source,
        models,
    };
    block_on(run.run())
}

/// One run of the command.
struct Run {
    options: Options,
    source: JobSource,
    models: Models,
}

impl Run {
    async fn run(mut self) -> Result<(), Failure> {
        let prices = self.models.fetch_prices(&self.options);
        unless_stopped(prices, NOTHING_SUBMITTED).await?;
        let opener = Opener::new(&self.options.work)?;
        let server = MetricsServer::listen(&self.options.work).await?;
        let opened = opener.open_if_exists().await?;
        if let Some(opened) = &opened {
            drift::refuse(&*opened.store, &self.models, &self.options).await?;
        }
        let (plan, validated) =
            unless_stopped(self.check(opened.as_ref()), NOTHING_SUBMITTED).await?;
        let session = self.connect().await?;
        validated.refuse_unpriced()?;
        let planned = plan.planned();
        let confirmed = confirmation::confirm(&self, &planned, &validated);
        unless_stopped(confirmed, NOTHING_SUBMITTED).await?;
        let opened = match opened {
            Some(opened) => opened,
            None => opener.create().await?,
        };
        let imported = import::import(&self, &opened.store, &plan, planned.removed);
        unless_stopped(imported, NOTHING_SUBMITTED).await?;
        engine::run_file(&self, &opener, opened, session.client.clone(), server).await
    }

    /// Compares the file with the store, and checks the lines that are to be submitted.
    async fn check(&self, opened: Option<&Opened>) -> Result<(Plan, Validated), Failure> {
        let store = opened.map(|opened| &*opened.store);
        let (mut plan, faults) = planning::plan(self, store).await?;
        let mut validated = validation::validate(self, &mut plan, faults).await?;
        validated.refuse_or_skip(&self.source, &self.options)?;
        Ok((plan, validated))
    }

    async fn connect(&self) -> Result<Session, Failure> {
        let notes = Notes::new(true);
        if self.options.work.emulate {
            let schema = self.models.given();
            return Session::emulated(schema, notes, session::SUBMIT).await;
        }
        Session::connect(notes, session::SUBMIT).map_err(Failure::before_submit)
    }
}
