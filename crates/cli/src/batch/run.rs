//! The command `runcomfy batch run`.

mod arguments;
mod candidate;
mod confirmation;
mod drift;
mod ending;
mod engine;
mod file_pattern;
mod import;
mod job_source;
mod models;
mod options;
mod planning;
mod validation;
mod watch;

use std::sync::Arc;

use clap::ArgMatches;
use runcomfy_batch::{Incarnation, Plan, Store};

pub(crate) use arguments::command;

use self::job_source::JobSource;
use self::models::Models;
use self::options::Options;
use self::validation::Validated;
use super::{log, store};
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
    let options = Options::from_matches(matches)?;
    let source = JobSource::open(&options)?;
    let models = Models::resolve(&source, &options)?;
    let run = Run {
        options,
        source,
        models,
        format,
    };
    block_on(run.run())
}

/// One run of the command.
struct Run {
    options: Options,
    source: JobSource,
    models: Models,
    format: Format,
}

/// A store that this process works on.
struct Opened {
    store: Arc<dyn Store>,
    /// Keeps other processes from working on the batch, until the engine registers itself.
    me: Incarnation,
}

impl Run {
    async fn run(mut self) -> Result<(), Failure> {
        let prices = self.models.fetch_prices(&self.options);
        unless_stopped(prices, NOTHING_SUBMITTED).await?;
        let opened = match store::open_if_exists(&self.options.store)? {
            Some(store) => Some(Opened::new(store).await?),
            None => None,
        };
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
            None => Opened::new(store::create(&self.options.store)?).await?,
        };
        let imported = import::import(&self, &opened.store, &plan, planned.removed);
        unless_stopped(imported, NOTHING_SUBMITTED).await?;
        let Opened { store, me } = opened;
        drop(me);
        engine::run(&self, store, session.client.clone()).await
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
        if self.options.emulate {
            let schema = self.models.given();
            return Session::emulated(schema, notes, session::SUBMIT).await;
        }
        Session::connect(notes, session::SUBMIT).map_err(Failure::before_submit)
    }
}

impl Opened {
    async fn new(store: Arc<dyn Store>) -> Result<Self, Failure> {
        let process = engine::process();
        let me = store.register(&process, engine::LEASE).await?;
        Ok(Self { store, me })
    }
}
